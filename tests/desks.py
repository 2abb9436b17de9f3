"""Many desks with their streams open, as raw sockets: cheap for the machine that measures."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import Counter
from typing import Self
from urllib.parse import urlsplit

from tests.visitor import Visitor

CHANGED, OVER = b"event: images-changed", b"event: closed"


class Desks:
    """`count` windows of the desk's person; a thread reads what comes and forgets it.

    `heard` counts the news of images by window, `closed` the windows whose stream ended.
    """

    def __init__(self, desk: Visitor, count: int) -> None:
        parts = urlsplit(desk.url)
        cookie = "; ".join(f"{name}={value}" for name, value in desk.cookies.items())
        request = (
            f"GET /live HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n"
            f"Cookie: {cookie}\r\n\r\n"
        ).encode()
        self.heard: Counter[int] = Counter()
        self.closed: set[int] = set()
        self._chosen = selectors.DefaultSelector()
        self._sockets = []
        for number in range(count):
            one = socket.create_connection((parts.hostname or "", parts.port or 80))
            one.sendall(request)
            self._chosen.register(one, selectors.EVENT_READ, number)
            self._sockets.append(one)
        self._is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._is_over:
            for key, _ in self._chosen.select(0.2):
                try:
                    said = key.fileobj.recv(65536)  # type: ignore[union-attr]
                except ConnectionError:
                    said = b""
                self.heard[key.data] += said.count(CHANGED)
                if not said or OVER in said:
                    self.closed.add(key.data)
                    self._chosen.unregister(key.fileobj)

    def close(self) -> None:
        self._is_over = True
        self._thread.join()
        for one in self._sockets:
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
