"""The growing texts of this worker's runs: kept together, a few times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import bindparam, update
from sqlalchemy.exc import OperationalError

from clinicpro.analyses.models import RUNNING, Analysis, topic
from clinicpro.db import db, transaction
from clinicpro.live import wake

PACE = 0.08  # seconds from one write to the next; the first words after a pause wait for nothing
REST = 0.04  # at least so long after a write, however slow it was: others write too
LONGEST_TEXT = 20_000  # characters
NAME = "drafts"

_KEEP = (
    update(Analysis)
    .where(Analysis.id == bindparam("run"), Analysis.state == RUNNING)
    .values(text=bindparam("words"))
)


class Draft:
    """What a run has brought so far; `keep` is given all of it whenever it has grown."""

    def __init__(self, keep: Callable[[str], None]) -> None:
        self.text = ""
        self._keep = keep

    @property
    def is_full(self) -> bool:
        return len(self.text) >= LONGEST_TEXT

    def add(self, piece: str) -> None:
        self.text = (self.text + piece)[:LONGEST_TEXT]
        self._keep(self.text)


class Drafts:
    """All open drafts of a process: one thread writes what changed, many runs in one commit."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._condition = threading.Condition()
        self._open: set[UUID] = set()
        self._changed: dict[UUID, str] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def draft(self, analysis_id: UUID) -> Iterator[Draft]:
        """A draft that is kept as it grows, until the block ends; the end writes the last words.

        Whoever adds to it never waits for the database.
        """
        with self._condition:
            self._open.add(analysis_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
                self._thread.start()
        try:
            yield Draft(partial(self._note, analysis_id))
        finally:
            with self._condition:
                self._open.discard(analysis_id)
                self._changed.pop(analysis_id, None)
                self._condition.notify_all()

    def _note(self, analysis_id: UUID, text: str) -> None:
        with self._condition:
            self._changed[analysis_id] = text
            self._condition.notify_all()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._changed or not self._open)
                if not self._open:
                    self._thread = None
                    return
                changed, self._changed = self._changed, {}
            begun = time.monotonic()
            self._write(changed)
            rest = max(REST, PACE - (time.monotonic() - begun))
            with self._condition:  # unless there is nothing left to do
                self._condition.wait_for(lambda: not self._open, timeout=rest)

    def _write(self, changed: dict[UUID, str]) -> None:
        rows = [{"run": one, "words": text} for one, text in changed.items()]
        try:
            with self._app.app_context(), transaction():
                db.session.connection().execute(_KEEP, rows)
                for one in changed:
                    wake(topic(one))
        except OperationalError:  # the database is busy: the next turn tries again
            with self._condition:
                for one in changed.keys() & self._open:
                    self._changed.setdefault(one, changed[one])


def drafts() -> Drafts:
    """Those of this process's app."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found = app.extensions.setdefault(NAME, Drafts(app))
    assert isinstance(found, Drafts)  # noqa: S101  (tells mypy)
    return found
