"""The words of the runs that are watched in this process: read once for all of their readers.

The worker keeps the texts of many runs in one commit, which wakes as many streams at one moment.
A query each was what their later words waited for.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from clinicpro.analyses.models import Analysis, is_open, paragraphs
from clinicpro.db import db
from clinicpro.live import bus

NAME = "growing"
RECENT = 5.0  # seconds after which a run that nobody asked for is read along no more


@dataclass(frozen=True, slots=True)
class Grown:
    """What changes in a run while it is written."""

    id: UUID
    state: str
    text: str

    dom_name = "analysis"

    @property
    def is_open(self) -> bool:
        return is_open(self.state)

    @property
    def paragraphs(self) -> list[str]:
        return paragraphs(self.text)


class Growing:
    """One query for whoever asks between two wake-ups. It asks nobody whether they may read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[UUID, float] = {}
        self._found: dict[UUID, Grown] = {}
        self._heard = -1

    def latest(self, analysis_id: UUID) -> Grown | None:
        """As it is in the database now, or was after the last wake-up of this process."""
        heard = bus().heard
        with self._lock:
            self._asked[analysis_id] = time.monotonic()
            if self._heard < heard or analysis_id not in self._found:
                self._read()
            return self._found.get(analysis_id)

    def _read(self) -> None:
        since = time.monotonic() - RECENT
        self._asked = {one: at for one, at in self._asked.items() if at >= since}
        self._heard = bus().heard  # before the query: what is said meanwhile is looked for anew
        db.session.rollback()  # nor with an older view than that
        query = select(Analysis.id, Analysis.state, Analysis.text)
        rows = db.session.execute(query.where(Analysis.id.in_(self._asked))).all()
        self._found = {row.id: Grown(*row) for row in rows}


def growing() -> Growing:
    """That of this process's app."""
    found = current_app.extensions.setdefault(NAME, Growing())
    assert isinstance(found, Growing)  # noqa: S101  (tells mypy)
    return found
