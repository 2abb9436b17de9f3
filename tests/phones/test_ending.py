"""What ends a pairing, from the next request on, without being told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from clinicpro.accounts.operations import change_roles, set_disabled
from clinicpro.consultations.operations import finish_consultation, switch_consultation
from clinicpro.db import db, transaction
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import EXPECTED, READY, Image
from clinicpro.images.receiving import adopt
from clinicpro.phones.models import Pairing
from clinicpro.web import gateways
from tests.factories import (
    JPEG,
    PASSWORD,
    Person,
    make_consultation,
    make_person,
    presign,
    send_image,
)
from tests.phones.conftest import Ago
from tests.phones.phone import Phone, offer, paired

Deed = Callable[[Person, Person, UUID, Phone], object]


def another_sign_out(gp: Person) -> None:
    elsewhere = Person(gp.app, gp.user_id)
    elsewhere.sign_in("gp@test.example", PASSWORD)
    elsewhere.post("/logout")


ENDS: dict[str, Deed] = {
    "the desk revokes it": lambda gp, manager, pairing_id, phone: gp.post(
        f"/pairings/{pairing_id}/end"
    ),
    "the phone leaves": lambda gp, manager, pairing_id, phone: phone.post("/m/leave"),
    "its consultation is finished": lambda gp, manager, pairing_id, phone: finish_consultation(
        gp.actor, target_of(pairing_id)
    ),
    "its owner signs out": lambda gp, manager, pairing_id, phone: gp.post("/logout"),
    "its owner signs out elsewhere": lambda gp, manager, pairing_id, phone: another_sign_out(gp),
    "its owner is shut out": lambda gp, manager, pairing_id, phone: set_disabled(
        manager.actor, gp.user_id, disabled=True
    ),
    "its owner is no clinician any more": lambda gp, manager, pairing_id, phone: change_roles(
        manager.actor, gp.user_id, {"auditor"}
    ),
}


def target_of(pairing_id: UUID) -> UUID:
    found = db.session.get_one(Pairing, pairing_id).consultation_id
    assert found is not None
    return found


def id_of(phone: Phone) -> UUID:
    return UUID(str(phone.state()["pairingId"]))


@pytest.mark.parametrize("deed", ENDS.values(), ids=ENDS)
def test_it_ends_when(deed: Deed, gp: Person, manager: Person, store: FakeStore) -> None:
    make_consultation(gp)
    phone = paired(gp)
    waiting = phone.presign(JPEG).get_json()
    db.session.rollback()

    deed(gp, manager, id_of(phone), phone)

    state = phone.state()
    assert state["state"] == "ended"
    assert state["patient"] is None
    assert state["desk"] is None
    refused = phone.presign(JPEG)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "pairing-over")
    assert phone.receipt(waiting["imageId"]).status_code == 401
    # The link that was given stays good, and what came whole is kept.
    path = waiting["uploadUrl"].split("localhost", 1)[-1]
    assert store.put(path, waiting["headers"], JPEG) == 200
    with transaction():
        image = db.session.get_one(Image, UUID(waiting["imageId"]))
        assert image.state == EXPECTED
        image.signed_at -= timedelta(seconds=30)
    assert adopt(gateways()) == 1
    db.session.rollback()
    assert db.session.get_one(Image, UUID(waiting["imageId"])).state == READY


def test_a_finished_consultation_that_is_opened_again_takes_no_phone_with_it(gp: Person) -> None:
    consultation_id = make_consultation(gp)
    phone = paired(gp)
    finish_consultation(gp.actor, consultation_id)
    switch_consultation(gp.actor, consultation_id)
    assert phone.state()["state"] == "ended"
    assert paired(gp).state()["state"] == "confirmed"


@pytest.mark.parametrize(
    ("idle", "state"),
    [(timedelta(hours=7, minutes=59), "confirmed"), (timedelta(hours=8, seconds=1), "ended")],
)
def test_it_ends_after_eight_hours_without_use(
    gp: Person, ago: Ago, idle: timedelta, state: str
) -> None:
    phone = paired(gp)
    ago(id_of(phone), idle)
    assert phone.state()["state"] == state


def test_looking_is_no_use(gp: Person, ago: Ago) -> None:
    phone = paired(gp)
    ago(id_of(phone), timedelta(hours=7, minutes=59))
    assert phone.state()["state"] == "confirmed"
    ago(id_of(phone), timedelta(minutes=2))
    assert phone.state()["state"] == "ended"


def test_it_ends_after_twelve_hours_however_used(gp: Person, store: FakeStore, ago: Ago) -> None:
    phone = paired(gp)
    for hours in (6, 12):
        ago(id_of(phone), timedelta(hours=5, minutes=59, seconds=50))
        send_image(phone, store, JPEG + bytes(hours))
    ago(id_of(phone), timedelta(seconds=30))
    assert phone.state()["state"] == "ended"


def test_switching_takes_no_phone_along(gp: Person, store: FakeStore) -> None:
    first = make_consultation(gp)
    phone = paired(gp)
    second = make_consultation(gp, "ZZZ0032", "Hana Wiremu")
    assert second != first
    state = phone.state()
    assert state["patient"] == {"initials": "M.T.", "nhiTail": "0016"}
    image_id = send_image(phone, store)
    assert db.session.get_one(Image, UUID(image_id)).consultation_id == first
    desk = gp.get("/").text
    assert "Not the current patient" in desk


def test_a_phone_that_scans_again_lets_the_pairing_before_go(gp: Person) -> None:
    phone = paired(gp)
    before = id_of(phone)
    assert phone.redeem(offer(gp).secret).status_code == 200
    db.session.rollback()
    assert db.session.get_one(Pairing, before).end_reason == "replaced"


def test_another_sign_in_and_out_of_somebody_else_changes_nothing(gp: Person) -> None:
    phone = paired(gp)
    other = make_person(gp.app, "other@test.example", "Dr Tama Reid", "gp")
    other.post("/logout")
    assert phone.state()["state"] == "confirmed"
    assert presign(phone, JPEG).status_code == 201
