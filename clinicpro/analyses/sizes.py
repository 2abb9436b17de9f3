"""Phrases that state a size: found, and shown in the sentence they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNIT = r"(?:[mc]m|(?:milli|centi)met(?:re|er)s?|met(?:re|er)s?|inch(?:es)?)"
_NUMBER = r"(?:\d+(?:[.,]\d+)?|half an?|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_SIZE = re.compile(
    rf"\b{_NUMBER}(?: ?(?:[x×–-]|by|to) ?{_NUMBER})*[ -]?{_UNIT}\b"
    r"|\b(?:\w+[ -])?(?:pea|coin|pin-?head|fingertip|palm|grape|egg)[ -]sized?\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]*(?:\.(?=\d)[^.!?\n]*)*[.!?]?")
NEARBY = 60  # characters of a sentence on each side of the phrase


@dataclass(frozen=True)
class Place:
    """A phrase that states a size, and the words of its sentence around it."""

    before: str
    phrase: str
    after: str


def sizes_in(text: str) -> list[str]:
    """Phrases of `text` that state a size, each once, for the GP to check."""
    return list(dict.fromkeys(match.group() for match in _SIZE.finditer(text)))


def places_of_sizes(text: str) -> list[Place]:
    """Every such phrase where it stands."""
    places = []
    for sentence in _SENTENCE.finditer(text):
        words = sentence.group()
        for match in _SIZE.finditer(words):
            before, after = words[: match.start()].lstrip(), words[match.end() :].rstrip()
            places.append(Place(_last(before), match.group(), _first(after)))
    return places


def _last(words: str) -> str:
    return words if len(words) <= NEARBY else "…" + words[-NEARBY:].partition(" ")[2]


def _first(words: str) -> str:
    return words if len(words) <= NEARBY else words[:NEARBY].rpartition(" ")[0] + "…"
