"""The edge: headers, cookies, and one way to answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    has_request_context,
    make_response,
    render_template,
    request,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx
from htmx_flask import request as htmx_request
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from clinicpro import joined
from clinicpro.formats import FILTERS
from clinicpro.gateways import Gateways
from clinicpro.settings import Settings

ROOT = Path(__file__).parent.parent
POLICY = (
    "default-src 'self'; img-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
LONGEST_BODY = 1024 * 1024  # bytes; images never come this way
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

csrf = CSRFProtect()
htmx = Htmx()
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def install(app: Flask, settings: Settings) -> None:
    """Give `app` its headers, cookies, filters and globals."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_PARTS=200,
        SEND_FILE_MAX_AGE_DEFAULT=0,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_SSL_STRICT=False,  # under no-referrer its Referer check refuses every POST
        WTF_CSRF_TIME_LIMIT=None,  # bound to the sign-in, which ends by itself
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.session_interface = Cookie(settings.instance_id)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(
        is_demo=settings.is_demo,
        static_url=static_url,
        dom_id=dom_id,
    )
    joined.install(app)
    csrf.init_app(app)
    htmx.init_app(app)
    app.before_request(_name_request)
    app.before_request(_refuse_cross_site)
    app.after_request(_add_headers)


class Cookie(SecureCookieSessionInterface):
    """The session cookie: `__Host-` and Secure over HTTPS, named after the instance.

    Ports share cookies, so two instances on one machine need names of their own.
    """

    def __init__(self, instance_id: str) -> None:
        self.plain_name = f"clinicpro-{instance_id}"

    def get_cookie_name(self, app: Flask) -> str:
        secure = has_request_context() and request.is_secure
        return f"__Host-{self.plain_name}" if secure else self.plain_name

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def gateways() -> Gateways:
    found = current_app.extensions["gateways"]
    assert isinstance(found, Gateways)  # noqa: S101  (tells mypy; create_app put it there)
    return found


def app_settings() -> Settings:
    found = current_app.extensions["settings"]
    assert isinstance(found, Settings)  # noqa: S101  (tells mypy; create_app put it there)
    return found


def page_or(fragment: str, *, page: str, **context: object) -> Response:
    """The fragment for htmx, the page for everyone else and for a history restore."""
    asked = htmx_request.htmx
    wants_fragment = bool(asked) and not asked.history_restore_request and not asked.boosted
    response = make_response(render_template(fragment if wants_fragment else page, **context))
    response.vary.add("HX-Request")
    return response


def fragment_or_redirect(fragment: str, *, to: str, **context: object) -> ResponseReturnValue:
    """After a change: the fragment for htmx, a redirect to `to` for a plain form."""
    if htmx_request.htmx:
        return render_template(fragment, **context)
    return "", 303, {"Location": to}


def is_htmx() -> bool:
    return bool(htmx_request.htmx)


def wants_json() -> bool:
    """Whether the asker wants JSON: API and phone unless htmx asks, and what accepts only that."""
    if is_htmx():
        return False
    return request.path.startswith(("/api/", "/m/")) or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def own_origin() -> str:
    """Scheme and host this request came to, which the proxy has checked against our own."""
    parts = urlsplit(request.host_url)
    return f"{parts.scheme}://{parts.netloc}"


def background(view: View) -> View:
    """Mark a view that pages call by themselves: it does not count as the person being here."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def _name_request() -> None:
    code = "".join(secrets.choice(ALPHABET) for _ in range(8))
    g.request_id = f"{code[:4]}-{code[4:]}"


def _refuse_cross_site() -> None:
    """Beside the token: a browser says where an unsafe request comes from (Sec-Fetch-Site)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if request.endpoint == "static":
        kept = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        response.headers["Cache-Control"] = kept
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def static_url(path: str) -> str:
    """The URL of a static file, with a hash of its content, so that it can be kept for a year."""
    return f"/static/{path}?v={_content_hash(path)}"


@lru_cache
def _content_hash(path: str) -> str:
    return hashlib.sha256(joined.content(ROOT / "static", path)).hexdigest()[:12]


def dom_id(row: Any, part: str | None = None) -> str:
    """`image-<uuid>` for a row (its `dom_name` or class name), `details-<uuid>` for a part."""
    name = part or getattr(row, "dom_name", type(row).__name__.lower())
    return f"{name}-{row.id}"


def path_for(endpoint: str, **values: object) -> str:
    return url_for(endpoint, **values)  # type: ignore[arg-type]
