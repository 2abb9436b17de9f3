"""Caddy in front: one origin for the app and the store, loopback only, strange hosts refused."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from clinicpro.settings import Settings
from clinicpro.up import StartError

GRACE_SECONDS = 3
LARGEST_BODY = "1MB"  # images go to the store, never through the app
LARGEST_IMAGE = "32MB"  # the signature fixes the size; this only ends a liar sooner

# No proxy is trusted, so Caddy itself overwrites what a client says in X-Forwarded-*.
# Errors of the proxy carry the request they happened on; a signed URL must not reach a log.
GLOBAL = """{{
	admin off
	persist_config off
	auto_https disable_redirects
	local_certs
	skip_install_trust
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

SITE = """
{addresses} {{
	bind {loopback}
{tls}	import house {scheme}
}}
"""

STRANGERS = """
{address} {{
	bind {loopback}
	respond "This is not the address of this ClinicPro." 400
}}
"""


def caddyfile(settings: Settings, store_url: str | None, loopback: tuple[str, ...]) -> str:
    """The whole configuration: `store_url` None means AWS S3 itself. Raises StartError."""
    store = _store_address(settings, store_url)
    bind = " ".join(loopback)
    port, https_port = settings.port, settings.https_port
    own = {"localhost", "127.0.0.1"}
    parts = [
        GLOBAL.format(grace=GRACE_SECONDS),
        APP.format(
            bucket=settings.s3_bucket,
            store=f"{store.scheme}://{_host_and_port(store)}",
            store_host=store.netloc,
            app_socket=settings.runtime / "gunicorn.sock",
            largest_body=LARGEST_BODY,
            largest_image=LARGEST_IMAGE,
        ),
        SITE.format(
            addresses=", ".join(f"http://{host}:{port}" for host in sorted(own)),
            loopback=bind,
            tls="",
            scheme="http",
        ),
        SITE.format(
            addresses=f"https://localhost:{https_port}",
            loopback=bind,
            tls="\ttls internal\n",
            scheme="https",
        ),
    ]
    public = urlsplit(settings.public_url or "")
    if public.hostname and public.hostname not in own:
        # Somebody else's proxy on this machine ends TLS for this name and hands over plain HTTP.
        address = f"http://{public.hostname}:{port}"
        parts.append(SITE.format(addresses=address, loopback=bind, tls="", scheme=public.scheme))
    parts.append(STRANGERS.format(address=f"http://:{port}", loopback=bind))
    parts.append(STRANGERS.format(address=f"https://:{https_port}", loopback=bind))
    return "".join(parts)


def _store_address(settings: Settings, store_url: str | None) -> SplitResult:
    url = urlsplit(store_url or f"https://s3.{settings.s3_region}.amazonaws.com")
    if url.path.strip("/") or url.query:
        raise StartError("S3_ENDPOINT_URL must be scheme, host and port alone, without a path.")
    if url.port == {"http": 80, "https": 443}[url.scheme]:
        url = url._replace(netloc=url.hostname or "")  # as the signature has it
    return url


def _host_and_port(url: SplitResult) -> str:
    return f"{url.hostname}:{url.port or {'http': 80, 'https': 443}[url.scheme]}"
