"""Asking: what is sent, what is recorded before, and every reason why nothing is sent."""

from __future__ import annotations

import hashlib
import re
import threading
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from clinicpro.analyses.models import Analysis
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db, transaction
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, eventually, recorded, the_run, working
from tests.factories import Person, send_image


def runs() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Analysis.id))) or 0


def test_asking_describes_the_image_behind_the_answer(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    panel = ask(gp, image_id, prompt="wound", question="Depth?", context="fell on gravel")
    assert panel.status_code == 201
    assert f'sse-connect="/analyses/{the_run().id}/stream"' in panel.text
    assert "Waiting its turn" in panel.text
    assert describer.saw == []  # the web process does not call the model
    run_due(app)
    run = the_run()
    assert (run.state, run.text) == ("finished", "Left forearm. Superficial abrasion.")
    assert (run.prompt_slug, run.prompt_version, run.model) == ("wound", 1, "claude-sonnet-5-5")
    assert db.session.get_one(Image, image_id).analysed_at is not None
    page = gp.get(f"/analyses/{run.id}", headers=HTMX).text
    assert "Left forearm. Superficial abrasion." in page
    assert "sse-connect" not in page


def test_only_the_view_and_the_gps_own_words_are_sent(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber, store: FakeStore
) -> None:
    with transaction():
        image = db.session.get_one(Image, image_id)
        image.body_site, image.laterality = "forearm", "left"
    ask(gp, image_id, question="Depth?\x00", context="fell on\r\ngravel")
    run_due(app)
    [question] = describer.saw
    assert question.images[0].jpeg == store.read(f"derivatives/{image_id}/view")
    assert "The doctor asks: Depth?" in question.text
    assert "fell on\ngravel" in question.text
    assert "Left forearm" in question.text
    assert "\x00" not in question.text
    words = question.system + question.text
    assert not [private for private in ("Mere", "ZZZ0016", "IMG_1") if private in words]


def test_consent_and_the_very_bytes_are_recorded_before_they_go(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate = threading.Event()
    describer.waits_before = {0: gate}
    ask(gp, image_id, context="Mere fell")
    with working(app):
        eventually(lambda: describer.saw)
        so_far = [event.action for event in recorded()]
        gate.set()
    assert so_far[-2:] == ["analysis.ask", "analysis.send"]
    by_action = {event.action: event for event in recorded()}
    assert by_action["analysis.ask"].actor == str(gp.user_id)
    assert by_action["analysis.ask"].details == {"prompt": "general v1", "consent": "yes"}
    sent = by_action["analysis.send"].details
    jpeg = describer.saw[0].images[0].jpeg
    assert sent["sha256"] == hashlib.sha256(jpeg).hexdigest() == the_run().derivative_sha256
    assert sent["bytes"] == str(len(jpeg))
    assert by_action["analysis.end"].outcome == "finished"
    assert not any("Mere" in str(event.details) for event in recorded())


def test_without_consent_the_form_comes_back_with_what_was_typed(
    gp: Person, image_id: UUID
) -> None:
    answer = ask(gp, image_id, consent="", context="fell on gravel")
    assert answer.status_code == 422
    assert "Ask the patient first." in answer.text
    assert "fell on gravel" in answer.text
    assert ask(gp, image_id, context="x" * 2001).status_code == 422
    assert ask(gp, image_id, prompt="diagnosis").status_code == 422
    assert runs() == 0


def test_off_nothing_is_sent_and_the_form_says_why(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    set_policy(SYSTEM, is_on=False, basis="")
    answer = ask(gp, image_id)
    assert answer.status_code == 409
    assert "Descriptions are off in this practice" in answer.text
    assert "Descriptions are off" in gp.get(f"/images/{image_id}/analyses/new").text
    run_due(app)
    assert (runs(), describer.saw) == (0, [])


def test_off_while_it_waits_its_turn_sends_nothing_either(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    ask(gp, image_id)
    set_policy(SYSTEM, is_on=False, basis="")
    run_due(app)
    assert (the_run().state, describer.saw) == ("failed", [])
    assert "turned off" in (the_run().message or "")
    assert "analysis.send" not in [event.action for event in recorded()]


def test_without_a_key_the_answer_names_what_to_set(
    gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    describer.missing = "Put ANTHROPIC_API_KEY=… into .env and start again."
    answer = ask(gp, image_id)
    assert answer.status_code == 409
    assert "ANTHROPIC_API_KEY" in answer.text
    assert runs() == 0


def test_an_image_without_its_view_or_in_the_trash_waits(
    gp: Person, image_id: UUID, store: FakeStore
) -> None:
    fresh = UUID(send_image(gp, store))  # the worker has not made its view
    answer = ask(gp, fresh)
    assert (answer.status_code, "still being prepared" in answer.text) == (409, True)
    gp.post(f"/images/{image_id}/trash")
    assert ask(gp, image_id).status_code == 409
    assert runs() == 0


def test_a_second_click_is_the_same_run_and_other_words_have_to_wait(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    first, second = ask(gp, image_id), ask(gp, image_id)
    assert (first.status_code, second.status_code) == (201, 201)
    other = ask(gp, image_id, prompt="rash")
    assert other.status_code == 200
    assert f"analysis-{the_run().id}" in other.text  # the panel of the one that runs
    body = {"imageId": str(image_id), "promptId": "rash", "consent": True}
    answer = gp.post("/api/clinical-images/analyze", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "running")
    run_due(app)
    assert len(describer.saw) == 1


@pytest.mark.parametrize("cap", ["daily_runs", "monthly_runs"])
def test_clicks_beyond_a_cap_send_nothing(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber, cap: str
) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", **{cap: 2})  # type: ignore[arg-type]
    answers = []
    for _ in range(4):
        answers.append(ask(gp, image_id))
        run_due(app)
    assert [answer.status_code for answer in answers] == [201, 201, 409, 409]
    assert "A practice manager can raise the limit" in answers[-1].text
    assert len(describer.saw) == 2


def test_what_will_be_sent_is_shown_before(gp: Person, image_id: UUID) -> None:
    form = gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    assert "This image at 640 px (" in form
    assert "Anthropic, outside New Zealand" in form
    told = r"50 of 50 runs left today; at most 1\.\d US cents for this one, US\$5\.00 of US\$5\.00"
    assert re.search(told, form)
    assert form.count('class="choices__input"') == 8
    assert f"derivatives/{image_id}/view" in form


def test_without_htmx_one_lands_on_the_images_page(gp: Person, image_id: UUID) -> None:
    form = {"prompt": "general", "consent": "y"}
    answer = gp.post(f"/images/{image_id}/analyses", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/images/{image_id}")
    page = gp.get(f"/images/{image_id}")
    assert page.status_code == 200
    assert f'sse-connect="/analyses/{the_run().id}/stream"' in page.text


def test_somebody_elses_image_is_not_there_and_a_nurse_may_not_ask(
    gp: Person, colleague: Person, nurse: Person, image_id: UUID
) -> None:
    for one in (image_id, uuid4()):
        assert ask(colleague, one).status_code == 404
        assert colleague.get(f"/images/{one}/analyses/new").status_code == 404
    assert ask(nurse, image_id).status_code == 403
    assert runs() == 0
