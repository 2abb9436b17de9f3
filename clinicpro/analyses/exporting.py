"""A run's words as a text file, with where they come from."""

from __future__ import annotations

from uuid import UUID

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.queries import analysis_for
from clinicpro.audit.operations import record
from clinicpro.db import transaction
from clinicpro.formats import nz_date


def export_text(actor: Actor, analysis_id: UUID) -> str:
    """The model's own words, said to be a draft where they are one; noted in the audit."""
    authorize(actor, "analysis.run")
    with transaction():
        analysis = analysis_for(actor, analysis_id)
        record("analysis.export", actor, objects=[analysis_id, analysis.image_id])
        lines = (
            f"{analysis.prompt_title}, {nz_date(analysis.requested_at)}",
            f"Image {analysis.image_id}{_compared(analysis)}",
            f"Model {analysis.model or 'unknown'}. {_standing(analysis)}",
            "AI-assisted description. Not a diagnosis.",
            "",
            analysis.text,
            "",
        )
        return "\n".join(lines)


def _compared(analysis: Analysis) -> str:
    earlier = analysis.earlier_image_id
    return f", compared with image {earlier}" if earlier else ""


def _standing(analysis: Analysis) -> str:
    if analysis.accepted_at is not None:
        return "Accepted; the note has the words as they were accepted."
    if analysis.rejected_at is not None:
        return "REJECTED."
    return "DRAFT, not accepted." if analysis.is_complete else "NOT COMPLETE."
