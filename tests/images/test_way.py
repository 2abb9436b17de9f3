"""One image's way, from the presign to Saved, and what is turned away."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from clinicpro.db import db, transaction
from clinicpro.gateways import Gateways, ImageRejected
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.expecting import Sending, expect_image
from clinicpro.images.models import Image
from clinicpro.images.receiving import PATIENCE, adopt, receive
from tests.factories import JPEG, Person, make_consultation


def sending(content: bytes, **more: object) -> Sending:
    from clinicpro.gateways.fakes import sha256_of

    fields = {"filename": "a.jpg", "mime_type": "image/jpeg", "size": len(content)}
    return Sending(sha256=sha256_of(content), **{**fields, **more})  # type: ignore[arg-type]


def gateways_of(app: Flask) -> Gateways:
    found = app.extensions["gateways"]
    assert isinstance(found, Gateways)
    return found


def test_an_image_is_saved_byte_for_byte(app: Flask, gp: Person) -> None:
    gateways = gateways_of(app)
    store = gateways.store
    consultation_id = make_consultation(gp)
    expected = expect_image(gp.actor, sending(JPEG, consultation_id=consultation_id), store, None)
    assert expected.put is not None
    assert store.put(expected.put.path, expected.put.headers, JPEG) == 200  # type: ignore[attr-defined]
    receive(gp.actor, expected.image_id, gateways)
    image = db.session.scalars(select(Image)).one()
    assert (image.state, image.width, image.height) == ("ready", 640, 480)
    assert store.read(image.key) == JPEG
    assert store.read(image.thumb_key)[:2] == b"\xff\xd8"
    again = expect_image(gp.actor, sending(JPEG, consultation_id=consultation_id), store, None)
    assert again.is_duplicate
    assert again.image_id == expected.image_id


def test_what_is_no_image_is_rejected_in_words_and_its_bytes_go(app: Flask, gp: Person) -> None:
    gateways = gateways_of(app)
    content = b"%PDF-1.7 not an image" * 10
    expected = expect_image(gp.actor, sending(content), gateways.store, None)
    assert expected.put is not None
    gateways.store.put(expected.put.path, expected.put.headers, content)  # type: ignore[attr-defined]
    with pytest.raises(ImageRejected, match="PDF"):
        receive(gp.actor, expected.image_id, gateways)
    assert gateways.store.find(expected.key) is None
    assert db.session.get_one(Image, expected.image_id).state == "rejected"


def test_other_bytes_than_were_announced_are_rejected_and_go(
    app: Flask, gp: Person, store: FakeStore
) -> None:
    gateways = gateways_of(app)
    expected = expect_image(gp.actor, sending(JPEG), store, None)
    other = JPEG[:-2] + b"\x00\x00"  # of the same length
    store.write(expected.key, other, "image/jpeg")
    with pytest.raises(ImageRejected, match="not what was sent"):
        receive(gp.actor, expected.image_id, gateways)
    assert store.find(expected.key) is None
    assert db.session.get_one(Image, expected.image_id).state == "rejected"


def test_an_image_whose_receipt_never_came_is_adopted(app: Flask, gp: Person) -> None:
    gateways = gateways_of(app)
    expected = expect_image(gp.actor, sending(JPEG), gateways.store, None)
    assert expected.put is not None
    gateways.store.put(expected.put.path, expected.put.headers, JPEG)  # type: ignore[attr-defined]
    with transaction():
        image = db.session.get_one(Image, expected.image_id)
        image.signed_at -= PATIENCE * 2
    assert adopt(gateways) == 1
    assert db.session.get_one(Image, expected.image_id).state == "ready"
