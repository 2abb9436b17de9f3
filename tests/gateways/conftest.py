"""The two stores and the two describers that one contract suite runs over."""

from __future__ import annotations

import http.client
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from clinicpro.gateways import Store
from clinicpro.gateways.fakes import FakeStore, Reply
from clinicpro.gateways.storage import S3Store
from clinicpro.settings import Settings
from tests.seaweed import Seaweed


class Browser(Protocol):
    """What uses a presigned link; the fake store plays this part itself."""

    def put(self, path: str, headers: Mapping[str, str], content: bytes) -> int: ...

    def get(self, path: str) -> Reply: ...


class RealBrowser:
    """Sends exactly what it is told, as XMLHttpRequest does."""

    def __init__(self, endpoint: str) -> None:
        self.address = urlsplit(endpoint).netloc

    def put(self, path: str, headers: Mapping[str, str], content: bytes) -> int:
        return self._ask("PUT", path, headers, content).status

    def get(self, path: str) -> Reply:
        return self._ask("GET", path, {}, None)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, path, body=content, headers=dict(headers))
            reply = connection.getresponse()
            seen = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, reply.read(), seen)
        finally:
            connection.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path,
        runtime=tmp_path,
        secret_key="test",
        instance_id="test",
        database_url="sqlite://",
        s3_access_key_id="AKIDEXAMPLE",
        s3_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    )


@pytest.fixture(scope="session")
def seaweed() -> Iterator[Seaweed]:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="seaweed-") as folder:
        server = Seaweed(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def s3_settings(settings: Settings, seaweed: Seaweed) -> Settings:
    return replace(
        settings,
        data=seaweed.folder,
        s3_endpoint_url=seaweed.endpoint,
        s3_access_key_id=seaweed.access_key,
        s3_secret_access_key=seaweed.secret_key,
        s3_bucket=seaweed.bucket,
    )


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.store)])
def store_and_browser(request: pytest.FixtureRequest) -> tuple[Store, Browser]:
    if request.param == "fake":
        fake = FakeStore()
        return fake, fake
    settings: Settings = request.getfixturevalue("s3_settings")
    assert settings.s3_endpoint_url
    return S3Store(settings), RealBrowser(settings.s3_endpoint_url)


@pytest.fixture
def store(store_and_browser: tuple[Store, Browser]) -> Store:
    return store_and_browser[0]


@pytest.fixture
def browser(store_and_browser: tuple[Store, Browser]) -> Browser:
    return store_and_browser[1]
