"""A phone as its page acts: it reads the code, keeps cookie and CSRF token, and knows only JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import zxingcpp
from flask import Flask
from PIL import Image, ImageDraw
from werkzeug.test import TestResponse

from tests.factories import Person, presign

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
MODULE = 6  # pixels


class Phone(Person):
    """A phone in somebody's hand; nobody is signed in on it."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app, None)
        self.client.environ_base["HTTP_USER_AGENT"] = IPHONE

    def token(self) -> str:
        return str(self.state()["csrfToken"])

    def state(self) -> dict[str, object]:
        answer = self.get("/m/state")
        assert answer.status_code == 200, answer.text
        found = answer.get_json()
        assert isinstance(found, dict)
        return found

    def redeem(self, secret: str) -> TestResponse:
        return self.open("/m/redeem", method="POST", json={"secret": secret})

    def presign(self, content: bytes, **more: object) -> TestResponse:
        return presign(self, content, **more)

    def receipt(self, image_id: object, **more: object) -> TestResponse:
        return self.post(f"/api/uploads/{image_id}/receipt", json=more)


@dataclass(frozen=True)
class Offer:
    """What the desk shows: the code's address is what a phone would open."""

    pairing_id: UUID
    address: str

    @property
    def secret(self) -> str:
        return urlsplit(self.address).fragment


def offer(person: Person) -> Offer:
    """A new code, as the desk's button makes it."""
    page = person.post("/pairings", headers={"HX-Request": "true"})
    assert page.status_code == 200, page.text
    found = re.search(r'id="pairing-([0-9a-f-]{36})"', page.text)
    assert found
    return Offer(UUID(found[1]), read_code(page.text))


def read_code(html: str) -> str:
    """The text of the QR code in the page, read as a phone's camera would."""
    side = int(re.findall(r'viewBox="0 0 (\d+) \1"', html)[0])
    drawn = Image.new("L", (side * MODULE, side * MODULE), 255)
    draw = ImageDraw.Draw(drawn)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", html):
        left, top = int(x) * MODULE, int(y) * MODULE
        draw.rectangle((left, top, left + MODULE - 1, top + MODULE - 1), fill=0)
    (code,) = zxingcpp.read_barcodes(drawn)
    return str(code.text)


def paired(person: Person) -> Phone:
    """A phone that scanned the person's code and was confirmed at the desk."""
    made, phone = offer(person), Phone(person.app)
    assert phone.redeem(made.secret).status_code == 200
    confirmed = person.post(f"/pairings/{made.pairing_id}/confirmation")
    assert confirmed.status_code == 303, confirmed.text
    assert phone.state()["state"] == "confirmed"
    return phone
