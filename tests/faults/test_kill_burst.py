"""Everything, or one part, is killed while images come in: what was called Saved is there."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException

import pytest

from clinicpro.settings import Settings
from tests.corpus import skin_jpeg
from tests.faults.conftest import BACK_WITHIN, reads_back, wait_until
from tests.instance import Instance, kill
from tests.invariants import broken, moved_back, states
from tests.visitor import Visitor, settings_of, unlike

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

JPEG = skin_jpeg(2400, 1800)
AT_ONCE = 4
ROUNDS = 2
PARTS = ("gunicorn", "/weed -logtostderr", "clinicpro worker", "clinicpro decoder", "/caddy run")


class Burst:
    """Images sent four at a time; what was fully sent, and what was called Saved."""

    def __init__(self, gp: Visitor, first: int) -> None:
        self.sent: dict[str, bytes] = {}
        self.saved: dict[str, bytes] = {}
        self._gp = gp
        self._numbers = iter(range(first, first + 100_000))
        self._lock = threading.Lock()
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._send_many) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(60)

    def gets_going(self) -> None:
        """Returns when three more are saved."""
        there = len(self.saved)
        wait_until(lambda: len(self.saved) > there + 2, time.monotonic() + BACK_WITHIN)

    def _send_many(self) -> None:
        with Visitor(self._gp.url) as sender:
            sender.become(self._gp)
            while not self._over.is_set():
                with suppress(OSError, HTTPException, ValueError, KeyError):
                    self._send(sender)

    def _send(self, sender: Visitor) -> None:
        with self._lock:
            content = unlike(JPEG, next(self._numbers))
        asked = sender.presign(content)
        if asked.status != 201:
            time.sleep(0.05)
            return
        ticket = asked.json()
        image_id = str(ticket["imageId"])
        if sender.put(ticket, content) != 200:
            return
        self.sent[image_id] = content
        while not self._over.is_set():  # as a browser does
            with suppress(OSError, HTTPException):
                if sender.send("POST", f"/api/uploads/{image_id}/receipt").status == 200:
                    self.saved[image_id] = content
                    return
            time.sleep(0.2)


def everything_is_there(settings: Settings, again: Visitor, burst: Burst, deadline: float) -> None:
    listed = again.listed()
    assert {listed.get(image_id) for image_id in burst.saved} == {"ready"}
    wait_until(lambda: "expected" not in sent_states(settings, burst), deadline)
    assert sent_states(settings, burst) == {"ready"}  # each is a good image
    for image_id, content in burst.saved.items():
        assert reads_back(again, image_id, deadline) == content
    assert broken(settings) == []


def sent_states(settings: Settings, burst: Burst) -> set[str]:
    there = states(settings)
    return {there.get(image_id, "gone") for image_id in burst.sent}


def test_everything_is_killed_again_and_again_while_a_burst_runs(
    instance: Instance, gp: Visitor
) -> None:
    kill_again_and_again(instance, gp, ROUNDS, random.Random(20261124))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_everything_is_killed_a_hundred_times(instance: Instance, gp: Visitor) -> None:
    kill_again_and_again(instance, gp, 100, random.Random())


def kill_again_and_again(
    instance: Instance, gp: Visitor, rounds: int, chance: random.Random
) -> None:
    for number in range(rounds):
        before = states(settings_of(instance))
        burst = Burst(gp, number * 1000)
        with burst.running():
            burst.gets_going()
            time.sleep(chance.random())
            instance.kill_all()
        instance.start()
        deadline = time.monotonic() + BACK_WITHIN
        with Visitor(instance.url) as again:
            again.sign_in()
            everything_is_there(settings_of(instance), again, burst, deadline)
        assert moved_back(before, states(settings_of(instance))) == []


def test_one_part_after_another_is_killed_while_a_burst_runs(
    instance: Instance, gp: Visitor
) -> None:
    settings = settings_of(instance)
    burst = Burst(gp, 0)
    with burst.running():
        for part in PARTS:
            burst.gets_going()
            for pid in instance.children(part):
                kill(pid)
        burst.gets_going()
    with Visitor(instance.url) as again:
        again.sign_in()
        everything_is_there(settings, again, burst, time.monotonic() + BACK_WITHIN)
