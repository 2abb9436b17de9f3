"""Add a patient, correct what was mistyped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import NotHere, Refusal
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction
from clinicpro.patients.models import Patient
from clinicpro.patients.nhi import clean
from clinicpro.patients.queries import patient_by_nhi


@dataclass(frozen=True)
class Identity:
    """Who a patient is, as typed and checked by the form."""

    nhi: str
    name: str
    date_of_birth: date | None


def find_or_add(actor: Actor, identity: Identity) -> Patient:
    """In the caller's transaction: the patient of this NHI, added when new.

    A known NHI with another name is refused rather than overwritten: it may be a mistyped NHI,
    and then the images would go to a stranger. Raises Refusal.
    """
    authorize(actor, "patient.find")
    patient = patient_by_nhi(identity.nhi)
    if patient is None:
        patient = Patient(
            nhi=clean(identity.nhi),
            name=" ".join(identity.name.split()),
            date_of_birth=identity.date_of_birth,
            created_by=actor.id,
        )
        db.session.add(patient)
        db.session.flush()
        record("patient.create", actor, subject=patient.id)
    elif " ".join(identity.name.split()).casefold() != patient.name.casefold():
        raise Refusal(
            f"{patient.nhi} belongs to {patient.name}",
            "Check the NHI. If it is the right one, start with the name as it stands there.",
            "other-patient",
        )
    return patient


def correct(actor: Actor, patient_id: UUID, identity: Identity) -> None:
    """Set name, NHI and date of birth anew. Raises NotHere, and Refusal when the NHI is taken."""
    authorize(actor, "patient.find")
    with transaction():
        patient = db.session.get(Patient, patient_id)
        if patient is None:
            raise NotHere
        other = patient_by_nhi(identity.nhi)
        if other is not None and other.id != patient.id:
            raise Refusal(
                f"{other.nhi} is another patient’s",
                "Two patients can't have one NHI. Look at both again.",
                "nhi-taken",
            )
        fields = [
            field
            for field, value in (
                ("nhi", clean(identity.nhi)),
                ("name", " ".join(identity.name.split())),
                ("date_of_birth", identity.date_of_birth),
            )
            if getattr(patient, field) != value
        ]
        if not fields:
            return
        patient.nhi = clean(identity.nhi)
        patient.name = " ".join(identity.name.split())
        patient.date_of_birth = identity.date_of_birth
        record("patient.correct", actor, subject=patient.id, details={"fields": " ".join(fields)})
