"""A phone whose page sleeps, dies or is left while images are on their way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.handset import SAFE, Handset
from tests.browser.test_phone import digest, digests, listed, start_next
from tests.browser.words import photo, start_consultation

pytestmark = pytest.mark.browser
MIDDLE = 100_000  # bytes of some 500 kB
ASLEEP = 90_000  # ms: a minute until a sleeping window's turn is taken, and a busy machine


@pytest.fixture
def sending(desk, far_handset, road):
    """A phone in the middle of a PUT, on a road that went silent."""
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    far_handset.pair(desk)
    far_handset.is_ready_for_no_network()
    road.block(after=MIDDLE)
    far_handset.shoot(photo(131, 1600, 1200), "Close-up")
    assert road.blocked.wait(20)
    expect(far_handset.rows.first).to_contain_text("Sending")
    return far_handset


@contextmanager
def asleep(handset: Handset) -> Iterator[None]:
    """Nothing of the page runs, as under a locked screen; its connections and locks stay."""
    session = handset.window.context.new_cdp_session(handset.window)
    session.send("Debugger.enable")
    handset.window.evaluate("() => void setTimeout(() => {}, 100)")  # where it falls asleep
    session.send("Debugger.pause")
    yield
    session.send("Debugger.resume")
    session.detach()


def test_a_page_that_slept_in_the_middle_of_a_put_goes_on(desk, sending, road):
    with asleep(sending):
        desk.wait_for_timeout(35_000)  # past the end of a stall, which a sleeping page can't see
        assert road.puts == 1
    heading = sending.window.get_by_role("heading", name=SAFE)
    expect(heading).to_be_visible(timeout=ASLEEP)  # the half minute begins with what it sees now
    assert digests(desk) == [digest(photo(131, 1600, 1200))]
    assert sending.stored()["bytes"] == 0


def test_where_a_sleeping_window_holds_the_turn_the_next_one_takes_it(desk, sending):
    """As on an iPhone, where a new scan opens a new window and the one before sleeps."""
    with asleep(sending):
        second = Handset(sending.window.context.new_page(), sending.origin)
        second.open()
        expect(second.rows).to_have_count(1)
        heading = second.window.get_by_role("heading", name=SAFE)
        expect(heading).to_be_visible(timeout=ASLEEP)
    sending.shows_safe(1)
    assert digests(desk) == [digest(photo(131, 1600, 1200))]


def test_a_page_that_died_in_the_middle_of_a_put_sends_it_when_opened_again(desk, sending):
    sending.window.close()
    sending.window = sending.window.context.new_page()
    sending.open()
    expect(sending.window.get_by_text("1 photo left from before")).to_be_visible()
    sending.shows_safe(1)
    assert digests(desk) == [digest(photo(131, 1600, 1200))]


def test_next_patient_says_what_is_unsent_and_ended_now_it_goes_to_the_tray(desk, handset, watcher):
    watcher.permit("status of 503", "status of 401")  # Chromium's own lines
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    handset.window.context.route("**/presign", lambda route: route.fulfill(status=503, body="{}"))
    images = [photo(132), photo(133)]
    for image in images:
        handset.shoot(image, "Close-up")
    handset.button("Next patient").click()
    question = handset.window.get_by_role("dialog", name="2 photos are still on this phone")
    expect(question).to_contain_text("Wait until everything is saved")
    expect(question).to_contain_text("go to your unassigned tray after your next scan")
    question.get_by_role("button", name="Wait").click()
    expect(question).to_be_hidden()
    expect(handset.rows).to_have_count(2)
    expect(desk.locator("#phones")).to_contain_text("iPhone")

    handset.cut_off()
    handset.button("Next patient").click()
    question.get_by_role("button", name="End now").click()
    expect(handset.window.get_by_role("alert")).to_contain_text("still belongs to the patient")
    expect(handset.shutter).to_be_visible()
    handset.connect()
    handset.button("Next patient").click()
    question.get_by_role("button", name="End now").click()
    expect(handset.window.get_by_text("Scan the code on the desk")).to_be_visible()
    expect(handset.window.get_by_text("2 photos still on this phone")).to_be_visible()
    assert handset.window.locator("img:visible").count() == 0
    expect(desk.locator("#phones")).not_to_contain_text("iPhone")

    start_next(desk, "ZZZ0032", "Hana Wiremu")
    handset.window.context.unroute("**/presign")
    handset.pair(desk)
    expect(handset.window.get_by_role("heading", level=1)).to_contain_text("H.W.")
    handset.shows_safe(2)
    assert [image.get("sessionId") for image in listed(desk)] == [None, None]
    assert digests(desk) == [digest(image) for image in images]
