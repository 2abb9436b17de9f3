"""Every route has a permission, every role meets it, and nobody reaches a colleague's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from clinicpro.accounts.permissions import PERMISSIONS, PHONE, PUBLIC, ROUTES
from clinicpro.analyses.editing import Words, create_prompt
from clinicpro.analyses.library import own_shelf
from clinicpro.analyses.trials import start_trial
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import Image
from clinicpro.notes.accepting import accept
from clinicpro.notes.models import Finding
from clinicpro.worker import run_due
from tests.describing import described, image_to_describe, turn_on
from tests.factories import Person
from tests.phones.phone import offer, paired

OPEN_TO_ALL = {
    "static",
    "health.healthz",
    "health.readyz",
    "accounts.sign_in",
    "accounts.create_sign_in",
    "accounts.token",
    "accounts.setup",
    "accounts.create_first",
    "capture.show",
    "capture.service_worker",
    "capture.state",
    "capture.redeem",
    "trust.index",
    "trust.certificate",
    "trust.certificate_pem",
    "trust.apple_profile",
}
SCOPED = {
    "image_id",
    "consultation_id",
    "analysis_id",
    "finding_id",
    "pairing_id",
    "prompt_id",
    "trial_id",
}  # a person's own rows
SHARED = {"patient_id", "user_id", "phone_id"}  # the practice's
LAST = (
    "phones.end",
    "images.restore",
    "consultations.finish",
    "notes.remove_finding",
    "images.trash",
)


@dataclass(frozen=True)
class Call:
    """One method of one route."""

    endpoint: str
    method: str
    rule: Rule

    def path(self, ids: dict[str, UUID]) -> str:
        found = self.rule.rule
        for name in self.rule.arguments:
            found = found.replace(f"<uuid:{name}>", str(ids.get(name) or uuid4()))
        assert "<" not in found, self.rule
        return found

    def by(self, person: Person, ids: dict[str, UUID]) -> int:
        answer = person.send(self.method, self.path(ids))
        answer.close()  # streams would go on
        return answer.status_code

    @property
    def is_phones_own(self) -> bool:
        return PERMISSIONS[ROUTES[self.endpoint]].roles == {PHONE}

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


def calls(app: Flask) -> Iterator[Call]:
    """All of them behind the sign-in; what would change the way of the others comes last."""
    found = [
        Call(rule.endpoint, method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
        if method not in ("HEAD", "OPTIONS") and ROUTES.get(rule.endpoint) != PUBLIC
    ]
    yield from sorted(
        found,
        key=lambda call: (
            call.endpoint == "accounts.sign_out",
            LAST.index(call.endpoint) if call.endpoint in LAST else -1,
            call.method != "GET",
        ),
    )


@pytest.fixture
def ids(gp: Person, store: FakeStore) -> dict[str, UUID]:
    """One row of each kind, all the GP's own."""
    turn_on()
    image_id = image_to_describe(gp, store)
    analysis_id = described(gp, image_id)
    consultation_id = accept(gp.actor, analysis_id, "An abrasion.")
    finding_id = db.session.scalars(select(Finding.id)).one()
    pairing_id = offer(gp).pairing_id
    db.session.rollback()
    return {
        "image_id": image_id,
        "analysis_id": analysis_id,
        "consultation_id": consultation_id,
        "finding_id": finding_id,
        "pairing_id": pairing_id,
        **prompt_ids(gp),
    }


def prompt_ids(gp: Person) -> dict[str, UUID]:
    """A prompt of the GP's own, and a trial of it."""
    shelf, words = own_shelf(gp.actor), Words("Mole", "Describe the mole.")
    prompt_id = create_prompt(gp.actor, shelf, words)
    trial_id = start_trial(gp.actor, shelf, words, "mole", prompt_id)
    run_due(gp.app)
    db.session.rollback()
    return {"prompt_id": prompt_id, "trial_id": trial_id}


def test_routes_and_rows_are_the_same(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == ROUTES.keys()
    assert {name for name in ROUTES.values() if name != PUBLIC} <= PERMISSIONS.keys()


def test_only_these_are_open_to_all() -> None:
    assert {endpoint for endpoint, name in ROUTES.items() if name == PUBLIC} == OPEN_TO_ALL


def test_every_id_in_a_path_is_somebodys(app: Flask) -> None:
    names = {name for call in calls(app) for name in call.rule.arguments}
    assert names <= SCOPED | SHARED


@pytest.mark.usefixtures("gp")
def test_nobody_gets_in_anywhere(app: Flask, nobody: Person) -> None:
    passed = [str(call) for call in calls(app) if call.by(nobody, {}) not in (303, 401)]
    assert passed == []


@pytest.mark.usefixtures("gp")
def test_nobody_is_sent_to_the_sign_in(app: Flask, nobody: Person) -> None:
    for call in calls(app):
        with nobody.send(call.method, call.path({})) as answer:
            if answer.status_code == 303:
                assert answer.headers["Location"].startswith("/login"), str(call)


@pytest.mark.parametrize("role", ["gp", "nurse", "manager", "auditor"])
def test_a_role_meets_its_permissions_and_no_more(
    app: Flask, role: str, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(role)
    for call in calls(app):
        status = call.by(person, {})
        if call.is_phones_own:
            assert status == 401, f"{call}: no sign-in counts there"
            continue
        may = role in PERMISSIONS[ROUTES[call.endpoint]].roles
        assert (status != 403) is may, f"{call}: {status}"
        assert status < 500, str(call)
        assert status != 401, str(call)


def test_a_colleague_finds_nothing_and_the_owner_everything(
    app: Flask, gp: Person, colleague: Person, ids: dict[str, UUID]
) -> None:
    scoped = [call for call in calls(app) if call.rule.arguments & SCOPED]
    assert len(scoped) > 20
    reached = {str(call): call.by(colleague, ids) for call in scoped}
    assert {call: status for call, status in reached.items() if status != 404} == {}
    for call in scoped:
        status = call.by(gp, ids)
        assert status not in (401, 403, 404), f"{call}: {status}"
        assert status < 500, str(call)


def test_a_phone_reaches_its_own_routes_and_is_told_of_no_other(
    app: Flask, gp: Person, ids: dict[str, UUID]
) -> None:
    phone = paired(gp)
    reached = {str(call): call.by(phone, ids) for call in calls(app) if not call.is_phones_own}
    assert {call for call, status in reached.items() if status != 404} == {
        "GET /api/uploads/presign",
        "POST /api/uploads/presign",
    }
    assert phone.get("/no-such-place").status_code == 404
    assert phone.state()["state"] == "confirmed"


def test_ids_in_queries_and_bodies_are_scoped_too(
    gp: Person, colleague: Person, ids: dict[str, UUID]
) -> None:
    image, session = str(ids["image_id"]), str(ids["consultation_id"])
    key = db.session.get_one(Image, ids["image_id"]).key
    upload = {"filename": "a.jpg", "mimeType": "image/jpeg", "size": 9, "sha256": "A" * 43 + "="}
    asked = [
        ("GET", f"/api/uploads/download?id={image}", None),
        ("GET", f"/api/uploads/download?key={key}", None),
        ("GET", f"/api/clinical-images/list?sessionId={session}", None),
        ("POST", "/api/clinical-images/analyze", {"imageId": image, "consent": True}),
        ("POST", "/api/clinical-images/analyze", {"imageKey": key, "consent": True}),
        ("POST", "/api/uploads/presign", {**upload, "sessionId": session}),
    ]
    for method, path, body in asked:
        assert colleague.send(method, path, json=body).status_code == 404, path
        assert gp.send(method, path, json=body).status_code < 300, path
        run_due(gp.app)  # one description at a time
