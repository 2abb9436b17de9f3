"""A run in the worker: words as they come, Stop, and an end for every way it can go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask

from clinicpro.analyses import drafting, ending
from clinicpro.analyses.running import give_up_job, run_analysis
from clinicpro.analyses.sizes import sizes_in
from clinicpro.db import db
from clinicpro.gateways import Answer, DescriberError, Gateways, Question
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, described, eventually, recorded, the_run, working
from tests.factories import Person

CUT = DescriberError("The answer broke off. Try again.", "cut")


def test_the_first_words_are_there_at_once(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate = threading.Event()
    describer.waits_before = {1: gate}
    ask(gp, image_id)
    with working(app):
        eventually(lambda: the_run().text == "Left forearm. ")
        assert the_run().state == "running"
        page = gp.get(f"/analyses/{the_run().id}", headers=HTMX).text
        assert "Left forearm." in page
        assert "Writing" in page
        gate.set()
    assert the_run().text == "Left forearm. Superficial abrasion."


def test_words_that_came_are_shown_although_the_model_then_falls_silent(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate = threading.Event()
    describer.pieces = ["Left ", "forearm. ", "Superficial ", "abrasion."]
    describer.waits_before = {3: gate}
    ask(gp, image_id)
    with working(app):
        eventually(lambda: the_run().text == "Left forearm. Superficial ")
        gate.set()
    eventually(lambda: drafting.NAME not in [one.name for one in threading.enumerate()])


def test_many_pieces_make_few_drafts_and_no_word_is_lost(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    describer.pieces = [f"word {number} " for number in range(500)]
    ask(gp, image_id)
    kept: list[str] = []
    with working(app):
        eventually(lambda: kept.append(the_run().text) or not the_run().is_open)
    assert the_run().text == "".join(describer.pieces)


def test_stop_ends_a_run_that_says_nothing(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    describer.waits_before = {1: threading.Event()}  # for ever
    ask(gp, image_id)
    with working(app):
        eventually(lambda: the_run().text)
        answer = gp.post(f"/analyses/{the_run().id}/stop", headers=HTMX)
        assert answer.status_code == 200
        assert eventually(lambda: not the_run().is_open) < 1.5
    run = the_run()
    assert (run.state, run.text, describer.stopped) == ("stopped", "Left forearm. ", 1)
    page = gp.get(f"/analyses/{run.id}", headers=HTMX).text
    assert "You stopped it" in page
    assert "Half a description can’t be accepted" in page
    assert db.session.get_one(Image, image_id).analysed_at is None


def test_stop_before_its_turn_sends_nothing(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    ask(gp, image_id)
    assert "You stopped it" in gp.post(f"/analyses/{the_run().id}/stop", headers=HTMX).text
    gp.post(f"/analyses/{the_run().id}/stop", headers=HTMX)  # twice is once
    run_due(app)
    assert (the_run().state, describer.saw) == ("stopped", [])
    actions = [event.action for event in recorded()]
    assert actions[-3:] == ["analysis.ask", "analysis.stop", "analysis.end"]


@pytest.mark.parametrize(
    ("pieces", "stop_reason", "fails", "state", "words"),
    [
        (["Half"], None, None, "incomplete", "ended before it was complete"),
        (["Half"], "max_tokens", None, "incomplete", "grew longer"),
        (["Half"], "model_context_window_exceeded", None, "incomplete", "grew longer"),
        (["Half"], "end_turn", CUT, "incomplete", "broke off"),
        ([], "end_turn", CUT, "failed", "broke off"),
        ([], "end_turn", None, "failed", "no words"),
        ([" \n"], "end_turn", None, "failed", "no words"),
        (["I can't."], "refusal", None, "refused", "Nothing went into the note"),
    ],
)
def test_every_other_end_has_its_words_and_cannot_be_accepted(
    app: Flask,
    gp: Person,
    image_id: UUID,
    describer: FakeDescriber,
    pieces: list[str],
    stop_reason: str | None,
    fails: DescriberError | None,
    state: str,
    words: str,
) -> None:
    describer.pieces, describer.stop_reason, describer.fails = pieces, stop_reason, fails
    run_id = described(app, gp, image_id)
    run = the_run()
    assert (run.state, run.text) == (state, "".join(pieces))
    page = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert words in page
    assert "Accept into the note" not in page
    assert gp.post(f"/analyses/{run_id}/note-entry", data={"findings": "x"}).status_code == 409
    assert db.session.get_one(Image, image_id).analysed_at is None
    assert ask(gp, image_id).status_code == 201  # and it can be tried again


def test_a_store_that_is_down_fails_the_run_in_words(
    app: Flask, gp: Person, image_id: UUID, store: FakeStore, describer: FakeDescriber
) -> None:
    ask(gp, image_id)
    store.down = True
    run_due(app)
    assert (the_run().state, describer.saw) == ("failed", [])
    assert "isn't answering" in (the_run().message or "")


class Broken(FakeDescriber):
    def describe(self, question: Question, stop: threading.Event) -> Iterator[str | Answer]:
        yield "Left "
        raise KeyError("a mistake of ours")


def test_a_mistake_of_ours_ends_the_row_too_and_is_not_hidden(
    app: Flask, gp: Person, image_id: UUID
) -> None:
    ask(gp, image_id)
    doors: Gateways = app.extensions["gateways"]
    with pytest.raises(KeyError):
        run_analysis(the_run().id, Gateways(doors.store, Broken(), doors.decoder), "model")
    run = the_run()
    assert (run.state, run.text, run.message) == ("failed", "Left ", ending.UNEXPECTED)


def test_a_run_whose_worker_died_is_interrupted_and_an_ended_one_stays(
    app: Flask, gp: Person, image_id: UUID
) -> None:
    ask(gp, image_id)
    give_up_job(str(the_run().id))
    assert the_run().state == "interrupted"
    page = gp.get(f"/analyses/{the_run().id}", headers=HTMX).text
    assert "interrupted by a restart" in page
    assert "Try again" in page
    run_due(app)  # its job comes up once more: it does not begin again
    give_up_job(str(the_run().id))
    assert (the_run().state, the_run().text) == ("interrupted", "")


def test_an_endless_answer_is_cut_and_incomplete(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    describer.pieces = ["x" * 1500] * 20
    described(app, gp, image_id)
    assert (the_run().state, len(the_run().text)) == ("incomplete", drafting.LONGEST_TEXT)


def test_what_the_model_writes_is_shown_as_text(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    describer.pieces = ["<script>alert(1)</script></textarea> Click <a href='//x'>here</a>"]
    run_id = described(app, gp, image_id)
    page = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert "<script>" not in page
    assert "<a href='//x'>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("A 3 mm papule, 2.5cm from it a 10-15 mm plaque.", ["3 mm", "2.5cm", "10-15 mm"]),
        ("3 x 4 cm, about 12 × 8 millimetres", ["3 x 4 cm", "12 × 8 millimetres"]),
        ("a pea-sized lump", ["a pea-sized"]),
        ("half a centimetre across", ["half a centimetre"]),
        ("Two lesions, 3 in all; no scale in view", []),
    ],
)
def test_phrases_that_state_a_size_are_flagged(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber, text: str, sizes: list[str]
) -> None:
    describer.pieces = [text]
    run_id = described(app, gp, image_id)
    assert sizes_in(text) == sizes
    page = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert ("a size</p>" in page) is bool(sizes)
    for size in sizes:
        assert f'<mark class="findings__flag">{size}</mark>' in page
