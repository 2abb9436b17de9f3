"""No secret, name or NHI where it could be read later: logs, audit, addresses, the phone."""

from __future__ import annotations

import json
import logging

import pytest
from sqlalchemy import select, text

from clinicpro.audit.models import AuditEvent
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from tests.factories import Person, make_consultation, send_image
from tests.phones.phone import Phone, offer, paired

NAME, NHI = "Mere Tāmati", "ZZZ0016"


def test_nothing_is_told_to_who_should_not_hear(
    gp: Person, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make_consultation(gp, NHI, NAME)
    made, phone = offer(gp), Phone(gp.app)
    heard = [phone.get("/m"), phone.redeem(made.secret), phone.redeem(made.secret)]
    gp.post(f"/pairings/{made.pairing_id}/confirmation")
    heard += [phone.get("/m/state"), phone.presign(b"not an image")]
    send_image(phone, store)
    cookie = phone.client.get_cookie("clinicpro-phone-0badcafe")
    assert cookie is not None
    heard += [phone.post("/m/leave"), phone.get("/m/state"), phone.presign(b"late")]

    secrets = [made.secret, cookie.value]
    for answer in heard:
        told = answer.text + json.dumps([one for one in answer.headers if one[0] != "Set-Cookie"])
        for word in (NAME, "Mere", "Tāmati", NHI, *secrets):
            assert word not in told, answer.request.path
    events = [
        f"{one.details} {one.objects} {one.reason}"
        for one in db.session.scalars(select(AuditEvent))
    ]
    for word in (NAME, NHI, *secrets):
        assert word not in caplog.text
        assert word not in "".join(events)
    rows = str(db.session.execute(text("SELECT * FROM pairing")).all())
    for word in secrets:
        assert word not in rows


def test_the_page_and_its_worker_say_nothing_of_anybody(gp: Person) -> None:
    make_consultation(gp, NHI, NAME)
    page = Phone(gp.app).get("/m")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    for word in (NAME, NHI, "Aroha"):
        assert word not in page.text
    with Phone(gp.app).get("/m/sw.js") as worker:
        assert worker.status_code == 200
        assert worker.headers["Service-Worker-Allowed"] == "/m"
        assert worker.headers["Cache-Control"] == "no-cache"
        assert worker.mimetype == "text/javascript"


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Mere Tāmati", "M.T."), ("Te Ariki Ōhia-Brown", "T.A.Ō."), ("Prince", "P."), ("3 Wu", "W.")],
)
def test_a_phone_shows_initials(gp: Person, name: str, initials: str) -> None:
    make_consultation(gp, NHI, name)
    patient = paired(gp).state()["patient"]
    assert patient == {"initials": initials, "nhiTail": "0016"}
