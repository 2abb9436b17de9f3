"""The network: what answers where, under which name, with which certificate."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from clinicpro.addresses import LOOPBACK_NAME
from clinicpro.db import utc_now
from clinicpro.doctor.findings import Finding, fail, ok, warn
from clinicpro.settings import RUNTIME_FILE, Settings
from clinicpro.trust.certificates import Seen, moment_of, reason, root_of, trusting
from clinicpro.up.lan import find_addresses

PATIENCE = 5.0  # seconds for an answer of a machine in the house
SOON = timedelta(days=14)
ROOT_SOON = timedelta(days=365)  # every phone must be told of a new root by hand


def desk(settings: Settings) -> Finding:
    """Plain HTTP answers this machine; that is how the desk beside it comes."""
    name, url = "Desk", f"http://{LOOPBACK_NAME}:{settings.port}"
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"{LOOPBACK_NAME}:{settings.port}"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return fail(name, f"{url} does not answer. Start ClinicPro with 'make run'.")
    finally:
        connection.close()
    if status != http.client.OK:
        return fail(name, f"{url} answers {status}. See {settings.data}/logs.")
    return ok(name, f"{url} answers.")


def phones(settings: Settings) -> Iterator[Finding]:
    """The phones' address leads here, and they will trust what they find."""
    if not settings.is_on_network:
        found = find_addresses()
        todo = "Start ClinicPro again." if found else "Connect it, then start ClinicPro again."
        yield warn("Phones", f"none can reach this computer: it was on no network. {todo}")
        return
    origin = settings.phone_origin
    if not origin.startswith("https:"):
        yield fail("Phones", f"{origin} is not https, which phones need. Change PUBLIC_URL.")
        return
    yield _name(settings)
    seen = _seen(settings)
    yield _certificate(settings, seen)
    if seen.ends:
        yield _expiry(settings, seen.ends)


def inner_ports(settings: Settings) -> Finding:
    """From the network, nothing answers but HTTPS_PORT."""
    name, addresses = "Ports", find_addresses()
    if not addresses:
        return ok(name, "no network, so none is open to it.")
    ports = {settings.port, *_inner(settings)}
    if not settings.serves_phones:
        ports.add(settings.https_port)
    opened = [f"{host}:{port}" for host in addresses for port in sorted(ports) if _open(host, port)]
    if opened:
        return fail(
            name,
            f"{', '.join(opened)} can be reached from the network. If it is not another program "
            "of yours, stop ClinicPro and report this.",
        )
    outside = f"{settings.https_port} alone" if settings.serves_phones else "no port"
    return ok(name, f"{outside} answers the network at {', '.join(addresses)}.")


def _name(settings: Settings) -> Finding:
    name, host = "Name", _host(settings)
    found = find_addresses()
    try:
        known = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return fail(name, f"{host} leads nowhere: enter it in the practice's name server (DNS).")
    if not settings.serves_phones or known & set(found):
        return ok(name, f"{host} leads to {', '.join(sorted(known))}.")
    if not settings.public_url:
        return warn(
            name,
            f"phones are sent to {host}, but this computer is now at {', '.join(found) or 'none'}. "
            "Start ClinicPro again, and give it a fixed address in the router.",
        )
    return warn(
        name,
        f"{host} leads to {', '.join(sorted(known))}, not to this computer "
        f"({', '.join(found) or 'no network'}). That is right only where a router passes it on.",
    )


def _certificate(settings: Settings, seen: Seen) -> Finding:
    name, origin = "Certificate", settings.phone_origin
    if seen.problem is None:
        if settings.certificate == "own":
            trust = f"http://{LOOPBACK_NAME}:{settings.port}/trust"
            return ok(name, f"phones trust {origin} once they were told to: {trust}")
        return ok(name, f"phones trust {origin} by themselves.")
    todo = {
        "own": "Start ClinicPro again.",
        "files": "Renew TLS_CERT_FILE, with its whole chain; it counts within seconds.",
        "acme": f"See {settings.data}/logs/caddy.log.",
        "proxy": "Look after the proxy there; it may not be reachable from this computer.",
    }[settings.certificate]
    # Of somebody else's proxy only phones know what they see.
    tell = warn if settings.certificate == "proxy" else fail
    return tell(name, f"phones will not trust {origin}, because {seen.problem}. {todo}")


def _expiry(settings: Settings, ends: datetime) -> Finding:
    """Of what must be renewed by hand: the root where it is ours, else the certificate."""
    now, name = utc_now(), "Expiry"
    root = root_of(settings.data) if settings.certificate == "own" else None
    if root and root.begins > now:
        return fail(name, f"the root begins on {root.begins:%d %B %Y} only. Set the clock right.")
    if root and root.ends - now < ROOT_SOON:
        return warn(
            name,
            f"the root that phones trust ends on {root.ends:%d %B %Y}. See docs/https.md, A new "
            "root.",
        )
    if ends - now < SOON:
        return warn(name, f"the certificate ends on {ends:%d %B %Y}. See that it is renewed.")
    if root:
        return ok(name, f"the root until {root.ends:%d %B %Y}; the rest is renewed by itself.")
    return ok(name, f"the certificate is good until {ends:%d %B %Y}.")


def _seen(settings: Settings) -> Seen:
    """A handshake like a phone's: with our own Caddy where it serves, else with who is there."""
    host = _host(settings)
    where = ("127.0.0.1", settings.https_port)
    if not settings.serves_phones:
        where = (host, urlsplit(settings.phone_origin).port or 443)
    context = ssl.create_default_context()
    if settings.certificate == "own":
        root = root_of(settings.data)
        if root is None:
            return Seen(None, "there is no root certificate yet")
        context = trusting(root.pem)
    try:
        with (
            socket.create_connection(where, PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            known = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return Seen(None, reason(error))
    except OSError:
        return Seen(None, f"nothing answers at port {where[1]}")
    return Seen(moment_of(str(known["notAfter"])), None)


def _host(settings: Settings) -> str:
    return urlsplit(settings.phone_origin).hostname or LOOPBACK_NAME


def _inner(settings: Settings) -> set[int]:
    try:
        values = json.loads((settings.data / RUNTIME_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {int(value) for name, value in values.items() if name.endswith("_PORT")}


def _open(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError:
        return False
    return True
