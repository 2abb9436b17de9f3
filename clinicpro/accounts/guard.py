"""The guard at the door: signed in by default, and every route's permission, before any view."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, abort, current_app, g, jsonify, request, session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from flask_login import current_user as login_user
from flask_wtf.csrf import CSRFError
from werkzeug.local import LocalProxy

from clinicpro.accounts.operations import touch
from clinicpro.accounts.permissions import PUBLIC, ROUTES, Actor, Forbidden, authorize
from clinicpro.accounts.queries import actor_of, has_accounts, managers, practice_name, sign_in_for
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction
from clinicpro.problems import problem
from clinicpro.web import app_settings, is_htmx, path_for, wants_json

COOKIE_FIELD = "sign_in"  # where the cookie's signed session keeps the sign-in's token
PHONES = "/m"  # the phone's own paths, where a sign-in does not count
PAIRING_OVER = "This pairing is over. Scan a new code at the desk."
login_manager = LoginManager()


def install(app: Flask, phone_actor: Callable[[], Actor | None]) -> None:
    """Load the actor for every request and refuse what the route table does not allow.

    `phone_actor` knows the phone that asks, where it is one.
    """
    app.extensions["phone_actor"] = phone_actor
    login_manager.session_protection = None  # our sign-in rows decide, not the cookie
    login_manager.init_app(app)
    login_manager.request_loader(_load_actor)
    app.before_request(_guard)
    app.register_error_handler(Forbidden, _on_forbidden)
    app.register_error_handler(CSRFError, _on_csrf)
    app.jinja_env.globals["practice_name"] = LocalProxy(
        lambda: practice_name(app_settings().practice_name)
    )


def current_actor() -> Actor:
    """Who is asking. The guard let them in, so there is somebody."""
    actor = login_user._get_current_object()
    if not isinstance(actor, Actor):
        abort(401)
    return actor


def actor_or_none() -> Actor | None:
    actor = login_user._get_current_object()
    return actor if isinstance(actor, Actor) else None


def _load_actor(_request: object) -> Actor | None:
    """The person signed in, otherwise the phone; under its own paths the phone alone."""
    token = session.get(COOKIE_FIELD)
    is_phones = request.path == PHONES or request.path.startswith(f"{PHONES}/")
    sign_in = sign_in_for(token) if isinstance(token, str) and not is_phones else None
    if sign_in is not None:
        g.sign_in = sign_in
        return actor_of(sign_in)
    phone: Actor | None = current_app.extensions["phone_actor"]()
    return phone


def _guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None:
        return None if actor_or_none() else _not_signed_in()
    permission = ROUTES.get(endpoint)
    if permission == PUBLIC:
        return None
    actor = actor_or_none()
    if actor is None:
        return _not_signed_in()
    if permission is None or (actor.is_phone and not actor.may(permission)):
        abort(404)  # without a row, which a law in the tests names, or not a phone's
    authorize(actor, permission)
    view = current_app.view_functions[endpoint]
    is_background = getattr(view, "is_background", False) or "X-Background" in request.headers
    if not is_background and not actor.is_phone:
        touch(g.sign_in)
    return None


def _not_signed_in() -> ResponseReturnValue:
    if is_htmx() or wants_json() or request.headers.get("Accept") == "text/event-stream":
        is_over = g.get("is_pairing_over", False)
        answer = jsonify(
            error=PAIRING_OVER if is_over else "You are signed out. Sign in to go on.",
            code="pairing-over" if is_over else "signed-out",
            requestId=g.get("request_id", ""),
        )
        return answer, 401
    endpoint = "accounts.sign_in" if has_accounts() else "accounts.setup"
    wanted = request.path if request.method == "GET" and request.path != "/" else None
    return "", 303, {"Location": path_for(endpoint, next=wanted)}


def _on_forbidden(error: Forbidden) -> ResponseReturnValue:
    """Say what was refused and who can grant it; the refusal itself is recorded."""
    db.session.rollback()
    with transaction():
        record(
            "refused",
            error.actor,
            outcome="refused",
            reason=error.permission,
            details={"route": request.endpoint or ""},
        )
    names = " or ".join(user.name for user in managers()[:3])
    advice = error.advice + (f" Ask {names}." if names else "")
    title, _, rest = advice.partition(". ")
    return problem(403, title, rest, "forbidden")


def _on_csrf(_error: CSRFError) -> ResponseReturnValue:
    """A token went with its session: who is signed out hears that, and can go on."""
    if actor_or_none() is None and ROUTES.get(request.endpoint or "") != PUBLIC:
        return _not_signed_in()
    return problem(403, "This page is out of date", "Reload it and try again.", "csrf")
