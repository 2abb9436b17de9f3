"""Finders of patients: the practice's, by exact NHI."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import NotHere
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction
from clinicpro.patients.models import Patient
from clinicpro.patients.nhi import clean


def patient_by_nhi(nhi: str) -> Patient | None:
    return db.session.scalar(select(Patient).where(Patient.nhi == clean(nhi)))


def look_up(actor: Actor, nhi: str) -> Patient | None:
    """The patient with exactly this NHI, or None; the look-up is recorded either way."""
    authorize(actor, "patient.find")
    with transaction():
        patient = patient_by_nhi(nhi)
        record(
            "patient.find",
            actor,
            subject=patient.id if patient else None,
            outcome="ok" if patient else "none",
        )
    return patient


def open_patient(actor: Actor, patient_id: UUID) -> Patient:
    """The practice's patient of this id, recorded as looked at. Raises NotHere."""
    authorize(actor, "patient.find")
    with transaction():
        patient = db.session.get(Patient, patient_id)
        if patient is None:
            raise NotHere
        record("patient.view", actor, subject=patient.id)
    return patient
