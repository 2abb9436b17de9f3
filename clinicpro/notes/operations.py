"""Save the note, put accepted findings into it, take them out again."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.queries import analysis_for
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db, transaction, utc_now
from clinicpro.images.queries import image_for
from clinicpro.live import announce
from clinicpro.notes.models import Finding, Note
from clinicpro.notes.queries import finding_for

LONGEST = 50_000  # characters of one field


class StaleNote(Exception):  # noqa: N818
    """The note was saved by another window since this one read it; nothing was overwritten."""


def clean(text: str) -> str:
    """`text` without control and invisible characters, line ends as plain newlines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf", "Cs")
    )
    return "".join(kept)[:LONGEST]


def accept(actor: Actor, analysis_id: UUID, text: str) -> UUID:
    """Put a finished run's words, edited or not, into the note; gives the consultation's id.

    A second click changes nothing. Raises Refusal when the run isn't complete or its image is in
    no consultation.
    """
    authorize(actor, "analysis.run")
    authorize(actor, "note.write")
    with transaction():
        analysis = analysis_for(actor, analysis_id)
        image = image_for(actor, analysis.image_id)
        if analysis.state != "finished" or analysis.rejected_at is not None:
            raise Refusal(
                "Only a complete description can go into the note", "Run it again.", "incomplete"
            )
        if image.consultation_id is None:
            raise Refusal(
                "This image is in no consultation",
                "Move it to one first; the description waits.",
                "no-consultation",
            )
        there = db.session.scalar(
            select(Finding).where(Finding.analysis_id == analysis_id, Finding.removed_at.is_(None))
        )
        if there is not None:
            return there.consultation_id
        words = clean(text).strip()
        if not words:
            raise Refusal("There are no words to accept", "Write some, or reject it.", "empty", 422)
        finding = Finding(
            consultation_id=image.consultation_id,
            analysis_id=analysis_id,
            image_id=image.id,
            text=words,
            is_edited=words != clean(analysis.text).strip(),
            accepted_by=actor.id,
        )
        db.session.add(finding)
        db.session.flush()
        analysis.accepted_at = utc_now()
        record(
            "analysis.accept",
            actor,
            objects=[analysis_id, image.id, finding.id],
            subject=image.consultation_id,
            details={"edited": "yes" if finding.is_edited else "no"},
        )
        announce(analysis.topic)
        return image.consultation_id


def save_note(actor: Actor, consultation_id: UUID, history: str, plan: str, version: int) -> int:
    """Keep the note's text; gives the new version. Raises StaleNote when it isn't the latest."""
    authorize(actor, "note.write")
    with transaction():
        consultation_for(actor, consultation_id)
        note = db.session.get(Note, consultation_id)
        if note is None:
            note = Note(consultation_id=consultation_id, version=0)
            db.session.add(note)
        if note.version != version:
            raise StaleNote
        note.history, note.plan = clean(history), clean(plan)
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
        analysis_for(actor, finding.analysis_id).accepted_at = None
        record(
            "note.remove_finding",
            actor,
            objects=[finding_id, finding.analysis_id],
            subject=finding.consultation_id,
        )
