"""Save the note's own text."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db, transaction, utc_now
from clinicpro.notes.models import Note

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
