"""The two stores and the two describers that one contract suite runs over."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from clinicpro.gateways import Describer, LabelledJpeg, Question, Store
from clinicpro.gateways.describer import ClaudeDescriber, Patience
from clinicpro.gateways.fakes import FakeDescriber, FakeStore, Reply
from clinicpro.gateways.storage import S3Store
from clinicpro.settings import Settings
from tests.model_server import ModelServer
from tests.scenarios import Scenario
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


SAID = "Left forearm. Superficial abrasion, no pus."
JPEG = b"\xff\xd8\xff\xe0 an arm, as bytes"
IN_A_HURRY = Patience(connect=1, read=1, whole=3, pauses=(0.05, 0.05))


@pytest.fixture
def question() -> Question:
    return Question(
        model="claude-sonnet-5-5",
        system="Describe, never diagnose.",
        text="Fell on gravel. Describe.",
        images=(LabelledJpeg(JPEG),),
        max_tokens=600,
    )


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(Scenario(words=SAID)) as running:
        yield running


@pytest.fixture
def claude(settings: Settings, server: ModelServer) -> ClaudeDescriber:
    return ClaudeDescriber(replace(settings, anthropic_base_url=server.url), IN_A_HURRY)


@pytest.fixture(scope="session")
def fakellm() -> Iterator[str]:
    """The address of the demonstration's stand-in, which says SAID."""
    program = Path(sysconfig.get_path("scripts")) / "fakellm"
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="fakellm-") as folder:
        rules = Path(folder) / "rules.yaml"
        rules.write_text(RULES)
        port = free_port()
        command = [program, "serve", "--config", str(rules), "--port", str(port)]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(params=["fake", "claude", "fakellm"])
def describer(request: pytest.FixtureRequest, settings: Settings) -> Describer:
    """Each of the three, about to say SAID."""
    if request.param == "fake":
        return FakeDescriber(pieces=tuple(SAID.replace(" ", " \0").split("\0")))
    if request.param == "claude":
        claude: ClaudeDescriber = request.getfixturevalue("claude")
        return claude
    address: str = request.getfixturevalue("fakellm")
    return ClaudeDescriber(replace(settings, anthropic_base_url=address), IN_A_HURRY)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


RULES = f"""version: 1
defaults:
  fallback: deterministic_echo
rules:
  - name: description
    when:
      messages_contain: "Describe"
    respond:
      content: "{SAID}"
"""
