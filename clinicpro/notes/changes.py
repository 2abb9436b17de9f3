"""What a person changed of the model's words, piece by piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\s+|[^\s]+")
MOST = 5000  # words of a text that are compared


@dataclass(frozen=True)
class Change:
    """A piece of text: `kept`, taken out (`gone`) or put in (`new`)."""

    kind: str
    text: str


def changes(proposed: str, accepted: str) -> list[Change]:
    """How `proposed` became `accepted`, in the order of reading."""
    before, after = _WORD.findall(proposed)[:MOST], _WORD.findall(accepted)[:MOST]
    found = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Change("kept", "".join(before[i:j])))
            continue
        if i < j:
            found.append(Change("gone", "".join(before[i:j])))
        if k < m:
            found.append(Change("new", "".join(after[k:m])))
    return found
