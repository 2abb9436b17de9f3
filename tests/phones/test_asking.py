"""Before a consultation is left, the desk says what its phone still holds."""

from __future__ import annotations

from uuid import UUID

import pytest

from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import current_consultation
from clinicpro.db import db
from tests.factories import JPEG, Person, make_consultation
from tests.phones.phone import Phone, paired

HTMX = {"HX-Request": "true"}
OTHER = {"nhi": "ZZZ0032", "name": "Hana Wiremu"}


@pytest.fixture
def consultation_id(gp: Person) -> UUID:
    return make_consultation(gp)


@pytest.fixture
def phone(gp: Person, consultation_id: UUID) -> Phone:
    """It holds two photos that are not saved."""
    phone = paired(gp)
    assert phone.presign(JPEG, waiting=2).status_code == 201
    return phone


def current_id(gp: Person) -> UUID | None:
    db.session.rollback()
    found = current_consultation(gp.actor)
    return found.id if found else None


def test_finishing_says_what_is_still_on_the_phone(
    gp: Person, consultation_id: UUID, phone: Phone
) -> None:
    asked = gp.post(f"/consultations/{consultation_id}/end", headers=HTMX)
    assert asked.status_code == 200
    assert asked.headers["HX-Retarget"] == "#dialog-slot"
    assert "2 still on the phone" in asked.text
    assert "Mere Tāmati" in asked.text
    assert current_id(gp) == consultation_id
    sure = gp.post(f"/consultations/{consultation_id}/end", data={"sure": "yes"}, headers=HTMX)
    assert sure.status_code == 303
    assert current_id(gp) is None
    assert phone.state()["state"] == "ended"


def test_so_do_switching_and_starting_and_neither_takes_the_phone_along(
    gp: Person, consultation_id: UUID, phone: Phone
) -> None:
    for path, data in (("/consultations", OTHER), (None, {})):
        path = path or f"/consultations/{other_id(gp, consultation_id)}/current"
        make_current(gp, consultation_id)
        asked = gp.post(path, data=data, headers=HTMX)
        assert "2 still on the phone" in asked.text
        assert 'value="yes"' in asked.text
        assert current_id(gp) == consultation_id
        assert gp.post(path, data={**data, "sure": "yes"}).status_code == 303
        assert current_id(gp) != consultation_id
        assert phone.state()["patient"] == {"initials": "M.T.", "nhiTail": "0016"}


def other_id(gp: Person, consultation_id: UUID) -> UUID:
    found = db.session.query(Consultation.id).filter(Consultation.id != consultation_id).scalar()
    assert isinstance(found, UUID)
    return found


def make_current(gp: Person, consultation_id: UUID) -> None:
    gp.post(f"/consultations/{consultation_id}/current", data={"sure": "yes"})


def test_a_page_asks_too_where_there_is_no_script(
    gp: Person, consultation_id: UUID, phone: Phone
) -> None:
    asked = gp.post(f"/consultations/{consultation_id}/end")
    assert asked.status_code == 200
    assert "<h1>Before you go on</h1>" in asked.text
    assert current_id(gp) == consultation_id


def test_nothing_is_asked_where_nothing_waits(gp: Person, consultation_id: UUID) -> None:
    phone = paired(gp)
    phone.presign(JPEG, waiting=0)
    assert gp.post(f"/consultations/{consultation_id}/end").status_code == 303


def test_another_consultations_phone_is_no_reason_to_ask(
    gp: Person, consultation_id: UUID, phone: Phone
) -> None:
    other = make_consultation(gp, "ZZZ0032", "Hana Wiremu")
    assert gp.post(f"/consultations/{other}/end").status_code == 303
    assert phone.state()["state"] == "confirmed"


def test_a_phone_that_was_ended_is_no_reason_to_ask(
    gp: Person, consultation_id: UUID, phone: Phone
) -> None:
    gp.post(f"/pairings/{phone.state()['pairingId']}/end")
    assert gp.post(f"/consultations/{consultation_id}/end").status_code == 303
