"""Start, switch and finish consultations."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.answers import Refusal
from clinicpro.consultations.current import current
from clinicpro.consultations.forms import StartForm
from clinicpro.consultations.operations import (
    finish_consultation,
    start_consultation,
    switch_consultation,
)
from clinicpro.consultations.queries import open_consultations
from clinicpro.patients.nhi import clean
from clinicpro.patients.queries import look_up
from clinicpro.web import page_or

bp = Blueprint("consultations", __name__)


@bp.get("/consultations")
def index() -> ResponseReturnValue:
    actor = current_actor()
    return page_or(
        "consultations/_switch.html",
        page="consultations/index.html",
        consultations=open_consultations(actor),
        consultation=current(),
        form=StartForm(formdata=None),
    )


@bp.post("/consultations/lookup")
def start_form() -> ResponseReturnValue:
    form = StartForm()
    if not form.nhi.validate(form, (StartForm.validate_nhi,)):
        form.name.errors = form.date_of_birth.errors = ()
        return render_template("consultations/_start.html", form=form), 422
    patient = look_up(current_actor(), form.nhi.data)
    if patient is None:
        form.nhi.data = clean(form.nhi.data)
    else:
        form = StartForm(formdata=None, obj=patient)
    return render_template("consultations/_start.html", form=form)


@bp.post("/consultations")
def create() -> ResponseReturnValue:
    form = StartForm()
    if not form.validate_on_submit():
        return _unstarted(form)
    try:
        start_consultation(current_actor(), form.identity)
    except Refusal as error:
        form.name.errors = [f"{error.title}. {error.advice}"]
        return _unstarted(form)
    return "", 303, {"Location": "/"}


@bp.post("/consultations/<uuid:consultation_id>/current")
def switch(consultation_id: UUID) -> ResponseReturnValue:
    switch_consultation(current_actor(), consultation_id)
    return "", 303, {"Location": "/"}


@bp.post("/consultations/<uuid:consultation_id>/end")
def finish(consultation_id: UUID) -> ResponseReturnValue:
    finish_consultation(current_actor(), consultation_id)
    return "", 303, {"Location": "/"}


def _unstarted(form: StartForm) -> ResponseReturnValue:
    """The whole page: the form asks htmx to select `#page` out of the answer."""
    actor = current_actor()
    page = render_template(
        "consultations/index.html",
        consultations=open_consultations(actor),
        consultation=current(),
        form=form,
    )
    return make_response(page, 422)
