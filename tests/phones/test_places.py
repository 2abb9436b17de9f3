"""Where a phone's image goes: where it was taken for, else the tray, never the next patient."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import func, select

from clinicpro.consultations.operations import finish_consultation
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import EXPECTED, READY, Image
from clinicpro.images.operations import move
from tests.factories import JPEG, Person, make_consultation, send_image
from tests.phones.phone import Phone, offer, paired


def image_of(image_id: object) -> Image:
    db.session.rollback()
    return db.session.get_one(Image, UUID(str(image_id)))


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Image.id))) or 0


def pair_again(phone: Phone, gp: Person) -> None:
    made = offer(gp)
    assert phone.redeem(made.secret).status_code == 200
    gp.post(f"/pairings/{made.pairing_id}/confirmation")


def test_without_a_consultation_it_is_the_tray(gp: Person, store: FakeStore) -> None:
    phone = paired(gp)
    state = phone.state()
    assert (state["target"], state["patient"]) == ("tray", None)
    assert image_of(send_image(phone, store)).consultation_id is None


def test_what_was_taken_under_an_ended_pairing_goes_to_the_tray(
    gp: Person, store: FakeStore
) -> None:
    first = make_consultation(gp)
    phone = paired(gp)
    under = str(phone.state()["pairingId"])
    presigned = phone.presign(JPEG).get_json()
    assert image_of(presigned["imageId"]).consultation_id == first

    finish_consultation(gp.actor, first)
    second = make_consultation(gp, "ZZZ0032", "Hana Wiremu")
    pair_again(phone, gp)

    late = send_image(phone, store, JPEG, takenUnder=under)
    assert late == presigned["imageId"]
    image = image_of(late)
    assert image.state == READY
    assert image.consultation_id is None
    assert str(image.pairing_id) == under
    fresh = image_of(send_image(phone, store, JPEG + b"\1"))
    assert fresh.consultation_id == second
    assert count() == 2


def test_what_has_arrived_before_is_not_sent_again(gp: Person, store: FakeStore) -> None:
    first = make_consultation(gp)
    phone = paired(gp)
    under = str(phone.state()["pairingId"])
    image_id = send_image(phone, store)
    finish_consultation(gp.actor, first)
    pair_again(phone, gp)
    again = phone.presign(JPEG, takenUnder=under)
    assert again.status_code == 200
    assert again.get_json() == {"imageId": image_id, "duplicate": True}
    assert image_of(image_id).consultation_id == first


def test_nor_where_it_was_moved_meanwhile(gp: Person, store: FakeStore) -> None:
    phone = paired(gp)
    under = str(phone.state()["pairingId"])
    image_id = send_image(phone, store)
    move(gp.actor, UUID(image_id), make_consultation(gp))
    assert phone.presign(JPEG, takenUnder=under).get_json()["duplicate"] is True
    assert count() == 1


def test_a_colleagues_pairing_is_not_there(gp: Person, colleague: Person) -> None:
    make_consultation(gp)
    phone, theirs = paired(gp), paired(colleague)
    for under in (str(theirs.state()["pairingId"]), str(uuid4()), str(offer(gp).pairing_id)):
        assert phone.presign(JPEG, takenUnder=under).status_code == 404
    assert count() == 0


def test_a_phone_chooses_no_consultation(gp: Person) -> None:
    other = make_consultation(gp, "ZZZ0032", "Hana Wiremu")
    make_consultation(gp)
    phone = paired(gp)
    assert phone.presign(JPEG, sessionId=str(other)).status_code == 422
    assert count() == 0


def test_a_phone_hears_of_what_phones_sent_and_sees_none_of_it(
    gp: Person, store: FakeStore
) -> None:
    make_consultation(gp)
    from_desk, phone = send_image(gp, store, JPEG + b"\1"), paired(gp)
    assert phone.receipt(from_desk).status_code == 404
    image_id = send_image(phone, store)
    answer = phone.receipt(image_id)
    assert answer.get_json()["image"]["state"] == "ready"
    assert "thumbnailUrl" not in answer.text
    card = phone.post(f"/api/uploads/{image_id}/receipt", headers={"HX-Request": "true"})
    assert "Mere" not in card.text


def test_who_is_signed_in_on_the_phone_too_sends_for_the_same_patient(
    gp: Person, store: FakeStore
) -> None:
    consultation_id = make_consultation(gp)
    made = offer(gp)
    answer = gp.open("/m/redeem", method="POST", json={"secret": made.secret})
    assert answer.status_code == 200
    gp.post(f"/pairings/{made.pairing_id}/confirmation")
    assert gp.get("/").status_code == 200
    assert gp.get("/m/state").get_json()["state"] == "confirmed"
    image = image_of(send_image(gp, store, takenUnder=str(made.pairing_id), waiting=4))
    assert image.consultation_id == consultation_id
    assert image.pairing_id == made.pairing_id
    assert "4 still on the phone" in gp.get("/pairings").text


def test_waiting_is_told_to_the_desk(gp: Person, store: FakeStore) -> None:
    make_consultation(gp)
    phone = paired(gp)
    ticket = phone.presign(JPEG, waiting=3).get_json()
    assert "3 still on the phone" in gp.get("/pairings").text
    assert image_of(ticket["imageId"]).state == EXPECTED
    store.put(ticket["uploadUrl"].split("localhost", 1)[-1], ticket["headers"], JPEG)
    phone.receipt(ticket["imageId"], waiting=2)
    desk = gp.get("/").text
    assert "1 photo saved · 2 still on the phone" in desk
    assert "iPhone, Safari" in desk
