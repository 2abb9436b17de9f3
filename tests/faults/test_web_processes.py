"""Several web processes, on either database: what one of them saves, the desks of all hear."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.corpus import skin_jpeg
from tests.desks import Desks
from tests.instance import Instance, kill
from tests.postgres import Postgres
from tests.visitor import Visitor

pytestmark = [pytest.mark.faults, pytest.mark.store]
WINDOWS = 40  # enough that each of two processes has some
SOON = 10  # seconds; a busy machine is no failure


@pytest.fixture(params=["sqlite", "postgresql"])
def instance(request: pytest.FixtureRequest) -> Iterator[Instance]:
    more = {"WEB_CONCURRENCY": "2"}
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        more["DATABASE_URL"] = postgres.url(postgres.make_database())
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(folder, **more) as running:
        yield running
    shutil.rmtree(folder)


def connections(instance: Instance) -> dict[int, int]:
    """How many connections each web process has; the one without any only starts the others."""
    found = {}
    for pid in instance.children("gunicorn"):
        with suppress(psutil.NoSuchProcess):  # one that was killed, a moment ago
            one = psutil.Process(pid)
            if not one.children():
                found[pid] = sum(bool(each.laddr) for each in one.net_connections("unix"))
    return found


def wait_until_all_heard(desks: Desks, windows: set[int], before: dict[int, int]) -> None:
    deadline = time.monotonic() + SOON
    while deaf := [one for one in windows if desks.heard[one] <= before.get(one, 0)]:
        assert time.monotonic() < deadline, f"{len(deaf)} of {len(windows)} heard nothing"
        time.sleep(0.05)


def test_what_one_saves_all_hear_and_one_that_dies_takes_no_other_along(
    instance: Instance, gp: Visitor
) -> None:
    gp.save(skin_jpeg(320, 240, seed=1))
    before = connections(instance)
    assert len(before) == 2
    with Desks(gp, WINDOWS) as desks:
        wait_until_all_heard(desks, set(range(WINDOWS)), {})  # the first look
        assert all(count > before[pid] for pid, count in connections(instance).items())
        said = dict(desks.heard)
        gp.save(skin_jpeg(320, 240, seed=2))
        wait_until_all_heard(desks, set(range(WINDOWS)), said)

        kill(min(before))
        deadline = time.monotonic() + SOON
        while len(now := connections(instance)) < 2 or min(before) in now or not desks.closed:
            assert time.monotonic() < deadline, (now, desks.closed)
            time.sleep(0.1)
        time.sleep(1)  # until all of them are closed that will be
        assert len(desks.closed) < WINDOWS
        said = dict(desks.heard)
        with Desks(gp, WINDOWS) as back:  # as a page does whose stream ended
            wait_until_all_heard(back, set(range(WINDOWS)), {})
            news = dict(back.heard)
            gp.save(skin_jpeg(320, 240, seed=3))
            wait_until_all_heard(desks, set(range(WINDOWS)) - desks.closed, said)
            wait_until_all_heard(back, set(range(WINDOWS)), news)
