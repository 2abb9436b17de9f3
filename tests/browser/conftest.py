"""A running practice and a browser before it; whatever the browser complains of fails the test."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.handset import PHONES, Handset
from tests.browser.road import Road
from tests.browser.words import MANAGER, PASSWORD, set_up, sign_in
from tests.instance import ROOT, Instance
from tests.model_server import ModelServer

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = ("data:", "blob:")
expect.set_options(timeout=15_000)  # a busy machine is no failure


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def new_instance(model: ModelServer) -> Iterator[Instance]:
    """Just installed: nobody has an account yet, and descriptions are off.

    Whatever a journey does in it, nothing connects to the model's server.
    """
    before = model.connections
    yield from running(model)
    assert model.connections == before


@pytest.fixture(scope="session")
def practice(model: ModelServer, chromium: Browser) -> Iterator[Instance]:
    """Set up, with MANAGER's account; descriptions are on."""
    for instance in running(model):
        window = chromium.new_page()
        set_up(window, instance)
        window.close()
        flask(instance, "ai", "enable", "--basis", "Assessed on 1 March by Dr Ngata")
        yield instance


def running(model: ModelServer) -> Iterator[Instance]:
    data = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        with Instance(data, ANTHROPIC_API_KEY="test", ANTHROPIC_BASE_URL=model.url) as instance:
            yield instance
    finally:
        shutil.rmtree(data)


def flask(instance: Instance, *arguments: str, given: str = "") -> None:
    """Run the command line of the instance; CalledProcessError where it refuses."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=instance.environment,
        input=given,
        text=True,
        check=True,
        capture_output=True,
    )


@dataclass
class Watcher:
    """What a browser complains of, and what it asks of anybody but the instance."""

    origin: str = ""
    permitted: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("request", lambda request: self._on_request(request.url))

    def permit(self, *words: str) -> None:
        """Console lines with one of `words` are no problem."""
        self.permitted += words

    def _on_console(self, message: ConsoleMessage) -> None:
        said = message.text
        if message.type == "error" and not any(words in said for words in self.permitted):
            self.problems.append(said)

    def _on_request(self, url: str) -> None:
        if not url.startswith((self.origin + "/", *LOCAL)):
            self.problems.append(f"left the origin: {url}")


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    assert watcher.problems == []


OpenWindow = Callable[..., Page]


@pytest.fixture
def open_window(chromium: Browser, watcher: Watcher) -> Iterator[OpenWindow]:
    """Opens windows that share nothing, as on two computers."""
    contexts: list[BrowserContext] = []

    def open_one(instance: Instance, road: Road | None = None) -> Page:
        context = chromium.new_context(
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
            locale="en-NZ",
            proxy=road and road.proxy,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        watcher.watch(context, instance.url)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def handset(chromium: Browser, watcher: Watcher, practice: Instance) -> Iterator[Handset]:
    """A phone that has never been here. Lines of the network's own are no problem on bad Wi-Fi."""
    watcher.permit("net::ERR_")
    yield from phones(chromium, watcher, practice, "iphone")


@pytest.fixture
def other_handset(chromium: Browser, watcher: Watcher, practice: Instance) -> Iterator[Handset]:
    yield from phones(chromium, watcher, practice, "pixel")


@pytest.fixture
def road(practice: Instance) -> Iterator[Road]:
    with Road(practice.port) as road:
        yield road


@pytest.fixture
def far_handset(
    chromium: Browser, watcher: Watcher, practice: Instance, road: Road
) -> Iterator[Handset]:
    """A phone that reaches the practice by the road alone."""
    watcher.permit("net::ERR_")
    yield from phones(chromium, watcher, practice, "iphone", road)


def phones(
    chromium: Browser, watcher: Watcher, practice: Instance, kind: str, road: Road | None = None
) -> Iterator[Handset]:
    context = chromium.new_context(
        **PHONES[kind],
        is_mobile=True,
        has_touch=True,
        device_scale_factor=2,
        reduced_motion="reduce",
        locale="en-NZ",
        proxy=road and road.proxy,
    )
    context.set_default_timeout(30_000)
    watcher.watch(context, practice.url)
    yield Handset(context.new_page(), practice.url)
    context.close()


@pytest.fixture
def gp(practice: Instance, request: pytest.FixtureRequest) -> str:
    """The e-mail of a GP with nothing open yet."""
    email = f"{request.node.name.replace('_', '-')}@kowhai.example"
    flask(practice, "create-user", email, "--role", "gp", "--password-stdin", given=PASSWORD)
    return email


@pytest.fixture
def desk(practice: Instance, open_window: OpenWindow, gp: str) -> Page:
    """The GP's desk, signed in."""
    window = open_window(practice)
    sign_in(window, practice, gp)
    return window


@pytest.fixture
def managers_desk(practice: Instance, open_window: OpenWindow) -> Page:
    window = open_window(practice)
    sign_in(window, practice, MANAGER)
    return window
