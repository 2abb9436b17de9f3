"""Correct what was mistyped about a patient."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.answers import Refusal
from clinicpro.patients.forms import PatientForm
from clinicpro.patients.operations import correct
from clinicpro.patients.queries import open_patient

bp = Blueprint("patients", __name__)


@bp.get("/patients/<uuid:patient_id>")
def show(patient_id: UUID) -> ResponseReturnValue:
    patient = open_patient(current_actor(), patient_id)
    return _page(patient_id, PatientForm(formdata=None, obj=patient))


@bp.post("/patients/<uuid:patient_id>")
def update(patient_id: UUID) -> ResponseReturnValue:
    form = PatientForm()
    if not form.validate_on_submit():
        return _page(patient_id, form, 422)
    try:
        correct(current_actor(), patient_id, form.identity)
    except Refusal as error:
        form.nhi.errors = [f"{error.title}. {error.advice}"]
        return _page(patient_id, form, 422)
    return "", 303, {"Location": "/"}


def _page(patient_id: UUID, form: PatientForm, status: int = 200) -> ResponseReturnValue:
    page = render_template("patients/edit.html", patient_id=patient_id, form=form, here="images")
    return make_response(page, status)
