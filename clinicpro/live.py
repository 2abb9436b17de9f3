"""Live updates: event rows, wake-ups between processes, and the SSE answer built on both.

An event says that something changed under a topic, never what: whoever hears it looks for
itself. Topics are plain words such as `images:<user id>`; rooms choose them.
"""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import socket
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import FrameType

import psycopg
from flask import Flask, Response, current_app
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinicpro.db import Model, UtcDateTime, db, utc_now
from clinicpro.settings import Settings

CHANNEL = "clinicpro"
POLL = 0.25  # seconds between looks at PRAGMA data_version, the net under the datagrams
CHECK = 5.0  # seconds between checks that a stream's reader may still read
COMMENT = 15.0  # seconds between comment lines, so that a dropped reader is noticed
MOST_STREAMS = 200  # per process; the next reader is sent to polling
UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
WAKES = "clinicpro_wakes"

Look = Callable[[set[str]], Iterator[tuple[str, str]]]


class Event(Model):
    """Something changed under `topic`. Rows are the truth, the wake-up is a hint."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)


def announce(topic: str) -> None:
    """In the caller's transaction: note that `topic` changed; listeners wake at the commit."""
    db.session.add(Event(topic=topic))
    wake(topic)


def wake(topic: str) -> None:
    """Wake the listeners of `topic` at the caller's commit, without an event row (drafts)."""
    db.session.info.setdefault(WAKES, set()).add(topic)


class Wake:
    """What one listener waits on: which of its topics fired since it last looked."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._fired: set[str] = set()

    def fire(self, topic: str) -> None:
        with self._condition:
            self._fired.add(topic)
            self._condition.notify_all()

    def wait(self, seconds: float) -> set[str]:
        """The topics that fired, at once or within `seconds`; empty when none did."""
        with self._condition:
            self._condition.wait_for(lambda: self._fired, timeout=seconds)
            fired, self._fired = self._fired, set()
            return fired


class Bus:
    """Wakes this process's listeners for what any process of the practice committed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self.heard = 0  # counts what this process heard from the others, and from itself
        self._wakes: defaultdict[str, set[Wake]] = defaultdict(set)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def listeners(self) -> int:
        with self._lock:
            return len({id(wake) for wakes in self._wakes.values() for wake in wakes})

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Wake]:
        """A Wake for `topics`, already fired once for each, so that the first look is at once."""
        self._start()
        wake = Wake()
        with self._lock:
            for topic in topics:
                self._wakes[topic].add(wake)
                wake.fire(topic)
        try:
            yield wake
        finally:
            with self._lock:
                for topic in topics:
                    self._wakes[topic].discard(wake)
                    if not self._wakes[topic]:
                        del self._wakes[topic]

    def fire(self, topic: str) -> None:
        """Wake this process's own listeners of `topic`."""
        with self._lock:
            wakes = list(self._wakes.get(topic, ()))
        for wake in wakes:
            wake.fire(topic)

    def hear(self, topics: set[str]) -> None:
        """Wake the listeners of what somebody committed; all of them have it in one look."""
        self.heard += bool(topics)  # one thread alone does
        for topic in topics:
            self.fire(topic)

    def send(self, topics: set[str]) -> None:
        """Tell every process on this host; a full or dead socket is left to the polling."""
        if not self.settings.is_sqlite:
            return  # PostgreSQL notified in the transaction itself
        message = "\n".join(sorted(topics)).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for path in self.settings.wake_folder.glob("*.sock"):
                try:
                    sender.sendto(message, str(path))
                except ConnectionRefusedError:
                    path.unlink(missing_ok=True)  # its process died
                except OSError:
                    continue

    def stop(self) -> None:
        """End every stream of this process soon; used at SIGTERM."""
        self.stopping.set()
        with self._lock:
            topics = list(self._wakes)
        for topic in topics:
            self.fire(topic)

    def stop_on_sigterm(self) -> None:
        """Call `stop` at SIGTERM, then whatever handled it before (gunicorn)."""
        before = signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: FrameType | None) -> None:
            threading.Thread(target=self.stop, daemon=True).start()
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGTERM, handle)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                run = self._hear_datagrams if self.settings.is_sqlite else self._hear_postgres
                self._thread = threading.Thread(target=run, name="wake-ups", daemon=True)
                self._thread.start()

    def _hear_datagrams(self) -> None:
        folder = self.settings.wake_folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{secrets.token_hex(3)}.sock"
        inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        inbox.bind(str(path))
        net = _SqliteNet(make_url(self.settings.database_url).database or "")
        selector = selectors.DefaultSelector()
        selector.register(inbox, selectors.EVENT_READ)
        try:
            while not self.stopping.is_set():
                topics: set[str] = set()
                if selector.select(POLL):
                    topics |= set(inbox.recv(65536).decode().split("\n"))
                self.hear(topics | net.changed())
        finally:
            inbox.close()
            path.unlink(missing_ok=True)

    def _hear_postgres(self) -> None:
        url = make_url(self.settings.database_url).set(drivername="postgresql")
        while not self.stopping.is_set():
            with suppress(psycopg.OperationalError):  # the database is away: try again below
                self._hear_notifications(url.render_as_string(hide_password=False))
            self.stopping.wait(1.0)

    def _hear_notifications(self, address: str) -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            with self._lock:
                topics = list(self._wakes)
            self.hear(set(topics))  # what was said while nobody listened
            while not self.stopping.is_set():
                for notice in connection.notifies(timeout=1.0):
                    self.hear({notice.payload})


class _SqliteNet:
    """Finds, by PRAGMA data_version, event rows whose datagram was lost."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(Path(path), timeout=5, check_same_thread=False)
        self._version = -1
        self._last = self._newest()

    def _newest(self) -> int:
        row = self._connection.execute("SELECT max(id) FROM event").fetchone()
        return row[0] or 0

    def changed(self) -> set[str]:
        try:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return set()
            rows = self._connection.execute(
                "SELECT id, topic FROM event WHERE id > ? ORDER BY id", (self._last,)
            ).fetchall()
        except sqlite3.OperationalError:
            return set()  # locked for a moment: the version is looked at again at the next turn
        self._version = version
        if rows:
            self._last = rows[-1][0]
        return {topic for _, topic in rows}


def install(app: Flask, settings: Settings) -> None:
    """Give `app` its bus and let every commit wake the listeners it named."""
    app.extensions["bus"] = Bus(settings)


def bus() -> Bus:
    found = current_app.extensions["bus"]
    assert isinstance(found, Bus)  # noqa: S101  (tells mypy; install() put it there)
    return found


@event.listens_for(Session, "before_commit")
def _notify(session: Session) -> None:
    topics = session.info.get(WAKES)
    if topics and session.get_bind().dialect.name == "postgresql":
        for topic in sorted(topics):
            session.execute(select(func.pg_notify(CHANNEL, topic)))


@event.listens_for(Session, "after_commit")
def _send(session: Session) -> None:
    topics = session.info.pop(WAKES, None)
    if topics:
        bus().send(topics)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(WAKES, None)


def event_stream(topics: tuple[str, ...], look: Look, may_read: Callable[[], bool]) -> Response:
    """Send what `look` sees, now and whenever one of `topics` fires, until it says `closed`.

    `look` gets the topics that fired and yields (event name, payload); `may_read` is asked before
    every look and every 5 s. Both run in an app context of their own, so that no database session
    is held while waiting. Beyond 200 streams a process the answer is `closed` at once.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    heard = bus()

    def seen(fired: set[str]) -> list[tuple[str, str]]:
        with app.app_context():
            if not may_read():
                return [("closed", "ended")]
            return list(look(fired)) if fired else []

    def frames() -> Iterator[str]:
        if heard.listeners >= MOST_STREAMS:
            yield frame("closed", "busy")
            return
        with heard.listen(*topics) as wake:
            said = time.monotonic()
            while True:
                fired = wake.wait(CHECK)
                if heard.stopping.is_set():
                    return
                events = seen(fired)
                if events:
                    yield "".join(frame(name, payload) for name, payload in events)
                    said = time.monotonic()
                if events and events[-1][0] == "closed":
                    return
                if time.monotonic() - said >= COMMENT:
                    yield ": still here\n\n"
                    said = time.monotonic()

    return Response(frames(), mimetype="text/event-stream", headers=UNBUFFERED)


def frame(name: str, payload: str) -> str:
    """One SSE frame; a payload line each, since a stray carriage return would break it."""
    lines = payload.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
