"""Stop, asked in one process and obeyed in another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import OperationalError

from clinicpro.live import bus

LOOK = 1.0  # seconds between looks at the Stop flag without a wake-up: the net under it


def stop_topic(run_id: UUID) -> str:
    """What fires when somebody wants the run to stop; apart from the drafts, which are many."""
    return f"stop:{run_id}"


@contextmanager
def stop_event(run_id: UUID, is_wanted: Callable[[], bool]) -> Iterator[threading.Event]:
    """An event that is set soon after somebody asks, in whichever process, to stop the run.

    `is_wanted` looks in the database whether somebody did.
    """
    stop, is_over = threading.Event(), threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    heard, topic = bus(), stop_topic(run_id)

    def watch() -> None:
        with heard.listen(topic) as woken:
            while not (is_over.is_set() or stop.is_set()):
                woken.wait(LOOK)
                with app.app_context(), suppress(OperationalError):
                    if not is_over.is_set() and is_wanted():
                        stop.set()

    watcher = threading.Thread(target=watch, name="stop-watch", daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        is_over.set()
        heard.fire(topic)
        watcher.join(timeout=5)
