"""From the code on the desk to a phone that may add images."""

from __future__ import annotations

from uuid import UUID

from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import READY, Image
from tests.factories import JPEG, Person, make_consultation, send_image
from tests.phones.phone import Phone, offer


def test_scan_compare_confirm_shoot_saved(gp: Person, store: FakeStore) -> None:
    consultation_id = make_consultation(gp)
    made, phone = offer(gp), Phone(gp.app)
    assert phone.state()["state"] == "none"

    redeemed = phone.redeem(made.secret)
    assert redeemed.status_code == 200
    answer = redeemed.get_json()
    assert answer["state"] == "redeemed"
    assert answer["pairingId"] == str(made.pairing_id)
    assert phone.state()["patient"] is None

    desk = gp.get(f"/pairings/{made.pairing_id}", headers={"HX-Request": "true"}).text
    assert "Phone joined: iPhone, Safari, number" in desk
    assert answer["match"] in desk
    gp.post(f"/pairings/{made.pairing_id}/confirmation")
    state = phone.state()
    assert state["state"] == "confirmed"
    assert state["target"] == "consultation"
    assert state["patient"] == {"initials": "M.T.", "nhiTail": "0016"}

    image_id = send_image(phone, store, bodySite="forearm", laterality="left", waiting=0)
    image = db.session.get_one(Image, UUID(image_id))
    assert image.state == READY
    assert image.owner_id == gp.user_id
    assert image.consultation_id == consultation_id
    assert image.key == f"mobile-uploads/{made.pairing_id}/{image_id}"
    assert (image.body_site, image.laterality) == ("forearm", "left")
    assert image.device == "iPhone, Safari"
    assert store.read(image.key) == JPEG
