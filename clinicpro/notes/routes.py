"""The note's own requests: accept findings, change them, take them out, save."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.queries import analysis_for, shown_analysis
from clinicpro.images.routes import asked
from clinicpro.notes import accepting, operations
from clinicpro.notes.accepting import SizesUnchecked
from clinicpro.notes.operations import StaleNote, clean
from clinicpro.notes.queries import finding_for, note_for, shown_finding
from clinicpro.web import is_htmx, page_or, path_for, wants_json

bp = Blueprint("notes", __name__)


@bp.post("/analyses/<uuid:analysis_id>/note-entry")
def accept(analysis_id: UUID) -> ResponseReturnValue:
    actor, words = current_actor(), request.form.get("findings", "")
    try:
        consultation_id = accepting.accept(
            actor, analysis_id, words, are_sizes_checked=_are_sizes_checked()
        )
    except SizesUnchecked:
        if wants_json():
            raise
        return _ask_again(actor, analysis_id, words)
    if not is_htmx():
        return _to_note(consultation_id)
    shown = shown_analysis(actor, analysis_for(actor, analysis_id), asked())
    return render_template("analyses/_analysis.html", analysis=shown)


def _are_sizes_checked() -> bool:
    """Whether it was the second button: the person has seen the phrases and says they hold."""
    return request.form.get("sizes") == "checked"


def _ask_again(actor: Actor, analysis_id: UUID, words: str) -> ResponseReturnValue:
    shown = shown_analysis(actor, analysis_for(actor, analysis_id), asked(), typed=clean(words))
    return page_or("analyses/_analysis.html", page="notes/draft.html", analysis=shown), 422


def _to_note(consultation_id: UUID) -> ResponseReturnValue:
    return "", 303, {"Location": path_for("desk.consultation", consultation_id=consultation_id)}


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


@bp.post("/findings/<uuid:finding_id>/edits")
def edit_finding(finding_id: UUID) -> ResponseReturnValue:
    actor, words = current_actor(), request.form.get("findings", "")
    shown = shown_finding(actor, finding_id, asked())
    try:
        accepting.edit_finding(actor, finding_id, words, are_sizes_checked=_are_sizes_checked())
    except SizesUnchecked:
        if wants_json():
            raise
        shown = replace(shown, typed=clean(words))
        return page_or("notes/_finding.html", page="notes/edit.html", finding=shown), 422
    if not is_htmx():
        return _to_note(finding_for(actor, finding_id).consultation_id)
    shown = shown_finding(actor, finding_id, asked())
    return render_template("notes/_finding.html", finding=shown)


@bp.post("/findings/<uuid:finding_id>/removal")
def remove_finding(finding_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    consultation_id = finding_for(actor, finding_id).consultation_id
    accepting.remove_finding(actor, finding_id)
    return "" if is_htmx() else _to_note(consultation_id)
