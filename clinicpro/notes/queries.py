"""The note as the consultation's page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.models import User
from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.models import Analysis
from clinicpro.answers import NotHere
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db
from clinicpro.images.models import Image
from clinicpro.images.queries import image_for, shown_for
from clinicpro.images.showing import Asked, Shown
from clinicpro.notes.models import Finding, Note


@dataclass(frozen=True)
class ShownFinding:
    """Accepted words with where they come from."""

    id: UUID
    image: Shown
    analysis: Analysis
    paragraphs: list[str]
    is_edited: bool
    accepted_by_name: str
    accepted_at: datetime

    dom_name = "finding"


@dataclass(frozen=True)
class ShownNote:
    """The note of one consultation; before the first save it is empty, version 0."""

    id: UUID
    consultation: Consultation
    owner_name: str
    history: str
    plan: str
    version: int
    saved_at: datetime | None
    findings: list[ShownFinding]

    dom_name = "note"


def note_for(actor: Actor, consultation_id: UUID, asked: Asked) -> ShownNote:
    """The note of the actor's own consultation. Raises NotHere."""
    consultation = consultation_for(actor, consultation_id)
    note = db.session.get(Note, consultation_id)
    return ShownNote(
        consultation_id,
        consultation,
        actor.name,
        note.history if note else "",
        note.plan if note else "",
        note.version if note else 0,
        note.saved_at if note else None,
        _findings(actor, consultation_id, asked),
    )


def _findings(actor: Actor, consultation_id: UUID, asked: Asked) -> list[ShownFinding]:
    """What was accepted about the images that are in the consultation now.

    Words go where their image goes: moved out of the wrong patient's consultation, it leaves none
    of them behind.
    """
    rows = db.session.execute(
        select(Finding, Analysis, User.name)
        .join(Analysis, Analysis.id == Finding.analysis_id)
        .join(User, User.id == Finding.accepted_by)
        .join(Image, Image.id == Finding.image_id)
        .where(Image.consultation_id == consultation_id, Finding.removed_at.is_(None))
        .order_by(Finding.accepted_at)
    )
    return [
        ShownFinding(
            finding.id,
            shown_for(actor, finding.image_id, asked),
            analysis,
            [part.strip() for part in finding.text.split("\n") if part.strip()],
            finding.is_edited,
            name,
            finding.accepted_at,
        )
        for finding, analysis, name in rows
    ]


def finding_for(actor: Actor, finding_id: UUID) -> Finding:
    """A finding about the actor's own image. Raises NotHere."""
    finding = db.session.get(Finding, finding_id)
    if finding is None:
        raise NotHere
    image_for(actor, finding.image_id)
    return finding
