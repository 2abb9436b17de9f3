"""A call in a thread of its own: its items, its error and its end arrive where it is awaited."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from clinicpro.gateways.calls import Line, listen


class Stream:
    """As httpcore hands it to a trace."""

    def __init__(self, connected: socket.socket) -> None:
        self.connected = connected

    def get_extra_info(self, info: str) -> object:
        return self.connected if info == "socket" else None


def in_a_minute() -> float:
    return time.monotonic() + 60


def test_a_line_that_was_hung_up_early_is_dead_when_it_comes() -> None:
    line = Line()
    line.hang_up()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line.trace("connection.connect_tcp.complete", {"return_value": Stream(ours)})
        theirs.settimeout(1)
        assert theirs.recv(1) == b""
    line.close()


def test_hanging_up_wakes_whoever_waits() -> None:
    line = Line()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line.trace("connection.connect_tcp.complete", {"return_value": Stream(ours)})
        threading.Timer(0.1, line.hang_up).start()
        ours.settimeout(5)
        assert ours.recv(1) == b""
    line.close()
    line.hang_up()


def test_what_goes_wrong_in_the_call_is_raised_where_it_is_awaited() -> None:
    def source(_line: Line) -> Iterator[str]:
        yield "one"
        raise KeyError("a mistake of ours")

    heard: list[str] = []
    with pytest.raises(KeyError):
        heard.extend(listen(source, threading.Event(), in_a_minute()))
    assert heard == ["one"]


def test_the_deadline_counts_although_words_keep_coming() -> None:
    def source(_line: Line) -> Iterator[int]:
        for number in range(10_000):
            time.sleep(0.01)
            yield number

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        list(listen(source, threading.Event(), began + 0.2))
    assert time.monotonic() - began < 1


def test_a_call_nobody_awaits_any_more_ends() -> None:
    ended = threading.Event()

    def source(_line: Line) -> Iterator[int]:
        try:
            while True:
                time.sleep(0.01)
                yield 1
        finally:
            ended.set()

    said = listen(source, threading.Event(), in_a_minute())
    assert next(said) == 1
    said.close()
    assert ended.wait(2)
