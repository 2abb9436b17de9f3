"""Every way in which a model fails, and what becomes of the words that had come."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from clinicpro.gateways import Answer, DescriberError, Question
from clinicpro.gateways.describer import ClaudeDescriber
from clinicpro.settings import Settings
from tests.gateways.conftest import IN_A_HURRY, SAID, free_port
from tests.model_server import ModelServer
from tests.scenarios import SCENARIOS, Scenario


def run(describer: ClaudeDescriber, question: Question) -> tuple[str, Answer | DescriberError]:
    """The text that came, and how it ended."""
    text = ""
    try:
        for piece in describer.describe(question, threading.Event()):
            if isinstance(piece, Answer):
                return text, piece
            text += piece
    except DescriberError as error:
        return text, error
    raise AssertionError("ended without an answer")


BEGUN = "Left forearm. Superficial abrasion, "


@pytest.mark.parametrize(
    ("scenario", "kind", "text"),
    [
        ("400", "refused_request", ""),
        ("401", "key", ""),
        ("402", "key", ""),
        ("403", "key", ""),
        ("404", "refused_request", ""),
        ("413", "too_large", ""),
        ("moved", "refused_request", ""),
        ("empty", "empty", ""),
        ("blank", "empty", " \n "),
        ("cut", "cut", BEGUN),
        ("cut-at-once", "cut", ""),
        ("corrupt", "corrupt", BEGUN),
        ("stall", "timeout", BEGUN),
        ("stall-at-once", "timeout", ""),
        ("silent", "timeout", ""),
        ("error", "busy", BEGUN),
        ("error-at-once", "busy", ""),
    ],
)
def test_a_failure_is_told_once_and_the_words_that_came_stay(
    claude: ClaudeDescriber,
    server: ModelServer,
    question: Question,
    scenario: str,
    kind: str,
    text: str,
) -> None:
    server.play(scenario)
    said, error = run(claude, question)
    assert said == text
    assert isinstance(error, DescriberError)
    assert error.kind == kind
    assert error.advice.endswith(".")
    assert len(server.requests) == 1  # never a second billed call


@pytest.mark.parametrize("scenario", ["busy", "limited", "500", "503"])
def test_a_busy_model_is_asked_three_times(
    claude: ClaudeDescriber, server: ModelServer, question: Question, scenario: str
) -> None:
    server.play(scenario)
    said, error = run(claude, question)
    assert isinstance(error, DescriberError)
    assert (said, error.kind, len(server.requests)) == ("", "busy", 3)


def test_a_model_that_has_time_again_answers(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("busy", "limited", Scenario(words=SAID))
    said, answer = run(claude, question)
    assert said == SAID
    assert isinstance(answer, Answer)
    assert len(server.requests) == 3


def test_a_wait_that_was_asked_for_is_kept(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("limited-1s", "answer")
    run(claude, question)
    first, second = server.requests
    assert 1 <= second.at - first.at < 2


def test_a_wait_longer_than_anyone_would_is_not_waited(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("limited-1h", "answer")
    began = time.monotonic()
    _, error = run(claude, question)
    assert isinstance(error, DescriberError)
    assert error.kind == "busy"
    assert time.monotonic() - began < 1
    assert len(server.requests) == 1


def test_a_server_that_is_away_is_tried_until_it_is_there(
    settings: Settings, question: Question
) -> None:
    port = free_port()
    patience = replace(IN_A_HURRY, pauses=(0.3, 0.3))
    address = f"http://127.0.0.1:{port}"
    claude = ClaudeDescriber(replace(settings, anthropic_base_url=address), patience)
    _, error = run(claude, question)
    assert isinstance(error, DescriberError)
    assert error.kind == "unreachable"
    late = threading.Timer(0.2, lambda: servers.append(ModelServer(port=port).start()))
    servers: list[ModelServer] = []
    late.start()
    _, answer = run(claude, question)
    assert isinstance(answer, Answer)
    servers[0].stop()


def test_a_stream_that_just_ends_is_incomplete(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    for scenario in ("truncated", "garbled"):
        server.play(scenario)
        said, answer = run(claude, question)
        assert said == BEGUN
        assert isinstance(answer, Answer)
        assert answer.stop_reason is None


def test_an_endless_answer_is_capped_and_hung_up_on(
    settings: Settings, server: ModelServer, question: Question
) -> None:
    server.play("endless")
    claude = ClaudeDescriber(
        replace(settings, anthropic_base_url=server.url), replace(IN_A_HURRY, longest_text=1000)
    )
    said, answer = run(claude, question)
    assert len(said) == 1000
    assert isinstance(answer, Answer)
    assert answer.stop_reason is None
    assert server.requests[0].ended.wait(2)
    assert server.requests[0].hung_up_at is not None


def test_an_answer_that_drips_for_ever_ends_with_the_patience(
    settings: Settings, server: ModelServer, question: Question
) -> None:
    server.play("endless-slow")
    claude = ClaudeDescriber(
        replace(settings, anthropic_base_url=server.url), replace(IN_A_HURRY, whole=0.7)
    )
    began = time.monotonic()
    said, error = run(claude, question)
    assert said.startswith("and so on ")
    assert isinstance(error, DescriberError)
    assert error.kind == "timeout"
    assert time.monotonic() - began < 1.5
    assert server.requests[0].ended.wait(1)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("refusal", "refusal"),
        ("max-tokens", "max_tokens"),
        ("window", "model_context_window_exceeded"),
        ("thinking", "end_turn"),
    ],
)
def test_each_reason_to_stop_is_handed_on(
    claude: ClaudeDescriber, server: ModelServer, question: Question, scenario: str, reason: str
) -> None:
    server.play(scenario)
    said, answer = run(claude, question)
    assert isinstance(answer, Answer)
    assert answer.stop_reason == reason
    assert said == SCENARIOS[scenario].words  # thoughts are not among them


def test_a_redirect_does_not_take_the_image_elsewhere(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    with ModelServer() as elsewhere:
        headers = {"location": f"{elsewhere.url}/v1/messages"}
        server.play(Scenario(status=307, headers=headers))
        run(claude, question)
        assert elsewhere.requests == []
