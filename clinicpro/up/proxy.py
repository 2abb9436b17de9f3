"""Caddy in front: app and store as one origin, HTTP on loopback, HTTPS for the network's phones."""

from __future__ import annotations

import shutil
from urllib.parse import SplitResult, urlsplit

from clinicpro.addresses import LOOPBACK_NAME, USUAL_PORTS
from clinicpro.settings import Settings
from clinicpro.trust.certificates import AUTHORITY, Seen
from clinicpro.up import StartError, ports, sites
from clinicpro.up.place import Place, write_private

GRACE_SECONDS = 3
LARGEST_BODY = "1MB"  # images go to the store, never through the app
LARGEST_IMAGE = "32MB"  # the signature fixes the size; this only ends a liar sooner

INTERMEDIATE_DAYS = 397  # it must outlive what it signs, see sites.LEAF_DAYS
LONGEST_NAME = 24  # of the machine, in the root's name: X.509 allows 64 characters for all of it
# No proxy is trusted, so Caddy itself overwrites what a client says in X-Forwarded-*.
# Errors of the proxy carry the request they happened on; a signed URL must not reach a log.
GLOBAL = """{{
	admin off
	persist_config off
	auto_https disable_redirects
	https_port {https_port}
	local_certs
	skip_install_trust
	ocsp_stapling off
	default_sni {sni}
	fallback_sni {sni}
	pki {{
		ca local {{
			name ClinicPro
			root_cn "{root_name}"
			intermediate_cn "ClinicPro {instance_id} intermediate"
			intermediate_lifetime {intermediate_days}d
		}}
	}}
	grace_period {grace}s
	servers {{
		protocols h1 h2
		timeouts {{
			read_header 10s
			idle 2m
		}}
	}}
	log default {{
		level WARN
		format filter {{
			wrap json
			fields {{
				request delete
				uri delete
			}}
		}}
	}}
}}
"""

APP = """
(house) {{
	header -Server
	header -Via
	handle /{bucket}/* {{
		@refused not method GET HEAD PUT
		respond @refused 405
		request_body {{
			max_size {largest_image}
		}}
		header {{
			X-Content-Type-Options nosniff
			Content-Security-Policy "default-src 'none'; sandbox"
			Cross-Origin-Resource-Policy same-origin
			Referrer-Policy no-referrer
			defer
		}}
		reverse_proxy {store} {{
			header_up Host {store_host}
			header_up -X-Forwarded-For
			header_up -X-Forwarded-Proto
			header_up -X-Forwarded-Host
			header_up -Forwarded
			header_up -Cookie
			header_up -Authorization
			lb_try_duration 3s
			lb_try_interval 100ms
		}}
	}}
	handle {{
		request_body {{
			max_size {largest_body}
		}}
		encode {{
			zstd
			gzip
			match {{
				header Content-Type text/html*
				header Content-Type text/css*
				header Content-Type text/plain*
				header Content-Type text/javascript*
				header Content-Type application/javascript*
				header Content-Type application/json*
				header Content-Type image/svg+xml*
			}}
		}}
		reverse_proxy "unix/{app_socket}" {{
			transport http {{
				keepalive 60s
			}}
			flush_interval -1
			header_up X-Forwarded-Proto {{args[0]}}
			header_up -X-Forwarded-Port
			header_up -X-Forwarded-Prefix
			header_up -Forwarded
			lb_try_duration 5s
			lb_try_interval 100ms
		}}
	}}
	handle_errors 502 503 504 {{
		header Retry-After 2
		header Cache-Control no-store
		respond "ClinicPro is starting or busy. Please try again in a moment." 503
	}}
}}
"""


def write(place: Place, settings: Settings, seen: Seen | None) -> None:
    """The configuration is where Caddy reads it. Raises StartError."""
    is_trusted = seen is not None and seen.problem is None
    text = caddyfile(settings, settings.s3_endpoint_url, ports.loopback(), is_trusted=is_trusted)
    write_private(place.conf / "Caddyfile", text)


def forget_leaves(place: Place) -> None:
    """Under the root that phones trust, the next run makes certificates anew.

    None of an address that this machine had before, nor of a clock that went wrong, is left.
    """
    shutil.rmtree(place.caddy / "caddy/certificates/local", ignore_errors=True)
    for name in ("intermediate.crt", "intermediate.key"):
        (place.data / AUTHORITY / name).unlink(missing_ok=True)


def caddyfile(
    settings: Settings,
    store_url: str | None,
    loopback: tuple[str, ...],
    *,
    is_trusted: bool = False,
) -> str:
    """The whole configuration: `store_url` None means AWS S3 itself. Raises StartError.

    `is_trusted` says that browsers trust the certificate of TLS_CERT_FILE by themselves.
    """
    store = _store_address(settings, store_url)
    inside = f"\tbind {' '.join(loopback)}\n"
    parts = [
        _global(settings),
        APP.format(
            bucket=settings.s3_bucket,
            store=f"{store.scheme}://{_host_and_port(store)}",
            store_host=store.netloc,
            app_socket=settings.runtime / "gunicorn.sock",
            largest_body=LARGEST_BODY,
            largest_image=LARGEST_IMAGE,
        ),
        *sites.plain(settings, inside),
        *sites.secure(settings, "" if settings.serves_phones else inside, is_trusted),
    ]
    return "".join(parts)


def _global(settings: Settings) -> str:
    machine = next((host for host in settings.lan_hosts if host.endswith(".local")), "")
    machine = machine.removesuffix(".local")[:LONGEST_NAME]
    return GLOBAL.format(
        grace=GRACE_SECONDS,
        https_port=settings.https_port,
        sni=sites.phone_host(settings) if settings.serves_phones else LOOPBACK_NAME,
        root_name=f"ClinicPro {machine} {settings.instance_id}".replace("  ", " "),
        instance_id=settings.instance_id,
        intermediate_days=INTERMEDIATE_DAYS,
    )


def _store_address(settings: Settings, store_url: str | None) -> SplitResult:
    url = urlsplit(store_url or f"https://s3.{settings.s3_region}.amazonaws.com")
    if url.path.strip("/") or url.query:
        raise StartError("S3_ENDPOINT_URL must be scheme, host and port alone, without a path.")
    if url.port == USUAL_PORTS[url.scheme]:
        url = url._replace(netloc=url.hostname or "")  # as the signature has it
    return url


def _host_and_port(url: SplitResult) -> str:
    return f"{url.hostname}:{url.port or {'http': 80, 'https': 443}[url.scheme]}"
