"""What every describer does: the stand-in, Claude's client, and it against the demo's server."""

from __future__ import annotations

import threading
from dataclasses import replace

from clinicpro.gateways import Answer, Describer, LabelledJpeg, Question
from tests.gateways.conftest import JPEG, SAID


def test_words_come_piece_by_piece_and_then_one_answer(
    describer: Describer, question: Question
) -> None:
    *pieces, answer = describer.describe(question, threading.Event())
    assert len(pieces) > 3
    assert "".join(str(piece) for piece in pieces) == SAID
    assert isinstance(answer, Answer)
    assert answer.model == question.model
    assert answer.stop_reason == "end_turn"
    assert answer.tokens_in is not None
    assert answer.tokens_out is not None


def test_two_images_with_labels_are_one_question(describer: Describer, question: Question) -> None:
    two = (LabelledJpeg(JPEG, "Image 1, earlier:"), LabelledJpeg(JPEG, "Image 2, today:"))
    *pieces, answer = describer.describe(replace(question, images=two), threading.Event())
    assert "".join(str(piece) for piece in pieces) == SAID
    assert isinstance(answer, Answer)


def test_stopped_before_it_began_it_says_nothing(describer: Describer, question: Question) -> None:
    stop = threading.Event()
    stop.set()
    assert list(describer.describe(question, stop)) == []


def test_stopped_in_the_middle_it_ends_without_an_answer(
    describer: Describer, question: Question
) -> None:
    stop = threading.Event()
    heard: list[str | Answer] = []
    for piece in describer.describe(question, stop):
        heard.append(piece)
        stop.set()
    assert heard == ["Left"] or heard == ["Left "]


def test_a_caller_that_goes_away_ends_it(describer: Describer, question: Question) -> None:
    said = describer.describe(question, threading.Event())
    assert str(next(said)).strip() == "Left"
    said.close()  # type: ignore[attr-defined]
    assert list(said) == []


def test_two_questions_at_once_do_not_mix(describer: Describer, question: Question) -> None:
    one = describer.describe(question, threading.Event())
    other = describer.describe(question, threading.Event())
    both = [(str(a), str(b)) for a, b in zip(one, other, strict=True)]
    assert "".join(a for a, _ in both[:-1]) == SAID
    assert "".join(b for _, b in both[:-1]) == SAID


def test_nothing_is_missing(describer: Describer) -> None:
    assert describer.missing is None
