"""Work behind the answer: job rows, enqueued in the caller's transaction, run by the worker."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.db import Model, UtcDateTime, db, transaction, utc_now
from clinicpro.gateways import GatewayError
from clinicpro.live import bus, wake
from clinicpro.logs import what

log = logging.getLogger(__name__)

TOPIC = "jobs"
LEASE = timedelta(seconds=30)  # a job whose worker died is taken up again after this
RENEW = 10.0  # seconds between renewals of the leases of running jobs
LOOK = 1.0  # seconds between looks without a wake-up: the net under it
LONGEST_WAIT = timedelta(minutes=5)  # between two tries

Run = Callable[[str], None]


class Job(Model):
    """One piece of work: `kind` names the handler, `subject` the row it is about.

    It is there from the commit that asked for it until it is done; `failed_at` is set when the
    last try failed, and then it stays for a person to see.
    """

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Handler:
    """How a kind of job is done: `run` gets the subject; `give_up` when no try is left.

    `threads` is how many of this kind may run at once in one worker. `every` makes it a
    periodic job that is always there.
    """

    run: Run
    threads: int = 1
    most_tries: int = 5
    give_up: Run | None = None
    every: timedelta | None = None


def enqueue(kind: str, subject: str) -> None:
    """In the caller's transaction: have the worker do `kind` for `subject` soon."""
    db.session.add(Job(kind=kind, subject=subject))
    wake(TOPIC)


class Worker:
    """Takes due jobs and runs each in a thread of its kind, until `stop` is called."""

    def __init__(self, app: Flask, handlers: dict[str, Handler]) -> None:
        self.app = app
        self.handlers = handlers
        self.name = socket.gethostname()
        self.stopping = threading.Event()
        self._running: dict[int, str] = {}  # job id -> kind
        self._lock = threading.Lock()
        self._pools = {
            kind: ThreadPoolExecutor(handler.threads, thread_name_prefix=kind)
            for kind, handler in handlers.items()
        }

    def run(self) -> None:
        """Work until stopped; jobs that a worker of this host left unfinished come first."""
        with self.app.app_context():
            release(self.name)
            ensure_periodic(self.handlers)
            listening = bus()
        renewer = threading.Thread(target=self._renew, name="leases", daemon=True)
        renewer.start()
        with listening.listen(TOPIC) as woken:
            while not self.stopping.is_set():
                self.take_due()
                woken.wait(LOOK)
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        self.stopping.set()
        with self.app.app_context():
            bus().fire(TOPIC)

    def take_due(self) -> None:
        """Start every due job there is a thread for; a locked database is tried again later."""
        with self.app.app_context(), suppress(OperationalError):
            while not self.stopping.is_set():
                taken = take(self._kinds_with_room(), self.name)
                if taken is None:
                    return
                with self._lock:
                    self._running[taken.id] = taken.kind
                self._pools[taken.kind].submit(self._do, taken)

    def _kinds_with_room(self) -> list[str]:
        with self._lock:
            busy = list(self._running.values())
        return [
            kind for kind, handler in self.handlers.items() if busy.count(kind) < handler.threads
        ]

    def _do(self, taken: Taken) -> None:
        try:
            with self.app.app_context():
                do(taken, self.handlers[taken.kind])
        except OperationalError:
            log.warning("job put off, the database is busy", extra={"job": taken.id})
        finally:
            with self._lock:
                self._running.pop(taken.id, None)
            with self.app.app_context():
                bus().fire(TOPIC)

    def _renew(self) -> None:
        while not self.stopping.wait(RENEW):
            with self._lock:
                ids = list(self._running)
            if ids:
                with self.app.app_context(), suppress(OperationalError), transaction():
                    db.session.execute(
                        update(Job).where(Job.id.in_(ids)).values(leased_until=utc_now() + LEASE)
                    )


@dataclass(frozen=True)
class Taken:
    """A job this worker holds the lease of; `tries` counts this one."""

    id: int
    kind: str
    subject: str
    tries: int


def take(kinds: list[str], worker: str) -> Taken | None:
    """Lease the oldest due job of `kinds`, or None."""
    if not kinds or db.session.scalar(_due(kinds)) is None:
        return None  # a look without the write lock
    with transaction():
        job = db.session.scalar(
            select(Job).where(
                Job.id == _due(kinds).with_for_update(skip_locked=True).scalar_subquery()
            )
        )
        if job is None:
            return None
        job.leased_until, job.leased_by = utc_now() + LEASE, worker
        job.tries += 1
        return Taken(job.id, job.kind, job.subject, job.tries)


def _due(kinds: list[str]) -> Select[int]:
    now = utc_now()
    return (
        select(Job.id)
        .where(Job.kind.in_(kinds), Job.run_at <= now, Job.failed_at.is_(None))
        .where(or_(Job.leased_until.is_(None), Job.leased_until < now))
        .order_by(Job.run_at, Job.id)
        .limit(1)
    )


def do(taken: Taken, handler: Handler) -> None:
    """Run the job once and note how it went: done, again later, or given up."""
    if taken.tries > handler.most_tries:  # its last try died with its worker
        _give_up(taken, handler)
        return
    try:
        handler.run(taken.subject)
    except GatewayError as error:
        log.warning("job %s: %s", taken.kind, type(error).__name__, extra={"job": taken.id})
        _again(taken, handler)
    except Exception as error:  # noqa: BLE001  (one job's fault ends no worker; logged by place)
        log.error("job %s failed: %s", taken.kind, what(error), extra={"job": taken.id})
        _again(taken, handler)
    else:
        _finish(taken, handler)


def _finish(taken: Taken, handler: Handler) -> None:
    with transaction():
        if handler.every is None:
            db.session.execute(delete(Job).where(Job.id == taken.id))
        else:
            _reschedule(taken.id, handler.every, tries=0)


def _again(taken: Taken, handler: Handler) -> None:
    if handler.every is not None:
        with transaction():
            _reschedule(taken.id, handler.every, tries=0)
    elif taken.tries >= handler.most_tries:
        _give_up(taken, handler)
    else:
        with transaction():
            wait = min(LONGEST_WAIT, timedelta(seconds=2**taken.tries))
            _reschedule(taken.id, wait, taken.tries)


def _give_up(taken: Taken, handler: Handler) -> None:
    if handler.give_up is not None:
        handler.give_up(taken.subject)
    with transaction():
        db.session.execute(
            update(Job).where(Job.id == taken.id).values(failed_at=utc_now(), leased_until=None)
        )


def _reschedule(job_id: int, wait: timedelta, tries: int) -> None:
    values = {"run_at": utc_now() + wait, "leased_until": None, "tries": tries}
    db.session.execute(update(Job).where(Job.id == job_id).values(values))


def release(worker: str) -> None:
    """Take back the leases of `worker`, which is starting again and so has died before."""
    with transaction():
        db.session.execute(
            update(Job).where(Job.leased_by == worker).values(leased_until=None, leased_by=None)
        )


def ensure_periodic(handlers: dict[str, Handler]) -> None:
    """Have one row for every periodic kind."""
    with transaction():
        there = set(db.session.scalars(select(Job.kind).where(Job.kind.in_(handlers))))
        for kind, handler in handlers.items():
            if handler.every is not None and kind not in there:
                db.session.add(Job(kind=kind, subject=""))
