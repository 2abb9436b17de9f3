"""A running instance that may be killed, its GP, and the same GP after the restart."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.instance import Instance
from tests.visitor import Visitor, path_of

BACK_WITHIN = 60  # seconds after the restart


@pytest.fixture
def instance() -> Iterator[Instance]:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def gp(instance: Instance) -> Iterator[Visitor]:
    with Visitor(instance.url) as visitor:
        visitor.set_up(instance.setup_code or "")
        yield visitor


@pytest.fixture
def again(instance: Instance) -> Iterator[Visitor]:
    """The same person after the restart; not signed in yet."""
    with Visitor(instance.url) as visitor:
        yield visitor


def wait_until(happens: Callable[[], bool], deadline: float) -> None:
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def reads_back(visitor: Visitor, image_id: str, deadline: float) -> bytes:
    """The original's bytes, once the store that was killed has found its volumes again."""
    while True:
        answer = visitor.get(path_of(visitor.link(image_id)))
        if answer.status == 200:
            return answer.content
        assert answer.status >= 500, answer.content[:300]
        assert time.monotonic() < deadline, answer.content[:300]
        time.sleep(0.2)
