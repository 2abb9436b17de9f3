"""The road between a browser and the practice, which can be blocked in the middle of a PUT."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Self

from playwright.sync_api import ProxySettings

PUT = re.compile(rb"^PUT \S*X-Amz-Signature=", re.MULTILINE)
SMALL = 16_384  # bytes of the road's own buffer: what is sent stays with the sender
PACKET = 1400  # bytes; loopback's own are so large that the sender's buffer takes a whole photo


class Road:
    """An HTTP proxy. `block(after)`: of the next PUT `after` bytes come through, then nothing.

    The connection stays open and silent, as with a phone that walked out of the Wi-Fi's reach.
    """

    def __init__(self, port: int) -> None:
        self.port = port  # the practice's
        self.puts = 0  # of images, as they began
        self.blocked = threading.Event()
        self._after: int | None = None
        self._open: list[socket.socket] = []
        self._silent: set[socket.socket] = set()
        self._door = socket.socket()
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self._door.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
        self._door.bind(("127.0.0.1", 0))
        self._door.listen(64)
        self._porter = threading.Thread(target=self._accept, daemon=True)
        self._porter.start()

    @property
    def proxy(self) -> ProxySettings:
        port = self._door.getsockname()[1]
        return {"server": f"http://127.0.0.1:{port}", "bypass": "<-loopback>"}

    def block(self, after: int) -> None:
        self._after = after
        self.blocked.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                self._open.append(near)
                far = socket.create_connection(("localhost", self.port))
                self._open.append(far)
                threading.Thread(target=self._up, args=(near, far), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while said := near.recv(SMALL):
                if PUT.search(said):
                    self.puts += 1
                    if self._after is not None:
                        return self._some(said, near, far)
                far.sendall(said)
            far.shutdown(socket.SHUT_WR)
        return None

    def _some(self, said: bytes, near: socket.socket, far: socket.socket) -> None:
        left, self._after = self._after or 0, None
        while said and left > 0:
            far.sendall(said[:left])
            left -= len(said)
            said = near.recv(SMALL)
        self._silent.add(near)
        self.blocked.set()  # and nobody reads on

    def _pass(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while said := far.recv(65_536):
                if near in self._silent:
                    return
                near.sendall(said)
            if near in self._silent:
                return
            near.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)  # wakes the porter
        self._porter.join()
        for one in (self._door, *self._open):
            one.close()
