"""The JSON routes of descriptions: ask, watch, stop."""

from __future__ import annotations

import json
import threading
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests.factories import Person, send_image

URL = "/api/clinical-images/analyze"
TEXT = "Left forearm. Superficial abrasion."


@pytest.fixture
def image_id(app: Flask, gp: Person, store: FakeStore) -> str:
    set_policy(SYSTEM, is_on=True, basis="Assessed")
    sent = send_image(gp, store)
    run_due(app)
    return sent


def ask(person: Person, image_id: str, **more: object) -> dict[str, object]:
    answer = person.post(URL, json={"imageId": image_id, "consent": True, **more})
    assert answer.status_code == 202, answer.text
    return dict(answer.get_json()["analysis"])


def test_it_is_asked_for_run_and_read(
    app: Flask, gp: Person, image_id: str, describer: FakeDescriber
) -> None:
    asked = ask(gp, image_id, promptId="wound", context="fell on gravel")
    assert (asked["state"], asked["text"], asked["promptId"]) == ("queued", "", "wound")
    assert asked["imageId"] == image_id
    run_due(app)
    told = gp.get(f"/api/analyses/{asked['id']}").get_json()["analysis"]
    assert (told["state"], told["text"]) == ("finished", TEXT)
    assert told["model"]
    assert told["endedAt"]
    assert told["tokensOut"] > 0
    assert "fell on gravel" in describer.saw[0].text
    assert gp.get("/api/clinical-images/list").get_json()["images"][0]["analysed"] is True


def test_the_key_will_do_instead_of_the_id(gp: Person, image_id: str) -> None:
    key = db.session.get_one(Image, UUID(image_id)).key
    answer = gp.post(URL, data={"imageKey": key, "consent": "true"})
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/analyses/{answer.get_json()['analysis']['id']}"


def test_a_second_click_is_the_same_run(gp: Person, image_id: str) -> None:
    assert ask(gp, image_id)["id"] == ask(gp, image_id)["id"]


def test_without_consent_nothing_is_sent(
    app: Flask, gp: Person, image_id: str, describer: FakeDescriber
) -> None:
    for more in ({}, {"consent": False}):
        answer = gp.post(URL, json={"imageId": image_id, **more})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "consent")
    run_due(app)
    assert describer.saw == []


def test_switched_off_nothing_is_sent(
    app: Flask, gp: Person, image_id: str, describer: FakeDescriber
) -> None:
    set_policy(SYSTEM, is_on=False, basis="")
    answer = gp.post(URL, json={"imageId": image_id, "consent": True})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "off")
    run_due(app)
    assert describer.saw == []


@pytest.mark.parametrize(
    "changes",
    [
        {"imageId": "x"},
        {"imageId": None},
        {"imageKey": "both"},
        {"promptId": "diagnosis"},
        {"context": "x" * 2001},
        {"prompt": 5},
        {"consent": "perhaps"},
        {"findings": "Melanoma."},
        {"imageBytes": "AAAA"},
    ],
)
def test_what_cannot_be_meant_is_refused(
    gp: Person, image_id: str, changes: dict[str, object]
) -> None:
    body = {"imageId": image_id, "consent": True, **changes}
    answer = gp.post(URL, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")


def test_a_queued_one_is_stopped(
    app: Flask, gp: Person, image_id: str, describer: FakeDescriber
) -> None:
    asked = ask(gp, image_id)
    told = gp.post(f"/api/analyses/{asked['id']}/stop").get_json()["analysis"]
    assert told["state"] == "stopped"
    assert told["message"]
    run_due(app)
    assert describer.saw == []


def test_as_a_stream_it_says_the_text_and_then_the_end(
    app: Flask, gp: Person, image_id: str
) -> None:
    answer = gp.post(
        URL,
        json={"imageId": image_id, "consent": True},
        headers={"Accept": "text/event-stream"},
    )
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    worker = threading.Thread(target=run_due, args=(app,))
    worker.start()
    frames = [frame for frame in answer.text.split("\n\n") if frame.startswith("event: ")]
    worker.join()
    events = [tuple(line.split(": ", 1)[1] for line in frame.split("\n")) for frame in frames]
    assert {name for name, _ in events[:-2]} <= {"text"}
    assert [name for name, _ in events[-2:]] == ["end", "closed"]
    assert json.loads(events[0][1]) == {"text": ""}
    assert json.loads(events[-2][1])["analysis"]["text"] == TEXT


def test_somebody_elses_is_the_404_of_an_unknown_id(
    gp: Person, colleague: Person, image_id: str, describer: FakeDescriber
) -> None:
    theirs = ask(gp, image_id)["id"]
    for analysis_id in (theirs, uuid4()):
        assert colleague.get(f"/api/analyses/{analysis_id}").status_code == 404
        assert colleague.post(f"/api/analyses/{analysis_id}/stop").status_code == 404
    for one in (image_id, str(uuid4())):
        assert colleague.post(URL, json={"imageId": one, "consent": True}).status_code == 404
    assert gp.get(f"/api/analyses/{theirs}").get_json()["analysis"]["state"] == "queued"


def test_a_nurse_may_not_ask(nurse: Person, store: FakeStore) -> None:
    answer = nurse.post(URL, json={"imageId": send_image(nurse, store), "consent": True})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")
