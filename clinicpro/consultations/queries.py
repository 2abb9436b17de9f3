"""Finders of consultations: one's own."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from clinicpro.accounts.permissions import Actor
from clinicpro.answers import NotHere
from clinicpro.consultations.models import Consultation, CurrentConsultation
from clinicpro.db import db


def topic(owner_id: UUID) -> str:
    """What fires when the owner's current consultation changes."""
    return f"consultation:{owner_id}"


def consultation_for(actor: Actor, consultation_id: UUID) -> Consultation:
    """The actor's own consultation; somebody else's is the 404 of an unknown id."""
    found = db.session.get(Consultation, consultation_id)
    if found is None or found.owner_id != actor.id:
        raise NotHere
    return found


def current_consultation(actor: Actor) -> Consultation | None:
    return db.session.scalar(
        select(Consultation)
        .join(CurrentConsultation, CurrentConsultation.consultation_id == Consultation.id)
        .where(CurrentConsultation.owner_id == actor.id)
    )


def open_consultations(actor: Actor) -> list[Consultation]:
    """The actor's unfinished consultations, the latest first."""
    return list(
        db.session.scalars(
            select(Consultation)
            .where(Consultation.owner_id == actor.id, Consultation.ended_at.is_(None))
            .order_by(Consultation.started_at.desc())
            .options(undefer(Consultation.image_count))  # type: ignore[arg-type]  # room images's column
        )
    )


def recent_consultations(actor: Actor, limit: int = 12) -> list[Consultation]:
    """The actor's latest consultations, finished or not."""
    return list(
        db.session.scalars(
            select(Consultation)
            .where(Consultation.owner_id == actor.id)
            .order_by(Consultation.started_at.desc())
            .limit(limit)
        )
    )
