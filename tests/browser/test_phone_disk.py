"""A phone that has no room left, and one whose clock is wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.handset import Handset
from tests.browser.test_phone import digest, digests, listed
from tests.browser.words import DAY, photo, set_wrong_clock, start_consultation

pytestmark = pytest.mark.browser
FULL = 1  # bytes
LAG = 31_000  # ms: Chromium believes that long in the room it saw last


def fill(handset: Handset) -> None:
    """From now on the browser keeps nothing more for the practice's page."""
    session = handset.window.context.new_cdp_session(handset.window)
    told = {"origin": handset.origin, "quotaSize": FULL}
    session.send("Storage.overrideQuotaForOrigin", told)


def pair(desk: Page, handset: Handset) -> None:
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    handset.is_ready_for_no_network()


def test_a_phone_without_room_holds_the_photo_and_sends_it(desk, handset):
    pair(desk, handset)
    first, *full = [photo(seed) for seed in (121, 122, 123)]
    handset.cut_off()
    handset.shoot(first, "Establishing")
    fill(handset)
    handset.window.wait_for_timeout(LAG)
    for image in full:
        handset.take(image)
        expect(handset.window.get_by_role("alert")).to_contain_text("Leave the page open")
        expect(handset.window.get_by_alt_text("The photo you just took")).to_be_visible()
        handset.keep("Regional")
    expect(handset.rows).to_have_count(3)
    expect(handset.rows.first).to_contain_text("Only in this page, leave it open")
    expect(handset.rows.last).to_contain_text("Kept on this phone")
    expect(handset.window.get_by_role("alert")).to_contain_text("2 photos in this page alone")
    assert handset.stored()["bytes"] == 1
    handset.button("Next patient").click()
    expect(handset.window.get_by_role("dialog")).to_contain_text("2 in this page alone")
    handset.button("Wait").click()

    handset.connect()
    handset.shows_safe(3)
    expect(handset.window.get_by_role("alert")).to_be_hidden()
    assert digests(desk) == [digest(image) for image in (first, *full)]
    assert handset.stored()["bytes"] == 0


def test_who_leaves_while_a_photo_is_in_the_page_alone_is_asked(desk, handset):
    fill(handset)  # not even the key is kept
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    handset.cut_off()
    handset.shoot(photo(125), "Close-up")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    handset.window.on("dialog", stay)
    handset.window.close(run_before_unload=True)
    handset.window.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    handset.connect()
    handset.shows_safe(1)


def test_a_phones_clock_may_be_ahead(desk, handset):
    take_with_a_clock_off_by(1, desk, handset)


def test_a_phones_clock_may_be_behind(desk, handset):
    take_with_a_clock_off_by(-1, desk, handset)


def take_with_a_clock_off_by(days: int, desk: Page, handset: Handset) -> None:
    """With no network, after a reload, and with a first try that got lost."""
    set_wrong_clock(handset.window, days)
    pair(desk, handset)
    handset.cut_off()
    image = photo(126 + days)
    handset.shoot(image, "Close-up")
    expect(handset.rows).to_have_count(1)
    handset.window.reload()
    expect(handset.shutter).to_be_visible()  # the pairing has not run out
    expect(handset.rows).to_have_count(1)
    assert abs(handset.window.evaluate("server.ahead") + days * DAY) < DAY / 100
    asked: list[str] = []
    handset.window.on("request", lambda request: asked.append(request.url))
    lost: list[int] = []

    def first_is_lost(route: Route) -> None:
        if route.request.method == "PUT" and not lost:
            lost.append(0)
            route.abort()
        else:
            route.continue_()

    handset.window.context.route("**/mobile-uploads/**", first_is_lost)
    handset.connect()
    handset.shows_safe(1)
    # The link of the first try is still good, whatever the phone's calendar says.
    assert len([url for url in asked if re.search("presign$", url)]) == 1
    assert len(listed(desk)) == 1
    assert digests(desk) == [digest(image)]
