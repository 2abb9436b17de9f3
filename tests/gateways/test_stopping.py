"""Stop reaches the model's server within a second, whatever the call is waiting for."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest

from clinicpro.gateways import Answer, Question
from clinicpro.gateways.describer import ClaudeDescriber
from clinicpro.settings import Settings
from tests.gateways.conftest import IN_A_HURRY
from tests.model_server import ModelServer

PATIENT = replace(IN_A_HURRY, connect=30, read=30, whole=60, pauses=(30,))


@pytest.fixture
def patient(settings: Settings, server: ModelServer) -> ClaudeDescriber:
    return ClaudeDescriber(replace(settings, anthropic_base_url=server.url), PATIENT)


def stop_after(seconds: float, stop: threading.Event) -> None:
    threading.Timer(seconds, stop.set).start()


def stop_while_asked(server: ModelServer, stop: threading.Event) -> None:
    """Set `stop` some 0.3 s after the request has reached the server."""

    def press() -> None:
        until = time.monotonic() + 20
        while not server.requests and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.3)
        stop.set()

    threading.Thread(target=press).start()


@pytest.mark.parametrize("scenario", ["silent", "stall-at-once", "stall", "slow", "endless-slow"])
def test_the_server_sees_the_line_go_dead(
    patient: ClaudeDescriber, server: ModelServer, question: Question, scenario: str
) -> None:
    server.play(scenario)
    stop = threading.Event()
    stop_while_asked(server, stop)
    heard = list(patient.describe(question, stop))
    ended_at = time.monotonic()
    seen = server.requests[0]
    assert not any(isinstance(piece, Answer) for piece in heard)
    assert seen.ended.wait(1)
    assert seen.hung_up_at is not None
    assert ended_at - seen.at < 1.3
    assert seen.hung_up_at - seen.at < 1.3
    assert len(server.requests) == 1


def test_a_caller_that_goes_away_hangs_up(
    patient: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("stall")
    said = patient.describe(question, threading.Event())
    assert next(said)
    said.close()  # type: ignore[attr-defined]
    assert server.requests[0].ended.wait(1)
    assert server.requests[0].hung_up_at is not None


def test_the_wait_between_two_tries_ends_at_once(
    patient: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("busy")
    stop = threading.Event()
    stop_while_asked(server, stop)
    assert list(patient.describe(question, stop)) == []
    assert time.monotonic() - server.requests[0].at < 1.3
    assert len(server.requests) == 1


def test_a_connection_that_does_not_come_about_is_not_waited_for(
    settings: Settings, question: Question
) -> None:
    with socket.socket() as deaf, socket.socket() as first:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)  # room for one, who takes it: the kernel drops the next one's knocking
        first.connect(deaf.getsockname())
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        claude = ClaudeDescriber(replace(settings, anthropic_base_url=address), PATIENT)
        stop = threading.Event()
        stop_after(0.3, stop)
        began = time.monotonic()
        assert list(claude.describe(question, stop)) == []
        assert time.monotonic() - began < 1


def test_no_thread_or_connection_is_left(
    patient: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("answer")
    list(patient.describe(question, threading.Event()))
    server.play("stall")
    stop = threading.Event()
    stop_while_asked(server, stop)
    list(patient.describe(question, stop))
    until = time.monotonic() + 2
    while calls() and time.monotonic() < until:
        time.sleep(0.02)
    assert calls() == []


def calls() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "model call"]
