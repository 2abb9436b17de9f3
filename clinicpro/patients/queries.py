"""Finders of patients: the practice's, by exact NHI."""

from __future__ import annotations

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
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
