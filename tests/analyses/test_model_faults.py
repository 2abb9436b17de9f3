"""Every way in which the model fails, the whole way: from the click to the words for the GP."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from flask import Flask

from clinicpro.analyses.queries import policy
from clinicpro.analyses.switching import resume, set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, described, recorded, the_run
from tests.analyses.claude import describer, model
from tests.factories import Person
from tests.model_server import ModelServer
from tests.scenarios import WORDS

__all__ = ["describer", "model"]
BEGUN = "Left forearm. Superficial abrasion, "
NOT_WHOLE = "ended before it was complete"


@pytest.mark.parametrize(
    ("scenario", "state", "text", "words", "tries"),
    [
        ("400", "failed", "", "did not accept the request", 1),
        ("401", "failed", "", "refused this practice&#39;s key", 1),
        ("402", "failed", "", "no credit", 1),
        ("403", "failed", "", "refused this practice&#39;s key", 1),
        ("404", "failed", "", "does not know the model claude-sonnet-5-5", 1),
        ("413", "failed", "", "too large for the model", 1),
        ("limited", "failed", "", "busy right now", 3),
        ("limited-1h", "failed", "", "busy right now", 1),
        ("500", "failed", "", "busy right now", 3),
        ("503", "failed", "", "busy right now", 3),
        ("busy", "failed", "", "busy right now", 3),
        ("moved", "failed", "", "did not accept the request", 1),
        ("silent", "failed", "", "took too long", 1),
        ("cut", "incomplete", BEGUN, "broke off", 1),
        ("cut-at-once", "failed", "", "broke off", 1),
        ("truncated", "incomplete", BEGUN, NOT_WHOLE, 1),
        ("corrupt", "incomplete", BEGUN, "arrived damaged", 1),
        ("garbled", "incomplete", BEGUN, NOT_WHOLE, 1),
        ("stall", "incomplete", BEGUN, "took too long", 1),
        ("stall-at-once", "failed", "", "took too long", 1),
        ("error", "incomplete", BEGUN, "too busy to go on", 1),
        ("error-at-once", "failed", "", "too busy to go on", 1),
        ("empty", "failed", "", "without a word", 1),
        ("max-tokens", "incomplete", WORDS, "grew longer", 1),
        ("window", "incomplete", WORDS, "grew longer", 1),
        ("refusal", "refused", "", "Try other words", 1),
    ],
)
def test_a_failure_ends_in_words_without_a_second_billed_call(
    app: Flask,
    gp: Person,
    image_id: UUID,
    model: ModelServer,
    scenario: str,
    state: str,
    text: str,
    words: str,
    tries: int,
) -> None:
    model.play(scenario)
    run_id = described(app, gp, image_id)
    assert (the_run().state, the_run().text) == (state, text)
    page = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert words in page
    assert "Accept into the note" not in page
    assert "Try again" in page or "Run again" in page
    assert gp.post(f"/analyses/{run_id}/note-entry", data={"findings": "x"}).status_code == 409
    assert len(model.requests) == tries == model.connections


def test_the_button_is_back_and_works(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    model.play("500", "500", "500", "answer")
    described(app, gp, image_id)
    assert "Describe this image" in gp.get(f"/images/{image_id}/analyses/new").text
    assert ask(gp, image_id).status_code == 201
    run_due(app)
    latest = gp.get(f"/images/{image_id}").text
    assert "Draft description" in latest
    assert WORDS in latest


def test_a_wait_that_was_asked_for_is_kept(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    model.play("limited-1s", "answer")
    described(app, gp, image_id)
    first, second = model.requests
    assert 1 <= second.at - first.at < 2.5
    assert (the_run().state, the_run().text) == ("finished", WORDS)


def test_an_endless_answer_is_cut(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    model.play("endless")
    described(app, gp, image_id)
    assert (the_run().state, len(the_run().text)) == ("incomplete", 20_000)
    assert model.requests[0].ended.wait(2)


def test_a_refused_key_pauses_descriptions_and_the_manager_is_told(
    app: Flask, gp: Person, manager: Person, image_id: UUID, model: ModelServer
) -> None:
    model.play("401", "answer")
    described(app, gp, image_id)
    assert [one.action for one in recorded()].count("ai.pause") == 1
    answer = ask(gp, image_id)
    assert (answer.status_code, "the key was refused" in answer.text) == (409, True)
    assert "paused" in gp.get(f"/images/{image_id}/analyses/new").text
    assert "refused the practice’s key" in manager.get("/practice").text
    run_due(app)
    assert len(model.requests) == 1  # nobody goes on asking with it
    set_policy(SYSTEM, is_on=True, basis="Assessed")
    assert ask(gp, image_id).status_code == 201


def test_a_new_start_tries_the_key_again(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    model.play("403")
    described(app, gp, image_id)
    db.session.rollback()
    assert policy().paused_at is not None
    resume()
    db.session.rollback()
    assert policy().paused_at is None
    assert recorded()[-1].action == "ai.resume"


def test_two_clicks_are_one_call(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    ask(gp, image_id)
    ask(gp, image_id)
    run_due(app)
    ask_id = the_run().id
    gp.get(f"/analyses/{ask_id}", headers=HTMX)
    gp.get(f"/analyses/{ask_id}/stream").close()
    run_due(app)
    assert (len(model.requests), model.connections) == (1, 1)


def test_the_bytes_that_arrive_are_the_bytes_that_were_audited(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    described(app, gp, image_id)
    [event] = [one for one in recorded() if one.action == "analysis.send"]
    [seen] = model.requests
    assert event.details["sha256"] == hashlib.sha256(seen.image).hexdigest()
    assert event.details["bytes"] == str(len(seen.image))
    assert event.details["region"] == "default"
