"""Database and store elsewhere: nothing is started here for them, and all works as at home."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.corpus import skin_jpeg
from tests.instance import Instance
from tests.postgres import Postgres
from tests.seaweed import Seaweed
from tests.visitor import Visitor

pytestmark = pytest.mark.postgres

JPEG = skin_jpeg(1200, 900)


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def store(folder: Path) -> Iterator[Seaweed]:
    store = Seaweed(folder / "elsewhere")
    store.start()
    yield store
    store.stop()


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    name = postgres.make_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def instance(folder: Path, store: Seaweed, database: str) -> Iterator[Instance]:
    external = {
        "DATABASE_URL": database,
        "STORE": "external",
        "S3_ENDPOINT_URL": store.endpoint,
        "S3_BUCKET_NAME": store.bucket,
        "AWS_ACCESS_KEY_ID": store.access_key,
        "AWS_SECRET_ACCESS_KEY": store.secret_key,
    }
    with Instance(folder / "data", **external) as running:
        yield running


def test_an_image_is_saved_seen_live_and_there_after_a_restart(
    instance: Instance, database: str
) -> None:
    with Visitor(instance.url) as gp, Visitor(instance.url) as again:
        gp.set_up(instance.setup_code or "")
        stream = Stream(gp)
        stream.wait_for_more_than(0)
        time.sleep(2)  # past the looks that a connection begins with
        before = stream.count
        image_id = gp.save(JPEG)
        stream.wait_for_more_than(before)
        assert instance.children("/weed") == []
        here = {path.name for path in instance.data.rglob("*")}
        assert not {name for name in here if "sqlite" in name or name.endswith(".dat")}
        instance.restart()
        again.sign_in()
        assert again.listed() == {image_id: "ready"}
        assert again.original(image_id) == JPEG
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM image WHERE state = 'ready'")) == 1
    engine.dispose()


class Stream:
    """The desk's stream, read in a thread of its own: how often images changed."""

    def __init__(self, gp: Visitor) -> None:
        self.count = 0
        self._gp = gp
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._gp.open("GET", "/live"):
            self.count += line.startswith(b"event: images-changed")

    def wait_for_more_than(self, count: int) -> None:
        deadline = time.monotonic() + 10
        while self.count <= count:
            assert time.monotonic() < deadline, "no process said that images changed"
            time.sleep(0.05)
