"""A prompt is tried on a picture of our own: what is sent, what it counts, where it never shows."""

from __future__ import annotations

import io
import threading
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from clinicpro.analyses.models import RUNNING, Analysis
from clinicpro.analyses.prompts import Prompt, PromptTrial
from clinicpro.analyses.queries import used_today
from clinicpro.analyses.samples import SAMPLES
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db, transaction
from clinicpro.gateways import DescriberError
from clinicpro.gateways.fakes import FakeDescriber
from clinicpro.web import ROOT
from clinicpro.worker import handlers, run_due
from tests.analyses.asking import HTMX, eventually, recorded, working
from tests.factories import Person

FORM = {
    "title": "Mole",
    "text": "Describe the mole on the {site} of {age} years.",
    "sample": "mole",
}


@pytest.fixture(autouse=True)
def on(app: Flask) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed")
    db.session.rollback()


def try_out(person: Person, **more: str) -> TestResponse:
    return person.post("/prompts/trials", data={**FORM, **more}, headers=HTMX)


def the_trial() -> PromptTrial:
    db.session.rollback()
    return db.session.scalars(select(PromptTrial)).one()


def count(kind: type[Analysis] | type[Prompt]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def test_it_runs_on_the_sample_and_is_saved_nowhere_else(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    prompts = count(Prompt)
    asked = try_out(gp)
    assert asked.status_code == 201
    assert "Looking at the sample" in asked.text
    assert describer.saw == []  # the web process does not call the model
    run_due(app)
    [question] = describer.saw
    assert [one.jpeg for one in question.images] == [sample("mole")]
    assert question.text.startswith("Describe the mole on the back of 47 years.")
    assert "documentation aid" in question.system
    shown = gp.get(f"/prompts/trials/{the_trial().id}", headers=HTMX).text
    assert "Left forearm. Superficial abrasion." in shown
    assert "In no note" in shown
    assert "hx-trigger" not in shown
    assert (count(Analysis), count(Prompt)) == (0, prompts)


def sample(slug: str) -> bytes:
    return (ROOT / "static/img/samples" / f"{slug}.jpg").read_bytes()


def test_one_that_compares_gets_the_one_sample_that_was_drawn_twice(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    try_out(gp, is_comparing="y", sample="ring")
    run_due(app)
    images = describer.saw[0].images
    assert [one.jpeg for one in images] == [sample("mole-earlier"), sample("mole")]
    assert "the earlier one" in images[0].label
    page = gp.get(f"/prompts/trials/{the_trial().id}", headers=HTMX).text
    assert page.index("mole-earlier.jpg") < page.index("mole.jpg")


def test_every_sample_is_a_small_plain_picture() -> None:
    for slug in [*SAMPLES, "mole-earlier"]:
        content = sample(slug)
        with Picture.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (800, 600))
            assert not picture.getexif()
        assert len(content) < 100_000


def test_it_counts_like_a_description_in_runs_and_in_money(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", daily_runs=2)
    assert try_out(gp).status_code == 201
    at_most = used_today(gp.actor.id)
    run_due(app)
    db.session.rollback()  # look anew
    used = used_today(gp.actor.id)
    assert (at_most.runs, used.runs) == (1, 1)
    assert 0 < used.cost < at_most.cost
    try_out(gp)
    run_due(app)
    refused = try_out(gp)
    assert (refused.status_code, "2 descriptions are used" in refused.text) == (409, True)
    run_due(app)
    assert len(describer.saw) == 2


def test_off_nothing_is_sent_and_it_says_so(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    try_out(gp)
    set_policy(SYSTEM, is_on=False, basis="")
    run_due(app)
    assert (the_trial().state, the_trial().cost) == ("failed", 0)
    refused = try_out(gp)
    assert (refused.status_code, "Descriptions are off" in refused.text) == (409, True)
    page = gp.get("/prompts/new").text
    assert "It can’t be tried now" in page
    assert "formaction" not in page
    assert describer.saw == []
    assert "prompt.send" not in [event.action for event in recorded()]


def test_a_second_click_is_the_same_trial_and_another_has_to_wait(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    assert [try_out(gp).status_code for _ in range(2)] == [201, 201]
    assert try_out(gp, text="Something else.").status_code == 409
    run_due(app)
    assert len(describer.saw) == 1


def test_words_that_cannot_be_saved_are_not_tried(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    refused = try_out(gp, text="Describe {name}.")
    assert (refused.status_code, "There is no {name}." in refused.text) == (422, True)
    assert 'id="trial"' in refused.text
    assert try_out(gp, sample="patient").status_code == 422
    run_due(app)
    assert describer.saw == []


def test_a_call_that_fails_says_why_and_a_dead_worker_interrupts(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    describer.pieces, describer.fails = ["Half a"], DescriberError("It was cut off.", "cut")
    try_out(gp)
    run_due(app)
    assert (the_trial().state, the_trial().answer) == ("incomplete", "Half a")
    page = gp.get(f"/prompts/trials/{the_trial().id}", headers=HTMX).text
    assert "It broke off" in page
    assert "It was cut off." in page


def test_a_worker_that_died_leaves_it_interrupted(app: Flask, gp: Person) -> None:
    try_out(gp)
    handlers()["try"].give_up(str(the_trial().id))  # type: ignore[misc]
    assert the_trial().state == "interrupted"
    run_due(app)
    assert the_trial().state == "interrupted"


def test_a_job_that_comes_twice_neither_asks_again_nor_ends_the_trial_under_way(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    try_out(gp)
    trial_id = the_trial().id
    with transaction():
        db.session.get_one(PromptTrial, trial_id).state = RUNNING
    handlers()["try"].run(str(trial_id))
    assert the_trial().state == RUNNING
    assert describer.saw == []


def test_a_manager_tries_the_practices_and_nobody_sees_anothers(
    app: Flask, manager: Person, nurse: Person, gp: Person, auditor: Person
) -> None:
    assert try_out(manager, shelf="practice").status_code == 201
    assert try_out(nurse).status_code == 201
    assert try_out(gp, shelf="practice").status_code == 403
    assert try_out(auditor).status_code == 403
    db.session.rollback()
    for trial in db.session.scalars(select(PromptTrial)).all():
        trial_id: UUID = trial.id
        assert gp.get(f"/prompts/trials/{trial_id}", headers=HTMX).status_code == 404


def test_without_htmx_the_editor_comes_back_with_the_trial_in_it(app: Flask, gp: Person) -> None:
    answer = gp.post("/prompts/trials", data=FORM)
    assert answer.status_code == 303
    run_due(app)
    page = gp.get(answer.headers["Location"]).text
    assert "Left forearm. Superficial abrasion." in page
    assert 'value="Mole"' in page
    assert "Describe the mole on the {site}" in page
    refused = gp.post("/prompts/trials", data={**FORM, "text": "{x}"})
    assert (refused.status_code, 'id="text-error"' in refused.text) == (422, True)


def test_what_was_tried_is_recorded_with_bytes_and_without_words(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    try_out(gp)
    run_due(app)
    by_action = {event.action: event for event in recorded()}
    assert by_action["prompt.try"].actor == str(gp.user_id)
    sent = by_action["prompt.send"].details
    assert sent["bytes"] == str(sum(len(one.jpeg) for one in describer.saw[0].images))
    assert by_action["prompt.end"].outcome == "finished"
    assert not any("Mole" in str(event.details) for event in recorded())


def stop(person: Person) -> TestResponse:
    return person.post(f"/prompts/trials/{the_trial().id}/stop", headers=HTMX)


def test_stop_ends_one_that_runs_within_a_second_and_says_what_it_cost_at_most(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    describer.waits_before = {1: threading.Event()}
    try_out(gp)
    reserved = the_trial().cost
    with working(app):
        eventually(lambda: the_trial().state == "running" and describer.saw)
        clicked = stop(gp)
        assert (clicked.status_code, "Stopping" in clicked.text) == (200, True)
        assert eventually(lambda: the_trial().state == "stopped", within=2) < 1
        stop(gp)  # a second click changes nothing
    assert describer.stopped == 1
    trial = the_trial()
    assert (trial.answer, trial.tokens_out, trial.cost) == ("Left forearm. ", None, reserved)
    page = gp.get(f"/prompts/trials/{trial.id}", headers=HTMX).text
    assert "You stopped it" in page
    assert "Counted like a description: at most 1." in page
    assert "trial-stop" not in page
    by_action = [(event.action, event.actor) for event in recorded()]
    assert by_action.count(("prompt.stop", str(gp.user_id))) == 1
    assert recorded()[-1].outcome == "stopped"


def test_stopped_before_it_began_nothing_is_sent_and_nothing_counted_in_money(
    app: Flask, gp: Person, describer: FakeDescriber
) -> None:
    assert 'id="trial-stop"' in try_out(gp).text
    assert "It had not been sent yet." in stop(gp).text
    run_due(app)
    assert (the_trial().state, the_trial().cost, describer.saw) == ("stopped", 0, [])
    assert try_out(gp, text="Something else.").status_code == 201  # the way is free again


def test_one_that_was_asked_to_stop_ends_with_the_worker_that_died(app: Flask, gp: Person) -> None:
    try_out(gp)
    with transaction():
        db.session.get_one(PromptTrial, the_trial().id).state = RUNNING
    stop(gp)
    assert try_out(gp, text="Something else.").status_code == 409
    handlers()["try"].give_up(str(the_trial().id))  # type: ignore[misc]
    assert the_trial().state == "interrupted"


def test_only_ones_own_is_stopped_and_without_scripts_the_editor_comes_back(
    gp: Person, colleague: Person
) -> None:
    try_out(gp)
    path = f"/prompts/trials/{the_trial().id}"
    assert colleague.post(f"{path}/stop").status_code == 404
    assert the_trial().is_open
    answer = gp.post(f"{path}/stop")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
