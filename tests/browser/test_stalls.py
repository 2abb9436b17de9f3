"""The network goes silent in the middle of a PUT: after half a minute it is tried again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.test_phone import digest, digests
from tests.browser.words import choose_photos, photo, saved_cards, sign_in, start_consultation

pytestmark = pytest.mark.browser
MIDDLE = 400_000  # bytes of some 3 MB
ALMOST, HALF_A_MINUTE = "00:25", "00:06"  # one after the other


def test_the_phone_tries_a_stalled_put_again_and_sends_once(desk, far_handset, road):
    image = photo(111, 4000, 3000)
    far_handset.window.clock.install()
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    far_handset.pair(desk)
    far_handset.is_ready_for_no_network()
    road.block(after=MIDDLE)
    far_handset.shoot(image, "Close-up")
    assert road.blocked.wait(20)
    state = far_handset.rows.first.locator("[data-state]")
    expect(state).to_have_text(re.compile(r"^Sending [1-9]\d?%$"))
    far_handset.window.wait_for_timeout(1000)  # nothing moves any more
    far_handset.window.clock.fast_forward(ALMOST)
    expect(state).to_have_text(re.compile(r"^Sending [1-9]\d?%$"))
    assert road.puts == 1
    far_handset.window.clock.fast_forward(HALF_A_MINUTE)
    far_handset.shows_safe(1)
    assert road.puts == 2
    assert digests(desk) == [digest(image)]


def test_so_does_the_desk(practice, open_window, watcher, gp, road):
    watcher.permit("net::ERR_")
    desk = open_window(practice, road)
    desk.clock.install()
    sign_in(desk, practice, gp)
    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    road.block(after=MIDDLE)
    choose_photos(desk, photo(112, 4000, 3000))
    assert road.blocked.wait(20)
    card = desk.locator(".card--sending")
    expect(card).to_contain_text(re.compile(r"Sending [1-9]\d?%"))
    desk.wait_for_timeout(1000)
    desk.clock.fast_forward(ALMOST)
    expect(card).to_contain_text(re.compile(r"Sending [1-9]\d?%"))
    assert road.puts == 1
    desk.clock.fast_forward(HALF_A_MINUTE)
    expect(saved_cards(desk)).to_have_count(1)
    assert road.puts == 2


def test_an_answer_that_never_comes_is_asked_for_again(desk):
    """One image's presign and another's receipt: both are given up and come through."""
    silent: list[str] = []

    def first_is_silent(route: Route) -> None:
        step = route.request.url.rpartition("/")[2]
        if step in silent:
            route.continue_()
        else:
            silent.append(step)  # nobody answers

    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    desk.route("**/api/uploads/**", first_is_silent)
    choose_photos(desk, photo(113), photo(114))
    expect(saved_cards(desk)).to_have_count(2, timeout=45_000)
    assert sorted(silent) == ["presign", "receipt"]
