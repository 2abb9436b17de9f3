"""From the code on the desk to the gallery, over a network that comes and goes."""

from __future__ import annotations

import hashlib

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.words import photo, saved_cards, start_consultation, wait_until_shown

pytestmark = pytest.mark.browser
SLOW = {"offline": False, "latency": 60, "downloadThroughput": 200_000, "uploadThroughput": 60_000}


def listed(desk: Page) -> list[dict[str, object]]:
    """What the GP's gallery holds, in the order it was received."""
    answer = desk.request.get(desk.url + "api/clinical-images/list?source=mobile")
    images = answer.json()["images"]
    return list(reversed(images))


def digests(desk: Page) -> list[str]:
    """Of the originals, as the store gives them back."""
    found = []
    for image in listed(desk):
        asked = desk.request.get(f"{desk.url}api/uploads/download?id={image['id']}")
        link = asked.json()["downloadUrl"]
        found.append(hashlib.sha256(desk.request.get(link).body()).hexdigest())
    return found


def digest(image: FilePayload) -> str:
    return hashlib.sha256(image["buffer"]).hexdigest()


def test_three_shots_and_the_network_away_in_the_second(desk, handset):
    images = [photo(71), photo(72, 1600, 1200), photo(73)]
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    expect(handset.window.get_by_role("heading", level=1)).to_contain_text("M.T.")
    expect(handset.window.get_by_role("heading", level=1)).to_contain_text("0016")
    handset.is_ready_for_no_network()

    handset.shoot(images[0], "Establishing")
    handset.shows_safe(1)
    expect(saved_cards(desk)).to_have_count(1)  # by itself

    slow = handset.window.context.new_cdp_session(handset.window)
    slow.send("Network.emulateNetworkConditions", SLOW)
    handset.shoot(images[1], "Regional")
    expect(handset.rows.first).to_contain_text("Sending")
    expect(handset.rows.first.locator("progress")).to_be_visible()
    slow.send("Network.emulateNetworkConditions", {**SLOW, "offline": True})
    handset.cut_off()
    expect(handset.window.get_by_text("No connection")).to_be_visible()
    slow.detach()
    handset.shoot(images[2], "Close-up")
    expect(handset.window.locator(".queue__sum")).to_have_text("1 of 3 saved")

    handset.window.reload()
    assert handset.window.evaluate("fetch('/m/state').then(() => 'there', () => 'gone')") == "gone"
    expect(handset.shutter).to_be_visible()
    expect(handset.window.get_by_text("No connection")).to_be_visible()
    expect(handset.window.get_by_role("heading", level=1)).to_contain_text("M.T.")
    expect(handset.window.get_by_text("2 photos left from before")).to_be_visible()
    expect(handset.rows).to_have_count(2)
    expect(handset.window.locator(".safe")).to_be_hidden()

    handset.connect()
    handset.shows_safe(3)
    assert handset.stored() == {"keys": 1, "pairing": 1, "shots": 0, "bytes": 0}
    expect(saved_cards(desk)).to_have_count(3)
    for card in saved_cards(desk).all():
        expect(card).to_contain_text("Mere Tāmati")
        wait_until_shown(card.locator("img"))
    assert digests(desk) == [digest(image) for image in images]
    assert [image["view"] for image in listed(desk)] == ["establishing", "regional", "close-up"]


def test_what_was_taken_for_an_ended_pairing_goes_to_the_tray(desk, handset, watcher):
    watcher.permit("status of 401")  # Chromium's own line about the pairing that is over
    start_consultation(desk, "ZZA0070", "Losa Faleolo")
    handset.pair(desk)
    handset.is_ready_for_no_network()
    handset.cut_off()
    handset.shoot(photo(74), "Close-up")
    revoke(desk)
    handset.connect()
    expect(handset.window.get_by_text("The pairing of this phone has ended")).to_be_visible()
    expect(handset.window.get_by_text("1 photo still on this phone")).to_be_visible()
    assert handset.window.locator("img:visible").count() == 0
    handset.window.reload()
    expect(handset.window.get_by_text("1 photo still on this phone")).to_be_visible()

    start_next(desk, "ZZZ0032", "Hana Wiremu")
    handset.pair(desk)
    expect(handset.window.get_by_role("heading", level=1)).to_contain_text("H.W.")
    handset.shows_safe(1)
    (image,) = listed(desk)
    assert image.get("sessionId") is None
    assert digests(desk) == [digest(photo(74))]


def revoke(desk: Page) -> None:
    desk.get_by_role("button", name="Revoke").click()
    expect(desk.get_by_role("button", name="Revoke")).to_have_count(0)


def start_next(desk: Page, nhi: str, name: str) -> None:
    desk.get_by_role("button", name="Finish").first.click()
    expect(desk.locator("#start")).to_be_visible()
    start_consultation(desk, nhi, name)
