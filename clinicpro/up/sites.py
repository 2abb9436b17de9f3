"""Which names are answered where, and with which certificate: the sites of the Caddyfile."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from clinicpro.addresses import LOOPBACK_NAME, in_url
from clinicpro.settings import Settings

# A computer that slept for weeks wakes with a good certificate; Apple refuses more than 825 days.
LEAF_DAYS = 90
# Long enough to hold from visit to visit, short enough that a practice which gives up its real
# certificate is not locked out of its own name for a year.
HSTS_SECONDS = 30 * 24 * 60 * 60

SITE = """
{addresses} {{
{bind}{certificate}	import house {scheme}
}}
"""

STRANGERS = """
{address} {{
{bind}{certificate}	respond "This is not the address of this ClinicPro." 400
}}
"""

OWN = f"""	tls {{
		issuer internal {{
			lifetime {LEAF_DAYS}d
		}}
	}}
"""

# The HTTP challenge would need a door of plain HTTP; this one is answered at HTTPS_PORT itself.
ACME = """	tls {{
		issuer acme {{
			email {email}
{directory}			disable_http_challenge
		}}
	}}
"""

HSTS = f"""	header Strict-Transport-Security max-age={HSTS_SECONDS}
"""


def plain(settings: Settings, inside: str) -> list[str]:
    """HTTP, on loopback alone: for this machine, and for a proxy of somebody's that ends TLS."""
    own = {LOOPBACK_NAME, "127.0.0.1"}
    port = settings.port
    addresses = ", ".join(f"http://{host}:{port}" for host in sorted(own))
    sites = [SITE.format(addresses=addresses, bind=inside, certificate="", scheme="http")]
    public = urlsplit(settings.public_url or "")
    if not settings.serves_phones and public.hostname not in own:
        address = f"http://{in_url(public.hostname or '')}:{port}"
        sites.append(
            SITE.format(addresses=address, bind=inside, certificate="", scheme=public.scheme)
        )
    return [*sites, STRANGERS.format(address=f"http://:{port}", bind=inside, certificate="")]


def secure(settings: Settings, bind: str, is_trusted: bool) -> list[str]:
    """HTTPS: every name of ours, and a refusal for those that are not."""
    own, port, sites = {LOOPBACK_NAME, *settings.lan_hosts}, settings.https_port, []
    if settings.serves_phones and settings.public_url:
        own.add(phone_host(settings))
    if settings.certificate in ("files", "acme"):
        own = {LOOPBACK_NAME} - {phone_host(settings)}
        address = f"https://{in_url(phone_host(settings))}:{port}"
        certificate = _real_certificate(settings)
        if is_trusted or settings.certificate == "acme":
            certificate += HSTS
        sites.append(
            SITE.format(addresses=address, bind=bind, certificate=certificate, scheme="https")
        )
    if own:
        addresses = ", ".join(f"https://{in_url(host)}:{port}" for host in sorted(own))
        sites.append(SITE.format(addresses=addresses, bind=bind, certificate=OWN, scheme="https"))
    return [*sites, STRANGERS.format(address=f"https://:{port}", bind=bind, certificate="")]


def _real_certificate(settings: Settings) -> str:
    if settings.tls_cert_file and settings.tls_key_file:
        return f"\ttls {_quoted(settings.tls_cert_file)} {_quoted(settings.tls_key_file)}\n"
    directory = f'\t\t\tdir "{settings.acme_directory}"\n' if settings.acme_directory else ""
    return ACME.format(email=settings.acme_email, directory=directory)


def phone_host(settings: Settings) -> str:
    return urlsplit(settings.phone_origin).hostname or LOOPBACK_NAME


def _quoted(path: Path) -> str:
    """A path as a Caddyfile has it, whatever is in its name."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
