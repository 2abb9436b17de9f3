"""The desk over the network's HTTPS, with the practice's own authority alone trusted."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from clinicpro.trust.certificates import AUTHORITY
from clinicpro.up.lan import find_addresses
from tests.browser.conftest import FLAGS, Watcher
from tests.browser.test_axe import problems_of
from tests.browser.words import (
    choose_photos,
    photo,
    saved_cards,
    sign_in,
    start_consultation,
    wait_until_shown,
)
from tests.instance import Instance

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Address:
    """Where the practice is found; as a browser test opens an instance."""

    url: str


@pytest.fixture
def address(practice: Instance) -> Address:
    host = (*find_addresses(), "localhost")[0]
    return Address(f"https://{host}:{practice.https_port}")


@pytest.fixture
def window(
    chromium: Browser, practice: Instance, address: Address, watcher: Watcher
) -> Iterator[Page]:
    """A browser that takes what this practice's authority has signed, and nothing unknown else."""
    signer = practice.data / AUTHORITY / "intermediate.crt"  # the root is not sent along
    trusting = f"--ignore-certificate-errors-spki-list={key_hash(signer)}"
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"), args=[*FLAGS, trusting]
    )
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-NZ"
    )
    watcher.watch(context, address.url)
    yield context.new_page()
    browser.close()


def key_hash(certificate: object) -> str:
    """SHA-256 of the certificate's public key, as the flag wants it."""
    command = f"openssl x509 -in '{certificate}' -noout -pubkey | openssl pkey -pubin -outform der"
    key = subprocess.run(command, shell=True, check=True, capture_output=True).stdout
    return b64encode(hashlib.sha256(key).digest()).decode()


def test_a_gp_works_over_the_network(window: Page, address: Address, gp: str) -> None:
    sign_in(window, address, gp)
    start_consultation(window, "ZZA0070", "Losa Faleolo")
    choose_photos(window, photo(71))
    card = saved_cards(window).first
    expect(card).to_be_visible()
    wait_until_shown(card.locator("img").first)
    (cookie,) = window.context.cookies()
    assert window.evaluate("isSecureContext")
    assert cookie["name"].startswith("__Host-clinicpro-")
    assert (cookie["secure"], cookie["httpOnly"]) == (True, True)


@pytest.mark.parametrize("width", [360, 1440])
def test_how_to_trust_is_readable_everywhere(
    window: Page, address: Address, practice: Instance, width: int
) -> None:
    window.set_viewport_size({"width": width, "height": 800})
    window.goto(f"{address.url}/trust")
    expect(window.get_by_role("heading", name="The certificate")).to_be_visible()
    assert window.evaluate("document.documentElement.scrollWidth") == width
    assert problems_of(window) == []


def test_the_desk_shows_the_phone_where_to_begin(
    window: Page, address: Address, practice: Instance, watcher: Watcher
) -> None:
    watcher.watch(window.context, practice.url)
    window.goto(f"{practice.url}/trust")
    expect(window.get_by_role("img", name=f"QR code of {address.url}/trust")).to_be_visible()
    assert problems_of(window) == []
    with window.expect_download() as download:
        window.get_by_role("link", name="For Android and computers").click()
    assert download.value.suggested_filename.endswith(".crt")
