"""What the doctor finds: one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """`words` say how it is and, unless it is well, what to do."""

    level: Literal["ok", "warn", "fail"]
    name: str
    words: str

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.name}: {self.words}"


def ok(name: str, words: str) -> Finding:
    return Finding("ok", name, words)


def warn(name: str, words: str) -> Finding:
    return Finding("warn", name, words)


def fail(name: str, words: str) -> Finding:
    return Finding("fail", name, words)
