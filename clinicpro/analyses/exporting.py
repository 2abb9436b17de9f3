"""A run's words as a text file, with all that says where they come from; no patient's name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.queries import analysis_for, consent_of
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.formats import nz_date, nz_time
from clinicpro.gateways.plain_text import typed
from clinicpro.images.models import Image
from clinicpro.images.vocabulary import place

RULE = "-" * 40


def export_text(actor: Actor, analysis_id: UUID, on_screen: str | None = None) -> str:
    """The words with their provenance before them; noted in the audit.

    `on_screen` is how the draft stands there, being edited; None: the model's own words.
    Whoever opens the file next year must see what it is, so that comes first.
    """
    authorize(actor, "analysis.run")
    with transaction():
        analysis = analysis_for(actor, analysis_id)
        image = db.session.get_one(Image, analysis.image_id)
        words = analysis.text if on_screen is None else typed(on_screen)
        is_edited = typed(words) != typed(analysis.text)
        record(
            "analysis.export",
            actor,
            objects=[analysis_id, analysis.image_id],
            details={"edited": "yes" if is_edited else "no"},
        )
        lines = [
            analysis.standing.upper() + ".",
            _hands(analysis, actor, is_edited=is_edited),
            "AI-assisted description. Not a diagnosis.",
            "",
            f"Asked: {_moment(analysis.requested_at)}, by {actor.name}",
            f"Model: {analysis.model or 'unknown'}",
            f"Prompt: {analysis.prompt_title}, version {analysis.prompt_version}; "
            f"rules, version {analysis.system_version}",
            *_images(analysis, image),
            *_agreed(analysis),
            f"Saved as text: {_moment(utc_now())}, by {actor.name}",
            RULE,
            words,
            "",
        ]
        return "\n".join(lines)


def _moment(at: datetime) -> str:
    return f"{nz_date(at)}, {nz_time(at)}"


def _hands(analysis: Analysis, actor: Actor, *, is_edited: bool) -> str:
    """Whose words these are. Only whose image it is can accept, so that is who saves it."""
    whose = (
        f"The model’s words, changed on the screen by {actor.name}."
        if is_edited
        else "The model’s own words, unchanged."
    )
    if analysis.accepted_at is None:
        return whose
    when = _moment(analysis.accepted_at)
    return f"{whose} Accepted by {actor.name}, {when}: the note has the words as accepted."


def _images(analysis: Analysis, image: Image) -> list[str]:
    covered = ", parts of it covered" if analysis.covering_id else ""
    lines = [f"Image: {analysis.image_id}{covered}"]
    if analysis.derivative_sha256:
        lines.append(f"SHA-256 of what was sent: {analysis.derivative_sha256}")
    if analysis.earlier_image_id:
        covered = ", parts of it covered" if analysis.earlier_covering_id else ""
        lines.append(f"It was compared with image {analysis.earlier_image_id}{covered}")
        lines.append(f"SHA-256 of what was sent of that: {analysis.earlier_sha256 or 'unknown'}")
    where = place(image.body_site, image.laterality)
    return [*lines, f"Site as labelled: {where}"] if where else lines


def _agreed(analysis: Analysis) -> list[str]:
    consent = consent_of(analysis.id, analysis.image_id)
    if consent is None:
        return []
    return [f"Consent: “{consent.wording}”, {consent.by_name}, {_moment(consent.at)}"]
