"""Jobs: each is done by one worker, again when it failed, and given up in the end."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from clinicpro.db import db, transaction, utc_now
from clinicpro.jobs import Handler, Job, Taken, do, enqueue, ensure_periodic, release, take

KIND = "count"
JOBS, WORKERS = 30, 6


def ask_for(*subjects: str) -> None:
    with transaction():
        for subject in subjects:
            enqueue(KIND, subject)


def the_job() -> Job:
    db.session.rollback()
    return db.session.scalars(select(Job)).one()


def make_due() -> None:
    with transaction():
        db.session.execute(update(Job).values(run_at=utc_now() - timedelta(seconds=1)))


def taken() -> Taken:
    make_due()
    found = take([KIND], "here")
    assert found is not None
    return found


def test_workers_at_once_do_each_job_once(app: Flask) -> None:
    ask_for(*(str(number) for number in range(JOBS)))
    done: Counter[str] = Counter()

    def work(worker: str) -> None:
        handler = Handler(lambda subject: done.update([subject]))
        with app.app_context():
            while True:
                try:
                    found = take([KIND], worker)
                except OperationalError:
                    continue  # as the worker does: the database was locked for a moment
                if found is None:
                    if db.session.scalar(select(Job.id).limit(1)) is None:
                        return
                    db.session.rollback()
                    continue
                do(found, handler)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, (f"worker {number}" for number in range(WORKERS))))
    assert done == Counter({str(number): 1 for number in range(JOBS)})


def test_what_is_leased_is_nobody_elses_until_the_lease_ends(app: Flask) -> None:
    ask_for("a")
    assert taken().subject == "a"
    assert take([KIND], "there") is None
    with transaction():
        db.session.execute(update(Job).values(leased_until=utc_now() - timedelta(seconds=1)))
    again = take([KIND], "there")
    assert again is not None
    assert again.tries == 2


def test_a_worker_that_starts_again_takes_its_own_back_at_once(app: Flask) -> None:
    ask_for("a")
    taken()
    release("there")
    assert take([KIND], "here") is None
    release("here")
    assert take([KIND], "here") is not None


def test_what_fails_comes_again_later_and_is_given_up_at_last(app: Flask) -> None:
    ask_for("a")
    given_up: list[str] = []

    def fail(subject: str) -> None:
        raise ZeroDivisionError

    handler = Handler(fail, most_tries=3, give_up=given_up.append)
    waits = []
    for _ in range(2):
        do(taken(), handler)
        waits.append((the_job().run_at - utc_now()).total_seconds())
        assert take([KIND], "here") is None
    assert 1 < waits[0] < waits[1] < 5
    assert given_up == []
    do(taken(), handler)
    assert given_up == ["a"]
    assert the_job().failed_at is not None
    make_due()
    assert take([KIND], "here") is None


def test_a_job_whose_last_try_died_with_its_worker_is_given_up_unrun(app: Flask) -> None:
    ask_for("a")
    given_up: list[str] = []
    handler = Handler(pytest.fail, most_tries=1, give_up=given_up.append)
    taken()
    release("here")
    do(taken(), handler)
    assert given_up == ["a"]


def test_a_periodic_job_is_there_once_and_always_comes_again(app: Flask) -> None:
    done: list[str] = []
    handlers = {KIND: Handler(done.append, every=timedelta(hours=1))}
    ensure_periodic(handlers)
    ensure_periodic(handlers)
    do(taken(), handlers[KIND])
    assert done == [""]
    assert the_job().run_at > utc_now() + timedelta(minutes=59)
    assert take([KIND], "here") is None


def test_a_job_asked_for_in_vain_is_not_there(app: Flask) -> None:
    def fail() -> None:
        with transaction():
            enqueue(KIND, "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.session.scalar(select(Job.id)) is None
