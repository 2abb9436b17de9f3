"""One call over the network that can be hung up at any moment, also while it waits."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item")
GLANCE = 0.1  # seconds between two looks at `stop`


class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...


class Line:
    """The connection that a call opens, so that another thread can hang up.

    It holds a duplicate of the socket: shutting that down ends the connection whatever is made
    of the first (TLS takes it over), and wakes a thread that waits in it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.is_cut = False

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        """For httpcore's `trace` extension: takes note of the socket as soon as there is one."""
        if event == "connection.connect_tcp.complete":
            stream: _Stream = info["return_value"]  # type: ignore[assignment]
            found = stream.get_extra_info("socket")
            if isinstance(found, socket.socket):
                self._take(found.dup())

    def hang_up(self) -> None:
        """End the connection now, or as soon as there is one."""
        with self._lock:
            self.is_cut = True
            self._shut_down()

    def close(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _take(self, connected: socket.socket) -> None:
        self.close()
        with self._lock:
            self._socket = connected
            if self.is_cut:
                self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the other side was first
                self._socket.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class _Heard(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None = None


def listen(
    source: Callable[[Line], Iterator[Item]], stop: threading.Event, deadline: float
) -> Generator[Item, None, None]:
    """Yield what `source` yields, which works in a thread of its own; its error is raised here.

    Ends a moment after `stop` is set, even while the name is looked up or the connection is
    made; raises TimeoutError at `deadline` (monotonic seconds). In both cases, and when the
    caller goes away, the line is hung up.
    """
    line = Line()
    said: queue.SimpleQueue[_Heard[Item] | _Ended] = queue.SimpleQueue()
    threading.Thread(
        target=_speak, args=(source, line, said), name="model call", daemon=True
    ).start()
    try:
        while not stop.is_set():
            if time.monotonic() > deadline:
                raise TimeoutError
            try:
                heard = said.get(timeout=GLANCE)
            except queue.Empty:
                continue
            if isinstance(heard, _Heard):
                yield heard.item
            elif heard.error is not None:
                raise heard.error
            else:
                return
    finally:
        line.hang_up()


def _speak(
    source: Callable[[Line], Iterator[Item]],
    line: Line,
    said: queue.SimpleQueue[_Heard[Item] | _Ended],
) -> None:
    try:
        for item in source(line):
            said.put(_Heard(item))
            if line.is_cut:
                break
        said.put(_Ended())
    except BaseException as error:  # noqa: BLE001  (carried over and raised where it is awaited)
        said.put(_Ended(error))
    finally:
        line.close()
