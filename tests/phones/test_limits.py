"""Who tries codes, or makes them without end, is told to wait, and for how long."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_urlsafe
from uuid import UUID

from clinicpro.accounts.models import Throttle
from clinicpro.db import db, transaction
from clinicpro.images.models import Image
from clinicpro.phones.operations import MOST_CODES
from clinicpro.phones.sending import MOST_IMAGES
from tests.factories import JPEG, Person
from tests.phones.phone import Phone, offer, paired


def test_guessing_codes_is_slowed(gp: Person) -> None:
    phone = Phone(gp.app)
    answers = [phone.redeem(token_urlsafe(32)) for _ in range(21)]
    assert [one.status_code for one in answers[:20]] == [410] * 20
    refused = answers[20]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.get_json()["code"] == "wait"


def test_who_waited_may_scan(gp: Person) -> None:
    phone, secret = Phone(gp.app), offer(gp).secret
    for _ in range(20):
        phone.redeem(token_urlsafe(32))
    assert phone.redeem(secret).status_code == 429
    with transaction():
        row = db.session.get_one(Throttle, "redeem:127.0.0.1")
        assert row.wait_until is not None
        row.wait_until -= timedelta(seconds=61)
    assert phone.redeem(secret).status_code == 200


def test_making_codes_without_end_is_slowed(gp: Person) -> None:
    for _ in range(MOST_CODES):
        offer(gp)
    refused = gp.post("/pairings", headers={"HX-Request": "true"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_a_phone_out_of_hand_fills_no_disk(gp: Person) -> None:
    phone = paired(gp)
    image_id = phone.presign(JPEG).get_json()["imageId"]
    with transaction():
        first = db.session.get_one(Image, UUID(image_id))
        for number in range(MOST_IMAGES - 1):
            db.session.add(
                Image(
                    owner_id=first.owner_id,
                    pairing_id=first.pairing_id,
                    key=f"test/{number}",
                    filename="a.jpg",
                    mime_type="image/jpeg",
                    size=1,
                    sha256=str(number),
                )
            )
    refused = phone.presign(JPEG + b"more")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
