"""Start, switch and finish consultations."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.audit.operations import record
from clinicpro.consultations.models import Consultation, CurrentConsultation
from clinicpro.consultations.queries import consultation_for, topic
from clinicpro.db import db, locked_row, transaction, utc_now
from clinicpro.live import announce
from clinicpro.patients.operations import Identity, find_or_add


def start_consultation(actor: Actor, identity: Identity) -> UUID:
    """Start a consultation and make it current; an open one with this patient is taken up again.

    The consultation that was current stays open. Raises Refusal when the NHI is another's.
    """
    authorize(actor, "consultation.keep")
    with transaction():
        patient = find_or_add(actor, identity)
        consultation = db.session.scalar(
            select(Consultation).where(
                Consultation.owner_id == actor.id,
                Consultation.patient_id == patient.id,
                Consultation.ended_at.is_(None),
            )
        )
        if consultation is None:
            consultation = Consultation(owner_id=actor.id, patient_id=patient.id)
            db.session.add(consultation)
            db.session.flush()
            record("consultation.start", actor, objects=[consultation.id], subject=patient.id)
        _make_current(actor, consultation)
        return consultation.id


def switch_consultation(actor: Actor, consultation_id: UUID) -> None:
    """Make one's own consultation the current one; a finished one is opened again."""
    authorize(actor, "consultation.keep")
    with transaction():
        consultation = consultation_for(actor, consultation_id)
        if consultation.ended_at is not None:
            consultation.ended_at = None
            record(
                "consultation.reopen",
                actor,
                objects=[consultation.id],
                subject=consultation.patient_id,
            )
        _make_current(actor, consultation)


def finish_consultation(actor: Actor, consultation_id: UUID) -> None:
    """End the consultation; nothing is current then. Finishing twice changes nothing."""
    authorize(actor, "consultation.keep")
    with transaction():
        consultation = consultation_for(actor, consultation_id)
        db.session.execute(
            delete(CurrentConsultation).where(
                CurrentConsultation.owner_id == actor.id,
                CurrentConsultation.consultation_id == consultation.id,
            )
        )
        if consultation.ended_at is None:
            consultation.end(utc_now())
            record(
                "consultation.finish",
                actor,
                objects=[consultation.id],
                subject=consultation.patient_id,
            )
        announce(topic(actor.id))


def close_consultations(ids: Iterable[UUID]) -> int:
    """In the caller's transaction: end these, whoever's they are; how many. Nothing in them
    changes, and their owners open them again as any finished one."""
    now, count = utc_now(), 0
    for one in db.session.scalars(select(Consultation).where(Consultation.id.in_(list(ids)))):
        one.end(now)
        db.session.execute(
            delete(CurrentConsultation).where(CurrentConsultation.consultation_id == one.id)
        )
        announce(topic(one.owner_id))
        count += 1
    return count


def _make_current(actor: Actor, consultation: Consultation) -> None:
    consultation.opened_at = utc_now()
    row = db.session.get(CurrentConsultation, actor.id)
    if row is not None and row.consultation_id == consultation.id:
        return
    row = locked_row(CurrentConsultation, actor.id, consultation_id=consultation.id)
    row.consultation_id = consultation.id
    record("consultation.switch", actor, objects=[consultation.id], subject=consultation.patient_id)
    announce(topic(actor.id))
