"""The stream of a run, its panel afterwards, and setting it aside."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinicpro.analyses.switching import set_policy
from clinicpro.answers import Refusal
from clinicpro.audit.operations import SYSTEM
from clinicpro.gateways.fakes import FakeDescriber
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, described, recorded, the_run, working
from tests.factories import Person

STREAM = {"Accept": "text/event-stream"}


def frames_of(text: str) -> list[tuple[str, str]]:
    """(event name, payload) of each frame; comments are left out."""
    frames = []
    for frame in text.split("\n\n"):
        lines = frame.split("\n")
        if lines[0].startswith("event: "):
            payload = "\n".join(line.removeprefix("data: ") for line in lines[1:])
            frames.append((lines[0].removeprefix("event: "), payload))
    return frames


def test_the_stream_draws_the_run_as_it_grows_and_then_closes(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate = threading.Event()
    describer.waits_before = {1: gate}
    ask(gp, image_id)
    run_id = the_run().id
    answer = gp.get(f"/analyses/{run_id}/stream", headers=STREAM)
    assert answer.mimetype == "text/event-stream"
    seen = ""
    with working(app):
        for chunk in answer.iter_encoded():
            seen += chunk.decode()
            if "Left forearm." in seen:
                gate.set()
    frames = frames_of(seen)
    drawn = [payload for name, payload in frames if name == "analysis"]
    words = [payload for name, payload in frames if name in ("analysis", "draft")]
    assert any("Left forearm." in one and "Superficial" not in one for one in words)
    assert f'hx-get="/analyses/{run_id}"' in drawn[0]  # links, though no request draws it
    assert "Accept into the note" in drawn[-1]
    assert "Superficial abrasion." in drawn[-1]
    spoken = [payload for name, payload in frames if name == "status"]
    assert spoken[0] == "The description waits its turn."
    assert spoken[-1] == "The description is ready to check."
    assert len(spoken) == len(set(spoken)) <= 4  # sentences, not every word
    assert frames[-1][0] == "closed"


def test_while_only_the_words_grow_only_the_words_are_sent(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate, last = threading.Event(), threading.Event()
    describer.pieces = ["Left ", "forearm. ", "<b>Superficial</b> ", "abrasion."]
    describer.waits_before = {1: gate, 3: last}
    ask(gp, image_id)
    answer = gp.get(f"/analyses/{the_run().id}/stream", headers=STREAM)
    seen = ""
    with working(app):
        for chunk in answer.iter_encoded():
            seen += chunk.decode()
            if "Left" in seen:
                gate.set()
            if "Superficial" in seen:
                last.set()
    frames = frames_of(seen)
    drafts = [payload for name, payload in frames if name == "draft"]
    assert drafts
    assert all(one.startswith('<div class="findings"') for one in drafts)
    assert "Left forearm. &lt;b&gt;Superficial&lt;/b&gt;" in drafts[-1]
    assert [payload for name, payload in frames if name == "progress"] == ["Writing"]
    assert len([name for name, _ in frames if name == "analysis"]) <= 3


def test_a_stream_of_an_ended_run_closes_at_once(app: Flask, gp: Person, image_id: UUID) -> None:
    run_id = described(app, gp, image_id)
    names = [name for name, _ in frames_of(gp.get(f"/analyses/{run_id}/stream").text)]
    assert names == ["analysis", "status", "closed"]


def test_a_stream_ends_when_its_reader_signs_out(app: Flask, gp: Person, image_id: UUID) -> None:
    ask(gp, image_id)
    answer = gp.get(f"/analyses/{the_run().id}/stream", headers=STREAM)
    gp.post("/logout")
    assert frames_of(answer.text)[-1] == ("closed", "ended")


def test_every_run_is_kept_and_the_others_are_a_click_away(
    app: Flask, gp: Person, image_id: UUID
) -> None:
    first = described(app, gp, image_id)
    ask(gp, image_id, prompt="rash")
    run_due(app)
    page = gp.get(f"/images/{image_id}").text
    assert "Other runs (1)" in page
    assert f'hx-get="/analyses/{first}"' in page
    assert f"analysis-{first}" in gp.get(f"/analyses/{first}", headers=HTMX).text


def test_a_rejected_one_is_kept_and_cannot_be_accepted(
    app: Flask, gp: Person, image_id: UUID
) -> None:
    run_id = described(app, gp, image_id)
    answer = gp.post(f"/analyses/{run_id}/reject", data={"reason": "Mere"}, headers=HTMX)
    assert "Rejected" in answer.text
    assert "Left forearm." in answer.text
    assert gp.post(f"/analyses/{run_id}/note-entry", data={"findings": "x"}).status_code == 409
    gp.post(f"/analyses/{run_id}/reject", headers=HTMX)
    rejections = [event for event in recorded() if event.action == "analysis.reject"]
    assert [event.details for event in rejections] == [{"reason": "given"}]  # and not its words


def test_somebody_elses_run_is_not_there(
    app: Flask, gp: Person, colleague: Person, manager: Person, image_id: UUID
) -> None:
    run_id = described(app, gp, image_id)
    for one in (run_id, uuid4()):
        assert colleague.get(f"/analyses/{one}").status_code == 404
        assert colleague.get(f"/analyses/{one}/stream").status_code == 404
        assert colleague.post(f"/analyses/{one}/stop").status_code == 404
        assert colleague.post(f"/analyses/{one}/reject").status_code == 404
        assert manager.get(f"/analyses/{one}").status_code == 403
    assert the_run().rejected_at is None


def test_the_switch_needs_a_basis_and_is_recorded(app: Flask) -> None:
    with pytest.raises(Refusal):
        set_policy(SYSTEM, is_on=True, basis=" \n ")
    assert recorded() == []
    set_policy(SYSTEM, is_on=True, basis="Assessed", daily_runs=5)
    [event] = recorded()
    assert (event.action, event.details) == (
        "ai.switch",
        {
            "on": "yes",
            "daily": "5",
            "monthly": "1000",
            "daily_cents": "500",
            "monthly_cents": "4000",
        },
    )
