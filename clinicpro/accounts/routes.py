"""Setup, sign-in, sign-out and the own account."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf

from clinicpro.accounts import operations
from clinicpro.accounts.forms import AccountForm, SetupForm, SignInForm
from clinicpro.accounts.guard import COOKIE_FIELD, actor_or_none, current_actor
from clinicpro.accounts.operations import AccountError, NewUser, TooManyTries
from clinicpro.accounts.queries import has_accounts, managers, own_sign_ins
from clinicpro.web import app_settings, path_for, wants_json

bp = Blueprint("accounts", __name__)


@bp.get("/login")
def sign_in() -> ResponseReturnValue:
    if not has_accounts():
        return "", 303, {"Location": path_for("accounts.setup")}
    if actor_or_none() is not None:
        return "", 303, {"Location": _next()}
    return _sign_in_page(SignInForm())


@bp.post("/login")
def create_sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form, 422)
    try:
        token = operations.sign_in(
            form.email.data, form.password.data, request.remote_addr or "", _device()
        )
    except TooManyTries as error:
        form.password.errors = [f"Too many tries. Wait {error.seconds} seconds, then try again."]
        return _sign_in_page(form, 429, {"Retry-After": str(error.seconds)})
    if token is None:
        form.password.errors = ["E-mail and password don’t match. Check both." + _whom_to_ask()]
        return _sign_in_page(form, 422)
    _carry(token)
    actor = actor_or_none()
    if wants_json():
        return jsonify(csrfToken=generate_csrf(), userId=str(actor.id) if actor else None)
    return "", 303, {"Location": _next()}


@bp.get("/login/token")
def token() -> Response:
    """A CSRF token for the sign-in dialog: the page's own went with its expired session."""
    return jsonify(csrfToken=generate_csrf())


@bp.post("/logout")
def sign_out() -> ResponseReturnValue:
    operations.sign_out(current_actor())
    session.clear()
    return "", 303, {"Location": path_for("accounts.sign_in")}


@bp.get("/setup")
def setup() -> ResponseReturnValue:
    if has_accounts():
        return "", 303, {"Location": path_for("accounts.sign_in")}
    return _setup_page(SetupForm())


@bp.post("/setup")
def create_first() -> ResponseReturnValue:
    form = SetupForm()
    if not form.validate_on_submit():
        return _setup_page(form, 422)
    try:
        operations.set_up(
            app_settings().data,
            form.code.data,
            NewUser(form.email.data, form.name.data, form.password.data),
            practice_name=form.practice_name.data,
            is_gp=form.is_gp.data,
        )
    except AccountError as error:
        _put_error(form, error)
        return _setup_page(form, 422)
    token = operations.sign_in(
        form.email.data, form.password.data, request.remote_addr or "", _device()
    )
    if token is not None:
        _carry(token)
    return "", 303, {"Location": "/"}


@bp.get("/account")
def account() -> ResponseReturnValue:
    form = AccountForm(has_hot_keys=current_actor().has_hot_keys)
    return _account_page(form)


@bp.post("/account")
def update() -> ResponseReturnValue:
    form = AccountForm()
    if not form.validate_on_submit():
        return _account_page(form, status=422)
    actor = current_actor()
    try:
        if form.new_password.data or form.old_password.data:
            operations.change_password(
                actor, form.old_password.data or "", form.new_password.data or ""
            )
        operations.set_hot_keys(actor, is_on=form.has_hot_keys.data)
    except AccountError as error:
        _put_error(form, error)
        return _account_page(form, status=422)
    return _account_page(AccountForm(formdata=None, has_hot_keys=form.has_hot_keys.data), True)


def _account_page(form: FlaskForm, is_saved: bool = False, status: int = 200) -> Response:
    actor = current_actor()
    page = render_template(
        "accounts/account.html",
        form=form,
        is_saved=is_saved,
        sign_ins=own_sign_ins(actor),
        sign_in_id=actor.sign_in_id,
        role_labels=actor.role_labels,
    )
    return make_response(page, status)


def _sign_in_page(
    form: FlaskForm, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    if wants_json():
        messages = [message for errors in form.errors.values() for message in errors]
        messages += list(form.password.errors)
        answer = jsonify(error=messages[0] if messages else "", code="sign-in", requestId="")
        response = make_response(answer, status)
    else:
        page = render_template("accounts/sign_in.html", form=form, next=_next())
        response = make_response(page, status)
    response.headers.update(headers or {})
    return response


def _setup_page(form: FlaskForm, status: int = 200) -> Response:
    return make_response(render_template("accounts/setup.html", form=form), status)


def _carry(token: str) -> None:
    """Put the new sign-in's token in the cookie; whatever the cookie held before is dropped.

    The CSRF token made in this request belonged to the session before, and goes with it.
    """
    session.clear()
    g.pop("csrf_token", None)
    session[COOKIE_FIELD] = token


def _put_error(form: FlaskForm, error: AccountError) -> None:
    field = form[error.field] if error.field in form else next(iter(form))
    field.errors = [*field.errors, str(error)]


def _next() -> str:
    """Where to go after the sign-in: a path of our own, never another host."""
    wanted = request.values.get("next", "")
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def _device() -> str:
    return (request.user_agent.string or "unknown device").replace("\n", " ")


def _whom_to_ask() -> str:
    names = " or ".join(user.name for user in managers()[:2])
    return f" Or ask {names} for a new password." if names else ""
