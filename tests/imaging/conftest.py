"""A real decoder process, one for the whole run; some tests start one of their own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinicpro.imaging.client import DecoderClient

_PROGRAM = """
import logging, sys
from pathlib import Path
from clinicpro.imaging.decoder import serve
from clinicpro.imaging.sandbox import Limits
logging.basicConfig(level=logging.INFO)
serve(Path(sys.argv[1]), Limits(cpu_seconds=int(sys.argv[2]), wall_seconds=float(sys.argv[3])))
"""


@dataclass
class DecoderProcess:
    """The decoder as the supervisor starts it, and a client of it."""

    process: subprocess.Popen[bytes]
    socket: Path
    client: DecoderClient


@contextmanager
def running_decoder(cpu_seconds: int = 10, wall_seconds: float = 20.0) -> Iterator[DecoderProcess]:
    """A decoder that has begun to listen; it is ended with the block."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="dec") as folder:
        socket = Path(folder) / "decoder.sock"
        command = [sys.executable, "-c", _PROGRAM, str(socket), str(cpu_seconds), str(wall_seconds)]
        process = subprocess.Popen(command)
        try:
            ends_at = time.monotonic() + 20
            while not socket.exists() and process.poll() is None and time.monotonic() < ends_at:
                time.sleep(0.02)
            assert process.poll() is None
            yield DecoderProcess(process, socket, DecoderClient(socket))
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def decoder_process() -> Iterator[DecoderProcess]:
    with running_decoder() as running:
        yield running


@pytest.fixture(scope="session")
def decoder(decoder_process: DecoderProcess) -> DecoderClient:
    return decoder_process.client
