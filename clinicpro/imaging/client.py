"""The decoder, asked over its socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path

from clinicpro.gateways import (
    Area,
    Covered,
    Decoded,
    DecoderDown,
    Derivatives,
    ImageRejected,
)

from . import wire

TIMEOUT = 25.0  # seconds in all, waiting in line included

AT_ONCE = 1 << 22  # bytes on their way, as far as the system allows: each wait costs two switches

DOWN = "The image reader did not answer. Nothing is lost; try again in a moment."


class DecoderClient:
    """Implements `Decoder` over the unix socket at `path`; one connection a request."""

    def __init__(self, path: Path, timeout: float = TIMEOUT) -> None:
        self.path = path
        self.timeout = timeout

    def thumb(self, content: bytes) -> Decoded:
        """Read all of `content` at reduced scale. Raises ImageRejected or DecoderDown."""
        header, (thumb,) = self._ask("thumb", content, 1)
        return Decoded(header.content_type, header.width, header.height, header.taken_at, thumb)

    def derivatives(self, content: bytes) -> Derivatives:
        """Decode every pixel. Raises ImageRejected or DecoderDown."""
        header, (view, full) = self._ask("derivatives", content, 2)
        return Derivatives(view, header.width, header.height, full)

    def cover(self, content: bytes, areas: Sequence[Area]) -> Covered:
        """Paint `areas` black. Raises ImageRejected or DecoderDown."""
        header, (jpeg,) = self._ask("cover", wire.with_areas(areas, content), 1)
        return Covered(jpeg, header.width, header.height)

    def _ask(self, work: wire.Work, content: bytes, count: int) -> tuple[wire.Header, list[bytes]]:
        if len(content) > wire.MAX_REQUEST:
            raise ImageRejected(wire.TOO_LARGE)
        try:
            with _Call(self.path, self.timeout) as call:
                call.send(wire.Request(work, len(content)).line())
                call.send(content)
                return call.answer(count)
        except (OSError, wire.Garbled) as error:
            raise DecoderDown(DOWN) from error


class _Call:
    def __init__(self, path: Path, timeout: float) -> None:
        self.ends_at = time.monotonic() + timeout
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, AT_ONCE)
        self.path = str(path)
        self.unread = b""

    def __enter__(self) -> _Call:
        try:
            self._set_deadline()
            self.socket.connect(self.path)
        except OSError:
            self.socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, request: bytes) -> None:
        rest = memoryview(request)
        try:
            while rest:
                self._set_deadline()
                rest = rest[self.socket.send(rest) :]
        except (BrokenPipeError, ConnectionResetError):
            return  # refused before it was all sent: the answer says why

    def answer(self, count: int) -> tuple[wire.Header, list[bytes]]:
        header = wire.header_from(self._line())
        if isinstance(header, wire.No):
            raise ImageRejected(header.words) if header.rejected else DecoderDown(header.words)
        if len(header.sizes) != count:
            raise wire.Garbled
        parts = [self._exactly(size) for size in header.sizes]
        if self._exactly(len(wire.END)) != wire.END:
            raise wire.Garbled
        return header, parts

    def _line(self) -> bytes:
        while b"\n" not in self.unread:
            if len(self.unread) > wire.MAX_HEADER:
                raise wire.Garbled
            self.unread += self._some(wire.MAX_HEADER)
        line, _, self.unread = self.unread.partition(b"\n")
        return line

    def _exactly(self, size: int) -> bytes:
        parts, missing = [self.unread[:size]], size - len(self.unread[:size])
        self.unread = self.unread[size:]
        while missing:
            parts.append(self._some(min(missing, 1 << 20)))
            missing -= len(parts[-1])
        return b"".join(parts)

    def _some(self, at_most: int) -> bytes:
        self._set_deadline()
        some = self.socket.recv(at_most)
        if not some:
            raise wire.Garbled
        return some

    def _set_deadline(self) -> None:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
