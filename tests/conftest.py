"""The cast: an app with fakes at its two doors, and people who are signed in to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import tests.presets  # noqa: F401  (create_all seeds them)
from clinicpro import create_app
from clinicpro.db import db
from clinicpro.gateways import Gateways
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.imaging.client import DecoderClient
from clinicpro.live import bus
from clinicpro.settings import Settings
from tests.factories import Person, make_person
from tests.imaging.conftest import running_decoder
from tests.postgres import Postgres, make_tables, only_new_to_a_database, wait_for_threads

SQLITE, POSTGRES = "sqlite", "postgresql"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=(SQLITE, POSTGRES),
        default=SQLITE,
        help="what the app's database is; with postgresql only the tests that have an app run",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == POSTGRES:
        items[:] = only_new_to_a_database(items)


@pytest.fixture(scope="session")
def decoder_socket() -> Iterator[Path]:
    with running_decoder() as decoder:
        yield decoder.path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    name = postgres.make_database()
    make_tables(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables, to be copied: making them takes longer than a test."""
    path = tmp_path_factory.mktemp("template") / "test.sqlite3"
    make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.config.getoption("--database") == SQLITE:
        path = tmp_path / "test.sqlite3"
        shutil.copy(request.getfixturevalue("template_file"), path)
        yield f"sqlite:///{path}"
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.make_database(request.getfixturevalue("template"))
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A short folder: the paths of unix sockets are limited."""
    with tempfile.TemporaryDirectory(prefix="cp", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def settings(tmp_path: Path, runtime: Path, decoder_socket: Path, database_url: str) -> Settings:
    return Settings(
        data=tmp_path,
        runtime=runtime,
        secret_key="of the tests alone",
        instance_id="0badcafe",
        database_url=database_url,
        s3_access_key_id="test",
        s3_secret_access_key="test",
        anthropic_api_key="test",
    )


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def describer() -> FakeDescriber:
    return FakeDescriber(["Left forearm. ", "Superficial abrasion."])


@pytest.fixture
def app(
    settings: Settings, store: FakeStore, describer: FakeDescriber, decoder_socket: Path
) -> Iterator[Flask]:
    app = create_app(settings, Gateways(store, describer, DecoderClient(decoder_socket)))
    with app.app_context():
        yield app
        bus().stop()
        db.session.remove()
        wait_for_threads(db.engine)
        db.engine.dispose()


@pytest.fixture
def gp(app: Flask) -> Person:
    return make_person(app, "gp@test.example", "Dr Aroha Ngata", "gp")


@pytest.fixture
def colleague(app: Flask) -> Person:
    return make_person(app, "colleague@test.example", "Dr Tama Reid", "gp")


@pytest.fixture
def nurse(app: Flask) -> Person:
    return make_person(app, "nurse@test.example", "Sione Fifita", "nurse")


@pytest.fixture
def manager(app: Flask) -> Person:
    return make_person(app, "manager@test.example", "Helen McKay", "manager")


@pytest.fixture
def auditor(app: Flask) -> Person:
    return make_person(app, "auditor@test.example", "Priya Raman", "auditor")


@pytest.fixture
def nobody(app: Flask) -> Person:
    return Person(app, None)
