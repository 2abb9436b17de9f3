"""The ways in which the stand-in for the model answers: well, half, never, or with a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["well", "cut", "truncated", "corrupt", "garbled", "stall", "error"]
WORDS = "Left forearm. Superficial abrasion, 3 linear scratches, no pus."


@dataclass(frozen=True)
class Scenario:
    """How the server answers one request; `delay` is seconds before each word."""

    words: str = WORDS
    delay: float = 0.0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = "well"
    after: int = 4  # words until the ending strikes, where it is a bad one
    error_type: str = "overloaded_error"
    stop_reason: str | None = "end_turn"
    thinking: str | None = None
    is_endless: bool = False
    is_obedient: bool = False  # says what the question's text tells it to say
    answered_by: str | None = None
    silence: float = 0.0  # seconds before the status line


SCENARIOS: dict[str, Scenario] = {
    "answer": Scenario(),
    "slow": Scenario(delay=0.2),
    "paced": Scenario(
        words=" ".join(f"word{number}" for number in range(100)), delay=0.05, silence=2.0
    ),
    "obey": Scenario(is_obedient=True),
    "thinking": Scenario(thinking="Perhaps a burn? No, an abrasion."),
    "refusal": Scenario(words="", stop_reason="refusal"),
    "max-tokens": Scenario(stop_reason="max_tokens"),
    "window": Scenario(stop_reason="model_context_window_exceeded"),
    "empty": Scenario(words=""),
    "blank": Scenario(words=" \n "),
    "endless": Scenario(is_endless=True),
    "endless-slow": Scenario(is_endless=True, delay=0.1),
    "cut": Scenario(ending="cut"),
    "cut-at-once": Scenario(ending="cut", after=0),
    "truncated": Scenario(ending="truncated"),
    "corrupt": Scenario(ending="corrupt"),
    "garbled": Scenario(ending="garbled"),
    "stall": Scenario(ending="stall"),
    "stall-at-once": Scenario(ending="stall", after=0),
    "silent": Scenario(silence=3600),
    "error": Scenario(ending="error"),
    "error-at-once": Scenario(ending="error", after=0),
    "busy": Scenario(status=529),
    "limited": Scenario(status=429),
    "limited-1s": Scenario(status=429, headers={"retry-after": "1"}),
    "limited-1h": Scenario(status=429, headers={"retry-after": "3600"}),
    "moved": Scenario(status=307, headers={"location": "/elsewhere"}),
    **{str(status): Scenario(status=status) for status in (400, 401, 402, 403, 404, 413, 500, 503)},
}
