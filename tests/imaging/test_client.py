"""The client, against decoders that are absent, silent, cut or talking nonsense."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clinicpro.gateways import Decoded, DecoderDown, ImageRejected
from clinicpro.imaging.client import DecoderClient

GOOD = {"content_type": "image/png", "width": 3, "height": 2, "taken_at": None, "sizes": [1]}


@contextmanager
def answering(answer: bytes | None) -> Iterator[Path]:
    """A decoder of one answer; None says nothing until the end of the block."""
    over = threading.Event()

    def answer_once(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 20)
            if answer is None:
                over.wait(5)
            else:
                connection.sendall(answer)

    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as here:
        path = Path(folder) / "d.sock"
        here.bind(str(path))
        here.listen()
        thread = threading.Thread(target=answer_once, args=(here,))
        thread.start()
        try:
            yield path
        finally:
            over.set()
            thread.join()


def line(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode() + b"\n"


def test_a_whole_answer_is_understood() -> None:
    with answering(line() + b"xEND\n") as path:
        assert DecoderClient(path).thumb(b"?") == Decoded("image/png", 3, 2, None, b"x")


def test_a_rejection_comes_with_its_sentence() -> None:
    with (
        answering(b'{"rejected": "This is a PDF."}\n') as path,
        pytest.raises(ImageRejected, match=r"^This is a PDF\.$"),
    ):
        DecoderClient(path).thumb(b"?")


def test_without_a_decoder_the_answer_is_down(tmp_path: Path) -> None:
    with pytest.raises(DecoderDown, match="try again"):
        DecoderClient(tmp_path / "none.sock").thumb(b"?")


def test_a_decoder_that_never_answers_is_down() -> None:
    with answering(None) as path, pytest.raises(DecoderDown):
        DecoderClient(path, timeout=0.2).thumb(b"?")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"[]\n",
        b"not json\n",
        b'{"rejected": 1}\n',
        b"x" * 10_000,
        line()[:-5],
        line(width="3") + b"xEND\n",
        line(taken_at="noon") + b"xEND\n",
        line(sizes=[1, 1]) + b"xyEND\n",
        line(sizes=[-1]) + b"xEND\n",
        line(sizes=[9]) + b"x",
        line() + b"x",
        line() + b'x{"down": "the fork died while it answered"}\n',
    ],
)
def test_half_an_answer_is_none(answer: bytes) -> None:
    with answering(answer) as path, pytest.raises(DecoderDown):
        DecoderClient(path).thumb(b"?")
