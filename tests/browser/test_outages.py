"""Store, model or network away: the page says so, keeps what is unsent, and goes on by itself."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenWindow, Watcher, flask
from tests.browser.words import (
    choose_photos,
    describe,
    open_image,
    photo,
    saved_cards,
    set_up,
    sign_in,
    start_consultation,
    wait_until_shown,
)
from tests.instance import Instance, kill
from tests.model_server import ModelServer
from tests.scenarios import WORDS
from tests.seaweed import Seaweed

pytestmark = pytest.mark.browser

BACK = 40_000  # ms: the longest pause between two tries so far, and a busy machine
# Chromium's and htmx's, about what is away.
OWN_LINES = ("Failed to load resource", "ERR_", "502", "503", "htmx:afterRequest", "htmx:sendError")


@pytest.fixture(scope="module")
def store() -> Iterator[Seaweed]:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    store = Seaweed(folder)
    store.start()
    yield store
    store.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def practice(store: Seaweed, chromium: Browser) -> Iterator[Instance]:
    """Its store and its model's server are ours, to stop and to start."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with ModelServer() as model:
        port = model.port
    environment = {
        "STORE": "external",
        "S3_ENDPOINT_URL": store.endpoint,
        "S3_BUCKET_NAME": store.bucket,
        "AWS_ACCESS_KEY_ID": store.access_key,
        "AWS_SECRET_ACCESS_KEY": store.secret_key,
        "ANTHROPIC_API_KEY": "test",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
    }
    with Instance(folder, **environment) as instance:
        window = chromium.new_page()
        set_up(window, instance)
        window.close()
        flask(instance, "ai", "enable", "--basis", "Assessed on 1 March by Dr Ngata")
        yield instance
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _its_own_lines(watcher: Watcher) -> None:
    watcher.permit(*OWN_LINES)


@contextmanager
def kept_dead(instance: Instance, part: str) -> Iterator[None]:
    """Killed as often as it comes back."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for pid in instance.children(part):
                kill(pid)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_the_store_is_away(desk: Page, store: Seaweed) -> None:
    start_consultation(desk, "ZZZ0024", "Rangi Parata")
    choose_photos(desk, photo(81))
    expect(saved_cards(desk)).to_have_count(1)
    wait_until_shown(saved_cards(desk).locator("img"))
    store.stop()
    try:
        choose_photos(desk, photo(82), photo(83))
        waiting = desk.locator(".card--waiting")
        expect(waiting).to_have_count(2)
        expect(waiting.first).to_contain_text("Not saved yet. The server isn’t answering.")
        expect(waiting.first).to_contain_text("It waits and goes on by itself.")
        expect(saved_cards(desk)).to_have_count(1)
    finally:
        store.start()
    expect(saved_cards(desk)).to_have_count(3, timeout=BACK)
    expect(waiting).to_have_count(0)
    for card in saved_cards(desk).all():
        wait_until_shown(card.locator("img"))


def test_a_page_opened_while_the_store_is_away_shows_the_images_when_it_is_back(
    desk: Page, practice: Instance, open_window: OpenWindow, gp: str, store: Seaweed
) -> None:
    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    choose_photos(desk, photo(84))
    expect(saved_cards(desk)).to_have_count(1)
    store.stop()
    try:
        other = open_window(practice)  # it has no thumbnail yet
        with other.expect_response(lambda answer: "/derivatives/" in answer.url) as thumbnail:
            sign_in(other, practice, gp)
        assert thumbnail.value.status == 503
        expect(saved_cards(other)).to_have_count(1)  # the list is rows
        expect(saved_cards(other)).to_contain_text("Hana Wiremu")
        other.wait_for_timeout(10_000)  # past every look that the page takes by itself
    finally:
        store.start()
    wait_until_shown(saved_cards(other).first.locator("img"))


def test_the_store_hangs(desk: Page, store: Seaweed) -> None:
    start_consultation(desk, "ZAC5361", "Ana Park")
    store.freeze()
    try:
        choose_photos(desk, photo(85))
        sending = desk.locator(".card[data-sending]")
        expect(sending).to_have_count(1)
        desk.wait_for_timeout(2000)
        expect(sending).to_have_count(1)
    finally:
        store.thaw()
    expect(saved_cards(desk)).to_have_count(1, timeout=BACK)


def test_the_network_is_away(desk: Page) -> None:
    start_consultation(desk, "ZZZ0059", "Wiremu Hohepa")
    desk.context.set_offline(True)
    choose_photos(desk, photo(86), photo(87))
    waiting = desk.locator(".card--waiting")
    expect(waiting).to_have_count(2)
    expect(waiting.first).to_contain_text("There is no network.")
    desk.context.set_offline(False)
    expect(saved_cards(desk)).to_have_count(2, timeout=BACK)


def test_the_note_is_kept_while_the_network_is_away(desk: Page) -> None:
    start_consultation(desk, "ZZZ0067", "Mei Lin Chan")
    desk.get_by_role("link", name="Note", exact=True).click()
    history = desk.get_by_label("History")
    history.fill("Fell")
    saved = desk.locator(".note__saved")
    expect(saved).to_contain_text("Saved")
    desk.context.set_offline(True)
    history.fill("Fell on gravel")
    expect(saved).to_contain_text("Not saved yet")
    desk.context.set_offline(False)
    expect(saved).not_to_contain_text("Not saved", timeout=BACK)
    desk.reload()
    expect(desk.get_by_label("History")).to_have_value("Fell on gravel")


def test_the_model_is_away(desk: Page, practice: Instance) -> None:
    start_consultation(desk, "ZZZ0075", "Ana Park")
    choose_photos(desk, photo(88))
    viewer = open_image(desk, saved_cards(desk).first)
    describe(viewer, "Fell on gravel")
    expect(viewer).to_contain_text("The description could not be made", timeout=90_000)
    expect(viewer).to_contain_text("The model can't be reached.")
    port = int(practice.extra["ANTHROPIC_BASE_URL"].rpartition(":")[2])
    with ModelServer(port=port):
        viewer.get_by_role("button", name="again").click()
        describe(viewer, "Fell on gravel")
        expect(viewer.get_by_label("Edit before you accept")).to_have_value(WORDS)


def test_the_proxy_is_away(
    desk: Page, practice: Instance, open_window: OpenWindow, gp: str
) -> None:
    start_consultation(desk, "ZZZ0083", "Tomasi Leota")
    other = open_window(practice)
    sign_in(other, practice, gp)
    with kept_dead(practice, "/caddy run"):
        choose_photos(desk, photo(89))
        expect(desk.locator(".card--waiting")).to_have_count(1)
    for window in (desk, other):  # the other one's stream has come back, too
        expect(saved_cards(window).filter(has_text="Tomasi Leota")).to_have_count(1, timeout=BACK)


def test_the_program_starts_anew(desk: Page, practice: Instance) -> None:
    """An update, or a power cut: the open page goes on, signed in as before."""
    start_consultation(desk, "ZZZ0091", "Ruth Moana")
    practice.kill_all()
    choose_photos(desk, photo(90))
    expect(desk.locator(".card--waiting")).to_have_count(1)
    practice.start()
    expect(saved_cards(desk)).to_have_count(1, timeout=BACK)
