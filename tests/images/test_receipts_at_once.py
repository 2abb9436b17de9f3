"""Two receipts for one image: whichever is late takes nothing back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from clinicpro.db import db, transaction
from clinicpro.gateways import Decoded, DecoderDown, Derivatives, Gateways, ImageRejected
from clinicpro.images.expecting import expect_image
from clinicpro.images.models import Image
from clinicpro.images.receiving import adopt, receive
from tests.factories import JPEG, Person
from tests.images.test_way import gateways_of, sending


class LateDecoder:
    """A decoder whose answer comes after something else has happened."""

    def __init__(self, before: Callable[[], None], fails: Exception) -> None:
        self.before = before
        self.fails = fails

    def thumb(self, content: bytes) -> Decoded:
        self.before()
        raise self.fails

    def derivatives(self, content: bytes) -> Derivatives:
        raise AssertionError("nobody asks for these here")


def arrived(gp: Person, gateways: Gateways, content: bytes = JPEG) -> UUID:
    expected = expect_image(gp.actor, sending(content), gateways.store, None)
    assert expected.put is not None
    assert gateways.store.put(expected.put.path, expected.put.headers, content) == 200  # type: ignore[attr-defined]
    return expected.image_id


def test_a_late_rejection_leaves_a_saved_image_whole(app: Flask, gp: Person) -> None:
    gateways = gateways_of(app)
    image_id = arrived(gp, gateways)
    late = LateDecoder(
        lambda: receive(gp.actor, image_id, gateways), ImageRejected("Too complex to read safely.")
    )
    receive(gp.actor, image_id, replace(gateways, decoder=late))
    image = db.session.get_one(Image, image_id)
    assert image.state == "ready"
    assert gateways.store.read(image.key) == JPEG


def test_both_hear_the_reason_when_both_reject(app: Flask, gp: Person) -> None:
    gateways = gateways_of(app)
    content = b"%PDF-1.7 not an image" * 10
    image_id = arrived(gp, gateways, content)

    def first() -> None:
        with pytest.raises(ImageRejected):
            receive(gp.actor, image_id, gateways)

    late = LateDecoder(first, ImageRejected("This is a PDF."))
    with pytest.raises(ImageRejected):
        receive(gp.actor, image_id, replace(gateways, decoder=late))
    assert db.session.get_one(Image, image_id).state == "rejected"


def test_one_image_that_cannot_be_read_yet_holds_up_no_other(app: Flask, gp: Person) -> None:
    gateways = gateways_of(app)
    stuck, fine = arrived(gp, gateways, JPEG + b"\0" * 3), arrived(gp, gateways)
    with transaction():
        for number, image_id in enumerate((stuck, fine)):
            image = db.session.get_one(Image, image_id)
            image.signed_at -= timedelta(minutes=2 - number)

    class Stuck:
        def thumb(self, content: bytes) -> Decoded:
            if content != JPEG:
                raise DecoderDown("It did not answer.")
            return gateways.decoder.thumb(content)

        def derivatives(self, content: bytes) -> Derivatives:
            return gateways.decoder.derivatives(content)

    assert adopt(replace(gateways, decoder=Stuck())) == 1
    assert db.session.get_one(Image, fine).state == "ready"
    assert db.session.get_one(Image, stuck).state == "expected"
