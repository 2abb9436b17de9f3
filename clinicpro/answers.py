"""Answers that are no faults: a rule says no, or the row is not there for who asks."""

from __future__ import annotations


class NotHere(Exception):  # noqa: N818
    """Unknown or somebody else's: which of the two is nobody's business. Answered with 404."""


class Refusal(Exception):  # noqa: N818
    """A rule says no: `title` what happened, `advice` what to do. Answered with `status`."""

    def __init__(self, title: str, advice: str, code: str = "refused", status: int = 409) -> None:
        super().__init__(title)
        self.title = title
        self.advice = advice
        self.code = code
        self.status = status
