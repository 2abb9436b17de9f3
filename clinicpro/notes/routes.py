"""The note's own requests: accept findings, save, take out."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.analyses.queries import analysis_for, shown_analysis
from clinicpro.images.routes import asked
from clinicpro.notes import operations
from clinicpro.notes.operations import StaleNote
from clinicpro.notes.queries import finding_for, note_for
from clinicpro.web import is_htmx, path_for

bp = Blueprint("notes", __name__)


@bp.post("/analyses/<uuid:analysis_id>/note-entry")
def accept(analysis_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    consultation_id = operations.accept(actor, analysis_id, request.form.get("findings", ""))
    if not is_htmx():
        location = path_for("desk.consultation", consultation_id=consultation_id)
        return "", 303, {"Location": location}
    shown = shown_analysis(actor, analysis_for(actor, analysis_id), asked())
    return render_template("analyses/_analysis.html", analysis=shown)


@bp.put("/consultations/<uuid:consultation_id>/note")
def update(consultation_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    form = request.form
    version = form.get("version", "")
    try:
        saved = operations.save_note(
            actor,
            consultation_id,
            form.get("history", ""),
            form.get("plan", ""),
            int(version) if version.isdecimal() else -1,
        )
    except StaleNote:
        note = note_for(actor, consultation_id, asked())
        return render_template("notes/_conflict.html", note=note), 409
    return jsonify(version=saved)


@bp.post("/findings/<uuid:finding_id>/removal")
def remove_finding(finding_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    consultation_id = finding_for(actor, finding_id).consultation_id
    operations.remove_finding(actor, finding_id)
    if is_htmx():
        return ""
    location = path_for("desk.consultation", consultation_id=consultation_id)
    return "", 303, {"Location": location}
