"""What each model is sent beside image and words; nothing that today's API refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from clinicpro.gateways import DescriberError, LabelledJpeg, Question
from clinicpro.gateways.describer import TUNING, ClaudeDescriber
from clinicpro.settings import Settings
from tests.gateways.conftest import IN_A_HURRY, JPEG
from tests.gateways.test_asking_claude import ask
from tests.model_server import ModelServer


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("claude-sonnet-5-5", "low", "between_tools"),
        ("claude-haiku-5-5", "low", "disabled"),
        ("claude-opus-5-5", "low", None),
        ("llava:13b", None, None),
    ],
)
def test_each_model_is_told_in_its_own_way_not_to_think_long(
    claude: ClaudeDescriber,
    server: ModelServer,
    question: Question,
    model: str,
    effort: str | None,
    thinking: str | None,
) -> None:
    ask(claude, replace(question, model=model))
    body = server.requests[0].body
    assert body.get("output_config", {}).get("effort") == effort
    assert body.get("thinking", {}).get("type") == thinking


@pytest.mark.parametrize("region", [None, "us", "global"])
def test_where_it_may_be_computed_is_said_where_it_was_chosen(
    settings: Settings,
    server: ModelServer,
    question: Question,
    region: Literal["us", "global"] | None,
) -> None:
    settings = replace(settings, anthropic_base_url=server.url, claude_region=region)
    ask(ClaudeDescriber(settings, IN_A_HURRY), question)
    ask(ClaudeDescriber(replace(settings, claude_region=None), IN_A_HURRY), question)
    assert [one.body.get("inference_geo") for one in server.requests] == [region, None]


@pytest.mark.parametrize(
    "extra",
    [
        {"temperature": 0},
        {"top_p": 0.5},
        {"top_k": 5},
        {"thinking": {"type": "disabled"}},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"tool_choice": {"type": "any"}},
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_the_stand_in_refuses_what_the_api_refuses(
    server: ModelServer, question: Question, extra: dict[str, object]
) -> None:
    import anthropic

    with (
        anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0) as client,
        pytest.raises(anthropic.BadRequestError),
    ):
        client.messages.create(
            model=question.model,
            max_tokens=5,
            messages=[{"role": "user", "content": "a"}],
            stream=True,
            extra_body=extra,
        )


@pytest.mark.parametrize("model", [*TUNING, "claude-sonnet-5-5-20261001", "llava:13b"])
@pytest.mark.parametrize("images", [1, 2])
def test_nothing_is_sent_that_todays_api_refuses(
    claude: ClaudeDescriber, server: ModelServer, question: Question, model: str, images: int
) -> None:
    many = tuple(LabelledJpeg(JPEG, f"Image {number}") for number in range(images))
    ask(claude, replace(question, model=model, images=many))
    assert [seen.status for seen in server.requests] == [200]


def test_a_parameter_that_todays_api_refuses_fails_the_run(
    claude: ClaudeDescriber, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TUNING, question.model, {"thinking": {"type": "disabled"}})
    with pytest.raises(DescriberError) as caught:
        ask(claude, question)
    assert caught.value.kind == "refused_request"
