"""People who act through HTTP as a browser would, and things they have made."""

from __future__ import annotations

from contextvars import Context
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinicpro.accounts.models import User
from clinicpro.accounts.operations import NewUser, create_user
from clinicpro.accounts.permissions import Actor
from clinicpro.consultations.operations import start_consultation
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore, sha256_of
from clinicpro.patients.operations import Identity
from tests.corpus import skin_jpeg

PASSWORD = "gravel kowhai teapot"
JPEG = skin_jpeg(640, 480)


class Person:
    """A browser of one person: keeps the cookie, sends the CSRF token with what changes."""

    def __init__(self, app: Flask, user_id: UUID | None) -> None:
        self.app = app
        self.user_id = user_id
        self.client: FlaskClient = app.test_client()

    @property
    def actor(self) -> Actor:
        user = db.session.get_one(User, self.user_id)
        return Actor(id=user.id, roles=user.roles, name=user.name, email=user.email)

    def token(self) -> str:
        return str(self.get("/login/token").get_json()["csrfToken"])

    def get(self, path: str, **options: object) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: object) -> TestResponse:
        return self.send("POST", path, **options)

    def send(self, method: str, path: str, **options: object) -> TestResponse:
        headers = {"X-CSRFToken": self.token(), **dict(options.pop("headers", {}))}  # type: ignore[call-overload]
        return self.open(path, method=method, headers=headers, **options)

    def open(self, path: str, **options: object) -> TestResponse:
        """One request with an app context of its own, as a server gives it: Flask would reuse the
        test's, and with it whoever was signed in there."""
        db.session.rollback()  # look anew afterwards
        return Context().run(lambda: self.client.open(path, **options))  # type: ignore[arg-type]

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", data={"email": email, "password": password})


def make_person(app: Flask, email: str, name: str, *roles: str) -> Person:
    user_id = create_user(NewUser(email, name, PASSWORD), set(roles))
    person = Person(app, user_id)
    assert person.sign_in(email).status_code == 303
    return person


def make_consultation(person: Person, nhi: str = "ZZZ0016", name: str = "Mere Tāmati") -> UUID:
    return start_consultation(person.actor, Identity(nhi, name, None))


@dataclass
class Sent:
    """What came of a presign: the answer, and the image's id."""

    image_id: str
    answer: dict[str, object]


def presign(person: Person, content: bytes, **more: object) -> TestResponse:
    body = {
        "filename": "IMG_1.jpg",
        "mimeType": "image/jpeg",
        "size": len(content),
        "sha256": sha256_of(content),
        **more,
    }
    return person.post("/api/uploads/presign", json=body)


def send_image(person: Person, store: FakeStore, content: bytes = JPEG, **more: object) -> str:
    """Send an image the whole way; gives its id."""
    answer = presign(person, content, **more).get_json()
    path = answer["uploadUrl"].split("localhost", 1)[-1]
    assert store.put(path, answer["headers"], content) == 200
    receipt = person.post(f"/api/uploads/{answer['imageId']}/receipt")
    assert receipt.status_code == 200, receipt.text
    return str(answer["imageId"])


def user_named(email: str) -> User:
    return db.session.scalars(select(User).where(User.email == email)).one()
