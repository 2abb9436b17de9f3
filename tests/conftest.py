"""The cast: an app with fakes at its two doors, and people who are signed in to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from clinicpro import create_app
from clinicpro.db import db
from clinicpro.gateways import Gateways
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.imaging.client import DecoderClient
from clinicpro.live import bus
from clinicpro.settings import Settings
from tests.factories import Person, make_person
from tests.imaging.conftest import running_decoder


@pytest.fixture(scope="session")
def decoder_socket() -> Iterator[Path]:
    with running_decoder() as decoder:
        yield decoder.path


@pytest.fixture
def settings(tmp_path: Path, decoder_socket: Path) -> Settings:
    return Settings(
        data=tmp_path,
        runtime=Path(tempfile.mkdtemp(prefix="cp", dir="/tmp")),
        secret_key="of the tests alone",
        instance_id="0badcafe",
        database_url=f"sqlite:///{tmp_path / 'test.sqlite3'}",
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
        db.create_all()
        yield app
        bus().stop()
        db.session.remove()
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
