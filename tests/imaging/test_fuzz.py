"""Broken bytes by the hundred: each is accepted or rejected in time, and the decoder lives.

`SOAK_ROUNDS` (40) says how many mutations of each format are tried.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable

import pytest

from clinicpro.gateways import ImageRejected
from clinicpro.imaging.client import DecoderClient
from tests import corpus, hostile

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "40"))

SEEDS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: corpus.skin_jpeg(160, 120, gps=True),
    "progressive": lambda: corpus.skin_jpeg(160, 120, progressive=True),
    "png": hostile.png,
    "webp": lambda: corpus.skin_in("WEBP", 160, 120),
    "avif": lambda: corpus.skin_in("AVIF", 160, 120),
    "tiff": lambda: corpus.skin_in("TIFF", 160, 120),
    "heic": lambda: corpus.skin_heic(320, 240, gps=True),
}


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, most of them where the headers are, or a piece cut out or doubled."""
    broken = bytearray(content)
    for _ in range(rng.choice((1, 2, 8, 32))):
        reach = rng.choice((64, 1024, len(broken)))
        at = rng.randrange(min(reach, len(broken)))
        broken[at] = rng.choice((0, 0x7F, 0xFF, rng.randrange(256)))
    at, length = rng.randrange(len(broken)), rng.randrange(64)
    how = rng.randrange(6)
    if how == 0:
        del broken[at : at + length]
    elif how == 1:
        broken[at:at] = broken[at : at + length]
    return bytes(broken)


@pytest.mark.parametrize("name", SEEDS)
def test_broken_bytes_end_in_a_verdict(decoder: DecoderClient, name: str) -> None:
    content, rng = SEEDS[name](), random.Random(name)
    for _ in range(ROUNDS):
        broken = mutated(content, rng)
        began = time.monotonic()
        with contextlib.suppress(ImageRejected):
            assert decoder.thumb(broken).thumb.startswith(b"\xff\xd8")
        assert time.monotonic() - began < 12
    assert decoder.thumb(content).thumb
