"""The life of one fork: behind the walls, read the bytes, decode them, answer, end."""

from __future__ import annotations

import os
import socket
from typing import NoReturn

from clinicpro.gateways import ImageRejected

from . import decoding, wire
from .sandbox import Sandbox

NICENESS = 10  # of the work nobody is waiting for


def answer_and_end(connection: int, request: wire.Request, sandbox: Sandbox) -> NoReturn:
    """Answer `request` on `connection` and end: 0 when the answer was sent, 1 otherwise."""
    status = 1
    try:
        if not request.is_urgent:
            os.nice(NICENESS)
        inside = sandbox.enter(connection)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=inside) as client:
            _send(inside, _answer(request.work, _content(client, request.size)))
        status = 0
    finally:
        os._exit(status)


def _answer(work: wire.Work, content: bytes) -> bytes:
    try:
        if work == "thumb":
            return wire.answer_of(decoding.thumb(content))
        if work == "cover":
            areas, image = wire.areas_and_image(content)
            return wire.answer_of(decoding.cover(image, areas))
        return wire.answer_of(decoding.derivatives(content))
    except ImageRejected as rejected:
        return wire.No(rejected=True, words=rejected.reason).line()


def _content(client: socket.socket, size: int) -> bytes:
    client.recv(wire.REQUEST_HEADER)  # the parent only looked at it
    content = client.recv(size, socket.MSG_WAITALL) if size else b""
    if len(content) < size:
        raise EOFError
    return content


def _send(connection: int, answer: bytes) -> None:
    rest = memoryview(answer)
    while rest:
        rest = rest[os.write(connection, rest) :]
