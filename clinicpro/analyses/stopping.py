"""Stop, asked in one process and obeyed in another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import OperationalError

from clinicpro.analyses.queries import stop_requested_at
from clinicpro.live import bus

LOOK = 1.0  # seconds between looks at the Stop flag without a wake-up: the net under it


def stop_topic(analysis_id: UUID) -> str:
    """What fires when somebody wants the run to stop; apart from the drafts, which are many."""
    return f"analysis-stop:{analysis_id}"


@contextmanager
def stop_event(analysis_id: UUID) -> Iterator[threading.Event]:
    """An event that is set soon after somebody asks, in whichever process, to stop the run."""
    stop, is_over = threading.Event(), threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    heard, topic = bus(), stop_topic(analysis_id)

    def watch() -> None:
        with heard.listen(topic) as woken:
            while not (is_over.is_set() or stop.is_set()):
                woken.wait(LOOK)
                with app.app_context(), suppress(OperationalError):
                    if not is_over.is_set() and stop_requested_at(analysis_id) is not None:
                        stop.set()

    watcher = threading.Thread(target=watch, name="stop-watch", daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        is_over.set()
        heard.fire(topic)
        watcher.join(timeout=5)
