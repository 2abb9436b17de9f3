"""The note as the consultation's page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from clinicpro.accounts.models import User
from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.queries import Consent, consent_of
from clinicpro.analyses.sizes import Place, places_of_sizes
from clinicpro.answers import NotHere
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db
from clinicpro.images.models import Image
from clinicpro.images.queries import image_for, shown_for
from clinicpro.images.showing import Asked, Shown
from clinicpro.notes.changes import Change, changes
from clinicpro.notes.models import Finding, Note


@dataclass(frozen=True)
class ShownFinding:
    """Accepted words with where they come from."""

    id: UUID
    image: Shown
    analysis: Analysis
    consent: Consent | None
    text: str
    is_edited: bool
    accepted_by_name: str
    accepted_at: datetime
    typed: str | None = None  # what was just refused for its sizes

    dom_name = "finding"

    @property
    def paragraphs(self) -> list[str]:
        return [part.strip() for part in self.text.split("\n") if part.strip()]

    @property
    def draft(self) -> str:
        return self.text if self.typed is None else self.typed

    @property
    def places(self) -> list[Place]:
        """The sizes in what was just refused."""
        return places_of_sizes(self.typed) if self.typed is not None else []

    @property
    def changes(self) -> list[Change]:
        return changes(self.analysis.text.strip(), self.text) if self.is_edited else []


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
    query = _rows().where(Image.consultation_id == consultation_id, Finding.removed_at.is_(None))
    rows = db.session.execute(query.order_by(Finding.accepted_at)).all()
    return [_shown(actor, finding, analysis, name, asked) for finding, analysis, name in rows]


def _rows() -> Select[Finding, Analysis, str]:
    return (
        select(Finding, Analysis, User.name)
        .join(Analysis, Analysis.id == Finding.analysis_id)
        .join(User, User.id == Finding.accepted_by)
        .join(Image, Image.id == Finding.image_id)
    )


def _shown(
    actor: Actor, finding: Finding, analysis: Analysis, name: str, asked: Asked
) -> ShownFinding:
    return ShownFinding(
        finding.id,
        shown_for(actor, finding.image_id, asked),
        analysis,
        consent_of(analysis.id, finding.image_id),
        finding.text,
        finding.is_edited,
        name,
        finding.accepted_at,
    )


def shown_finding(actor: Actor, finding_id: UUID, asked: Asked) -> ShownFinding:
    """A finding about the actor's own image, as the note shows it. Raises NotHere."""
    finding_for(actor, finding_id)
    finding, analysis, name = db.session.execute(_rows().where(Finding.id == finding_id)).one()
    return _shown(actor, finding, analysis, name, asked)


def finding_for(actor: Actor, finding_id: UUID) -> Finding:
    """A finding about the actor's own image. Raises NotHere."""
    finding = db.session.get(Finding, finding_id)
    if finding is None:
        raise NotHere
    image_for(actor, finding.image_id)
    return finding
