"""A real decoder process, one for the whole run; some tests start one of their own."""

from __future__ import annotations

import socket
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
cpu, wall, pause = int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
serve(Path(sys.argv[1]), Limits(cpu_seconds=cpu, wall_seconds=wall, pause=pause))
"""


@dataclass
class DecoderProcess:
    """The decoder as the supervisor starts it, and a client of it."""

    process: subprocess.Popen[bytes]
    path: Path
    client: DecoderClient


def start(
    path: Path, cpu_seconds: int = 10, wall_seconds: float = 20.0, pause: float = 0.0
) -> DecoderProcess:
    """A decoder on `path` that has begun to listen."""
    limits = [str(cpu_seconds), str(wall_seconds), str(pause)]
    command = [sys.executable, "-c", _PROGRAM, str(path), *limits]
    process = subprocess.Popen(command)
    ends_at = time.monotonic() + 20
    while not _is_listening(path):
        assert process.poll() is None
        assert time.monotonic() < ends_at
        time.sleep(0.02)
    return DecoderProcess(process, path, DecoderClient(path))


def _is_listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as trial:
        return trial.connect_ex(str(path)) == 0


@contextmanager
def running_decoder(
    cpu_seconds: int = 10, wall_seconds: float = 20.0, pause: float = 0.0
) -> Iterator[DecoderProcess]:
    """A decoder in a short folder of its own; it is ended with the block."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="dec") as folder:
        running = start(Path(folder) / "decoder.sock", cpu_seconds, wall_seconds, pause)
        try:
            yield running
        finally:
            running.process.terminate()
            running.process.wait(10)


@pytest.fixture(scope="session")
def decoder_process() -> Iterator[DecoderProcess]:
    with running_decoder() as running:
        yield running


@pytest.fixture(scope="session")
def decoder(decoder_process: DecoderProcess) -> DecoderClient:
    return decoder_process.client
