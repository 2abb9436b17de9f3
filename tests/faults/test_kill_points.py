"""Everything is killed at a chosen moment of an image's way: no half row, nothing Saved is lost."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import pytest

from tests.corpus import skin_jpeg
from tests.faults.conftest import BACK_WITHIN, reads_back, wait_until
from tests.instance import Instance, kill
from tests.invariants import broken, states
from tests.visitor import Visitor, path_of, settings_of, unlike

pytestmark = pytest.mark.faults

JPEG = skin_jpeg(1600, 1200)
Hold = Callable[[Instance], object]


@contextmanager
def frozen(instance: Instance, part: str) -> Iterator[None]:
    """It answers nothing from here on."""
    for pid in instance.children(part):
        kill(pid, signal.SIGSTOP)
    yield


@contextmanager
def locked(instance: Instance) -> Iterator[None]:
    """Nobody can commit from here on."""
    path = instance.data / "clinicpro.sqlite3"
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def behind(act: Callable[[], object]) -> threading.Thread:
    """Do it in a thread: its answer never comes."""

    def quietly() -> None:
        with suppress(OSError, HTTPException, AssertionError):
            act()

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    return thread


POINTS: dict[str, tuple[Hold, float]] = {
    "after the store's 200, before the original is read": (
        lambda instance: frozen(instance, "/weed -logtostderr"),
        0.5,
    ),
    "in the decode": (lambda instance: frozen(instance, "clinicpro decoder"), 0.5),
    "after the barrier, before the commit": (locked, 2),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_receipt_that_never_answered(
    instance: Instance, gp: Visitor, again: Visitor, point: str
) -> None:
    hold, seconds = POINTS[point]
    saved = gp.save(JPEG)
    sent = gp.begin(unlike(JPEG, 1))
    with Visitor(instance.url) as sender:
        sender.become(gp)
        with hold(instance):  # type: ignore[attr-defined]
            thread = behind(lambda: sender.send("POST", f"/api/uploads/{sent}/receipt"))
            time.sleep(seconds)
            assert thread.is_alive(), "it was answered before the kill"
            instance.kill_all()
        thread.join(20)
    comes_back(instance, again, {saved: JPEG, sent: unlike(JPEG, 1)})


def test_in_the_middle_of_a_put(instance: Instance, gp: Visitor, again: Visitor) -> None:
    saved = gp.save(JPEG)
    content = unlike(JPEG, 1)
    ticket = gp.presign(content).json()
    headers = ticket["headers"]
    assert isinstance(headers, dict)
    with closing(HTTPConnection(urlsplit(instance.url).netloc, timeout=20)) as connection:
        connection.putrequest("PUT", path_of(str(ticket["uploadUrl"])))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(content[: len(content) // 2])
        time.sleep(0.3)
        instance.kill_all()
    comes_back(instance, again, {saved: JPEG})
    assert states(settings_of(instance))[str(ticket["imageId"])] == "expected"
    assert again.save(content) == ticket["imageId"]  # the same again is no second image


def test_while_the_worker_makes_derivatives(
    instance: Instance, gp: Visitor, again: Visitor
) -> None:
    images = {gp.save(unlike(JPEG, number)): unlike(JPEG, number) for number in range(6)}
    instance.kill_all()
    comes_back(instance, again, images)
    database = instance.data / "clinicpro.sqlite3"

    def are_made() -> bool:
        with closing(sqlite3.connect(database, timeout=20)) as connection:
            query = "SELECT count(*) FROM image WHERE has_derivatives"
            return bool(connection.execute(query).fetchone() == (len(images),))

    wait_until(are_made, time.monotonic() + BACK_WITHIN)
    assert broken(settings_of(instance)) == []


def comes_back(instance: Instance, again: Visitor, images: dict[str, bytes]) -> None:
    """After the restart all of `images` are saved within 60 s, and every promise holds."""
    instance.start()
    deadline = time.monotonic() + BACK_WITHIN
    again.sign_in()
    wait_until(
        lambda: [again.listed().get(one) for one in images] == ["ready"] * len(images), deadline
    )
    for image_id, content in images.items():
        assert reads_back(again, image_id, deadline) == content
    assert broken(settings_of(instance)) == []
