"""Findings into the note, changed there, and out again."""

from __future__ import annotations

from uuid import UUID

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.queries import analysis_for
from clinicpro.analyses.sizes import sizes_in
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.images.models import Image
from clinicpro.images.queries import image_for
from clinicpro.live import announce
from clinicpro.notes.models import Finding, FindingEdit
from clinicpro.notes.operations import clean
from clinicpro.notes.queries import finding_for


class SizesUnchecked(Refusal):
    """The words state a size and nobody declared a scale: it takes a second, deliberate click."""

    def __init__(self, phrases: list[str]) -> None:
        named = ", ".join(f"“{phrase}”" for phrase in phrases)
        super().__init__(
            "These words state a size, and no ruler or coin was declared",
            f"Take out {named}, or accept it as measured.",
            "states-size",
            422,
        )
        self.phrases = phrases


def accept(actor: Actor, analysis_id: UUID, text: str, *, are_sizes_checked: bool = False) -> UUID:
    """Put a finished run's words, edited or not, into the note; gives the consultation's id.

    A second click changes nothing. Raises Refusal when the run isn't complete or its image is in
    no consultation, SizesUnchecked when the words state a size.
    """
    authorize(actor, "analysis.run")
    authorize(actor, "note.write")
    words = clean(text).strip()
    with transaction():
        analysis = analysis_for(actor, analysis_id, is_locked=True)
        image = image_for(actor, analysis.image_id)
        consultation_id = _note_of(analysis, image)
        if analysis.accepted_at is not None:
            return consultation_id
        sizes = _checked(analysis, words, are_sizes_checked=are_sizes_checked)
        finding = Finding(
            consultation_id=consultation_id,
            analysis_id=analysis_id,
            image_id=image.id,
            text=words,
            is_edited=words != clean(analysis.text).strip(),
            accepted_by=actor.id,
        )
        db.session.add(finding)
        db.session.flush()
        analysis.accepted_at = finding.accepted_at
        record(
            "analysis.accept",
            actor,
            objects=[analysis_id, image.id, finding.id],
            subject=consultation_id,
            details={"edited": "yes" if finding.is_edited else "no", "sizes": sizes},
        )
        announce(analysis.topic)
        return consultation_id


def _checked(analysis: Analysis, words: str, *, are_sizes_checked: bool) -> str:
    """How the sizes in `words` stand, for the record. Raises Refusal, SizesUnchecked."""
    if not words:
        raise Refusal("There are no words to accept", "Write some, or reject it.", "empty", 422)
    phrases = sizes_in(words)
    if not phrases:
        return "none"
    if analysis.has_scale:
        return "scale in view"
    if not are_sizes_checked:
        raise SizesUnchecked(phrases)
    return "confirmed"


def _note_of(analysis: Analysis, image: Image) -> UUID:
    if not analysis.is_complete:
        raise Refusal(
            "Only a complete description can go into the note", "Run it again.", "incomplete"
        )
    if image.consultation_id is None:
        raise Refusal(
            "This image is in no consultation",
            "Move it to one first; the description waits.",
            "no-consultation",
        )
    return image.consultation_id


def edit_finding(
    actor: Actor, finding_id: UUID, text: str, *, are_sizes_checked: bool = False
) -> None:
    """Change accepted words in the note; what they were is kept.

    Raises Refusal when they are out of the note or empty, SizesUnchecked as `accept` does.
    """
    authorize(actor, "note.write")
    words = clean(text).strip()
    with transaction():
        finding = finding_for(actor, finding_id)
        analysis = analysis_for(actor, finding.analysis_id, is_locked=True)
        if finding.removed_at is not None:
            raise Refusal("These words are out of the note", "Accept them again first.", "removed")
        if words == finding.text:
            return
        sizes = _checked(analysis, words, are_sizes_checked=are_sizes_checked)
        db.session.add(FindingEdit(finding_id=finding_id, before=finding.text, edited_by=actor.id))
        finding.text = words
        finding.is_edited = words != clean(analysis.text).strip()
        record(
            "note.edit_finding",
            actor,
            objects=[finding_id, analysis.id, finding.image_id],
            subject=finding.consultation_id,
            details={"sizes": sizes},
        )


def remove_finding(actor: Actor, finding_id: UUID) -> None:
    """Take accepted words out of the note; they can be accepted again."""
    authorize(actor, "note.write")
    with transaction():
        finding = finding_for(actor, finding_id)
        if finding.removed_at is not None:
            return
        finding.removed_at = utc_now()
        analysis = analysis_for(actor, finding.analysis_id, is_locked=True)
        analysis.accepted_at = None
        record(
            "note.remove_finding",
            actor,
            objects=[finding_id, finding.analysis_id],
            subject=finding.consultation_id,
        )
        announce(analysis.topic)
