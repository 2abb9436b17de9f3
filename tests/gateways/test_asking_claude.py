"""What is sent to the model, what is kept of what it says, and what needs no key."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from clinicpro.gateways import Answer, DescriberError, LabelledJpeg, Question
from clinicpro.gateways.describer import BAD_KEY, NO_KEY, ClaudeDescriber
from clinicpro.gateways.plain_text import visible
from clinicpro.gateways.refusals import seconds
from clinicpro.settings import Settings
from tests.gateways.conftest import IN_A_HURRY, JPEG
from tests.model_server import ModelServer
from tests.scenarios import Scenario


def ask(claude: ClaudeDescriber, question: Question) -> tuple[str, Answer]:
    *pieces, answer = claude.describe(question, threading.Event())
    assert isinstance(answer, Answer)
    return "".join(str(piece) for piece in pieces), answer


def test_the_image_goes_before_the_words_and_nothing_else_goes(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    ask(claude, question)
    (seen,) = server.requests
    assert seen.image == JPEG
    assert seen.text == question.text
    (message,) = seen.body["messages"]
    assert [part["type"] for part in message["content"]] == ["image", "text"]
    assert message["role"] == "user"
    assert seen.body["system"] == question.system
    assert seen.body["max_tokens"] == 600
    assert seen.body.keys() == {
        "model",
        "max_tokens",
        "system",
        "messages",
        "stream",
        "output_config",
        "thinking",
    }


def test_of_several_images_each_comes_after_its_label(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    then, now = LabelledJpeg(JPEG + b"1", "Image 1, 1 May 2026:"), LabelledJpeg(JPEG, "Image 2:")
    ask(claude, replace(question, images=(then, now)))
    (message,) = server.requests[0].body["messages"]
    said = [part.get("text") or part["source"]["data"] for part in message["content"]]
    data = [base64.b64encode(image.jpeg).decode() for image in (then, now)]
    assert said == [then.label, data[0], now.label, data[1], question.text]


def test_the_answer_says_who_answered(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play(Scenario(answered_by="claude-sonnet-5-5-20261001\u202e\n<b>"))
    _, answer = ask(claude, question)
    assert answer.model == "claude-sonnet-5-5-20261001 <b>"
    assert answer.request_id == "req_test_1"
    assert answer.tokens_in == 1004
    assert answer.tokens_out == 10


def test_what_cannot_be_seen_is_left_out(
    claude: ClaudeDescriber, server: ModelServer, question: Question
) -> None:
    server.play("obey")
    hidden = "One\x00\x1b[31m two\u200b\u202ethree\U000e0041\r\nĀ\tmacron\ufe0f \ufefffour"
    said, _ = ask(claude, replace(question, text=hidden))
    assert said == "One[31m twothree\nĀ macron four"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Plain words.", "Plain words."),
        ("kōrero\nāe", "kōrero\nāe"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("3\u00a0cm", "3 cm"),
        ("\ud83d half a letter", " half a letter"),
        ("a\u034f\u3164b", "ab"),
        ("👋🏽", "👋🏽"),
        ("", ""),
    ],
)
def test_visible_keeps_what_people_read(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_without_a_key_nothing_is_asked(settings: Settings, question: Question) -> None:
    claude = ClaudeDescriber(settings)
    assert claude.missing == NO_KEY
    with pytest.raises(DescriberError) as caught:
        list(claude.describe(question, threading.Event()))
    assert caught.value.kind == "key"


@pytest.mark.parametrize("key", ["sk-ant-ä", "sk ant", "sk-ant\n"])
def test_a_key_that_no_header_can_carry_is_named(settings: Settings, key: str) -> None:
    assert ClaudeDescriber(replace(settings, anthropic_api_key=key)).missing == BAD_KEY


def test_the_key_goes_along(settings: Settings, server: ModelServer, question: Question) -> None:
    settings = replace(settings, anthropic_api_key="sk-ant-test", anthropic_base_url=server.url)
    ask(ClaudeDescriber(settings, IN_A_HURRY), question)
    assert server.requests[0].headers["authorization"] == "Bearer sk-ant-test"


def test_keys_and_words_in_the_surroundings_are_not_taken(
    claude: ClaudeDescriber,
    server: ModelServer,
    question: Question,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-somebody-elses")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "somebody-elses")
    ask(claude, question)
    headers = server.requests[0].headers
    assert headers["authorization"] == "Bearer none-needed"
    assert "somebody-elses" not in str(headers)


def test_nothing_of_a_question_is_logged(
    claude: ClaudeDescriber,
    server: ModelServer,
    question: Question,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.play("answer")
    ask(claude, question)
    server.play("400")
    with pytest.raises(DescriberError):
        list(claude.describe(question, threading.Event()))
    assert "gravel" not in caplog.text
    assert "none-needed" not in caplog.text


def test_the_web_processes_do_not_load_the_sdk() -> None:
    code = "import sys, clinicpro.gateways.describer; print('anthropic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("2", 2.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Fri, 31 Jan 2020 10:00:00 GMT", 0.0),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(header: str | None, wait: float | None) -> None:
    assert seconds(header) == wait
