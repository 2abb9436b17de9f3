"""What was mistyped about a patient is corrected, and the correction recorded."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from clinicpro.audit.models import AuditEvent
from clinicpro.db import db
from clinicpro.patients.models import Patient
from tests.factories import Person, make_consultation


@pytest.fixture
def patient_id(gp: Person) -> UUID:
    make_consultation(gp)
    found = db.session.scalars(select(Patient.id)).one()
    db.session.rollback()
    return found


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)))


def test_name_nhi_and_birthday_are_corrected(gp: Person, patient_id: UUID) -> None:
    page = gp.get(f"/patients/{patient_id}")
    assert page.status_code == 200
    assert "ZZZ0016" in page.text
    data = {"nhi": "zac5361", "name": "Mere  Tāmati-Ōke", "date_of_birth": "3/11/1961"}
    assert gp.post(f"/patients/{patient_id}", data=data).status_code == 303
    patient = db.session.get_one(Patient, patient_id)
    assert (patient.nhi, patient.name) == ("ZAC5361", "Mere Tāmati-Ōke")
    assert patient.date_of_birth == date(1961, 11, 3)
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()
    assert event is not None
    assert (event.action, event.subject) == ("patient.correct", str(patient_id))
    assert event.details == {"fields": "nhi name date_of_birth"}


def test_the_nhi_of_another_patient_is_refused(gp: Person, patient_id: UUID) -> None:
    make_consultation(gp, "ZAC5361", "Wiremu Pōtae")
    answer = gp.post(f"/patients/{patient_id}", data={"nhi": "ZAC5361", "name": "Mere Tāmati"})
    assert answer.status_code == 422
    assert "another patient" in answer.text
    assert db.session.get_one(Patient, patient_id).nhi == "ZZZ0016"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nhi", "ZZZ0044"),
        ("nhi", ""),
        ("name", "  "),
        ("name", "x" * 121),
        ("name", "Mere\x00"),
        ("date_of_birth", "31/2/1990"),
        ("date_of_birth", "yesterday"),
        ("date_of_birth", "1/1/2999"),
        ("date_of_birth", "1/1/1066"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    gp: Person, patient_id: UUID, field: str, value: str
) -> None:
    data = {"nhi": "ZZZ0016", "name": "Mere Tāmati", field: value}
    answer = gp.post(f"/patients/{patient_id}", data=data)
    assert answer.status_code == 422
    assert "field__error" in answer.text
    assert "patient.correct" not in actions()


def test_looking_at_a_patient_is_recorded(gp: Person, patient_id: UUID) -> None:
    gp.get(f"/patients/{patient_id}")
    assert actions()[-1] == "patient.view"


def test_an_unknown_patient_is_not_there(gp: Person) -> None:
    assert gp.get(f"/patients/{uuid4()}").status_code == 404
    data = {"nhi": "ZZZ0016", "name": "Mere Tāmati"}
    assert gp.post(f"/patients/{uuid4()}", data=data).status_code == 404


def test_managers_and_auditors_see_no_patients(
    manager: Person, auditor: Person, patient_id: UUID
) -> None:
    for person in (manager, auditor):
        answer = person.get(f"/patients/{patient_id}")
        assert answer.status_code == 403
        assert "Mere" not in answer.text
