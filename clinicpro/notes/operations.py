"""Save the note, put accepted findings into it, take them out again."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.queries import analysis_for
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db, transaction, utc_now
from clinicpro.images.models import Image
from clinicpro.images.queries import image_for
from clinicpro.live import announce
from clinicpro.notes.models import Finding, Note
from clinicpro.notes.queries import finding_for

LONGEST = 50_000  # characters of one field


class StaleNote(Exception):  # noqa: N818
    """The note was saved by another window since this one read it; nothing was overwritten."""


def clean(text: str) -> str:
    """`text` without control and invisible characters, line ends as plain newlines.

    Raises Refusal when it is longer than a note may be: nothing is cut in silence.
    """
    if len(text) > LONGEST:
        raise Refusal(
            "That is longer than a note can be", "Shorten it; nothing was lost.", "too-long", 422
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf", "Cs")
    )
    return "".join(kept)


def accept(actor: Actor, analysis_id: UUID, text: str) -> UUID:
    """Put a finished run's words, edited or not, into the note; gives the consultation's id.

    A second click changes nothing. Raises Refusal when the run isn't complete or its image is in
    no consultation.
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
        if not words:
            raise Refusal("There are no words to accept", "Write some, or reject it.", "empty", 422)
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
            details={"edited": "yes" if finding.is_edited else "no"},
        )
        announce(analysis.topic)
        return consultation_id


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


def save_note(actor: Actor, consultation_id: UUID, history: str, plan: str, version: int) -> int:
    """Keep the note's text; gives the new version.

    Raises StaleNote when `version` isn't the latest and the words differ.
    """
    authorize(actor, "note.write")
    history, plan = clean(history), clean(plan)
    with transaction():
        consultation_for(actor, consultation_id)
        db.session.execute(  # one saves at a time
            select(Consultation.id).where(Consultation.id == consultation_id).with_for_update()
        )
        note = db.session.get(Note, consultation_id, populate_existing=True)
        if note is None:
            note = Note(consultation_id=consultation_id, version=0, history="", plan="")
            db.session.add(note)
        if note.version != version:
            if (note.history, note.plan) == (history, plan):
                return note.version  # the same again: the answer to the first was lost
            raise StaleNote
        note.history, note.plan = history, plan
        note.version += 1
        note.saved_at = utc_now()
        record(
            "note.save",
            actor,
            objects=[consultation_id],
            subject=consultation_id,
            details={"version": str(note.version)},
        )
        return note.version


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
