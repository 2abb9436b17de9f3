"""The manager's screens: health, people, the AI switch, the audit."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts import operations
from clinicpro.accounts.forms import PersonForm, RolesForm
from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.operations import AccountError, NewUser
from clinicpro.analyses.library import PRACTICE_SHELF, shown_shelf
from clinicpro.analyses.queries import policy
from clinicpro.analyses.sending import recipient
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import Verdict, record
from clinicpro.audit.operations import verify as verify_chain
from clinicpro.db import transaction
from clinicpro.phones.operations import end_any_pairing
from clinicpro.phones.policy import consent_wording, set_consent_wording
from clinicpro.phones.queries import live_pairings
from clinicpro.phones.showing import show_phones
from clinicpro.practice.forms import AiForm, ConsentForm
from clinicpro.practice.queries import health, people, switch, trail
from clinicpro.web import app_settings, gateways, is_htmx, path_for

bp = Blueprint("practice", __name__)


@bp.get("/practice")
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/practice/audit/verification")
def verify() -> ResponseReturnValue:
    verdict = verify_chain()
    outcome = "ok" if verdict.is_whole else "broken"
    with transaction():
        record("audit.verify", current_actor(), outcome=outcome)
    return _page(verdict=verdict)


@bp.post("/practice/ai")
def update_ai() -> ResponseReturnValue:
    form = AiForm()
    if not form.validate_on_submit():
        return _page(422, ai_form=form)
    set_policy(
        current_actor(),
        is_on=form.is_on.data,
        basis=(form.basis.data or "").strip(),
        daily_runs=form.daily_runs.data,
        monthly_runs=form.monthly_runs.data,
        money=form.money(),
        wording=form.consent_wording.data or "",
    )
    return _page() if is_htmx() else _back("ai")


@bp.post("/practice/users")
def create_user() -> ResponseReturnValue:
    form = PersonForm()
    if not form.validate_on_submit():
        return _page(422, people_form=form)
    new = NewUser(form.email.data, form.name.data, form.password.data)
    try:
        operations.create_user(new, set(form.roles.data or ()), current_actor())
    except AccountError as error:
        form[error.field].errors = [str(error)]
        return _page(422, people_form=form)
    return _page() if is_htmx() else _back("people")


@bp.post("/practice/users/<uuid:user_id>")
def update_user(user_id: UUID) -> ResponseReturnValue:
    actor, form = current_actor(), RolesForm()
    try:
        if not form.validate_on_submit():
            raise AccountError("roles", "Choose one role or more.")
        operations.change_roles(actor, user_id, set(form.roles.data or ()))
        operations.set_disabled(actor, user_id, disabled=form.is_disabled.data)
    except AccountError as error:
        return _page(422, problem=str(error))
    return _page() if is_htmx() else _back("people")


@bp.post("/practice/phones/<uuid:phone_id>/end")
def end_pairing(phone_id: UUID) -> ResponseReturnValue:
    end_any_pairing(current_actor(), phone_id)
    return _page() if is_htmx() else _back("phones")


@bp.post("/practice/photo-consent")
def update_consent() -> ResponseReturnValue:
    form = ConsentForm()
    if not form.validate_on_submit():
        return _page(422, consent_form=form)
    set_consent_wording(current_actor(), form.wording.data or "")
    return _page() if is_htmx() else _back("phones")


def _back(section: str) -> ResponseReturnValue:
    return "", 303, {"Location": path_for("practice.index", _anchor=section)}


def _page(
    status: int = 200,
    *,
    people_form: PersonForm | None = None,
    ai_form: AiForm | None = None,
    consent_form: ConsentForm | None = None,
    verdict: Verdict | None = None,
    problem: str = "",
) -> ResponseReturnValue:
    """The whole page; htmx selects the section it asked for."""
    return make_response(
        render_template(
            "practice/index.html",
            here="practice",
            health=health(app_settings(), gateways().store),
            users=people(),
            people_form=people_form or PersonForm(formdata=None),
            problem=problem,
            switch=switch(recipient(app_settings()), app_settings()),
            shelf=shown_shelf(current_actor(), PRACTICE_SHELF),
            ai_form=ai_form or AiForm.of(policy()),
            phones=show_phones(live_pairings()),
            consent_form=consent_form
            or ConsentForm(formdata=None, data={"wording": consent_wording()}),
            trail=trail(request.args.get("before", type=int)),
            verdict=verdict,
        ),
        status,
    )
