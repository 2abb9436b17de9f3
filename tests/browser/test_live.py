"""Two windows: what is added in one is seen in the other at once."""

import pytest
from playwright.sync_api import expect

from tests.browser.words import (
    choose_photos,
    photo,
    saved_cards,
    set_wrong_clock,
    sign_in,
    start_consultation,
    wait_until_shown,
)

pytestmark = pytest.mark.browser


def test_second_window_sees_a_new_image(desk, practice, open_window, gp):
    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    other = open_window(practice)
    sign_in(other, practice, gp)
    expect(other.locator("#topbar")).to_contain_text("Hana Wiremu")
    there_before = saved_cards(other).count()

    choose_photos(desk, photo(31))
    card = saved_cards(desk).filter(has_text="Hana Wiremu")
    expect(card).to_have_count(1)

    expect(saved_cards(other)).to_have_count(there_before + 1, timeout=3000)
    theirs = saved_cards(other).filter(has_text="Hana Wiremu")
    wait_until_shown(theirs.locator("img"))
    expect(other.locator("#news")).to_contain_text(
        "1 image just arrived for Hana Wiremu", use_inner_text=True
    )


def test_what_just_arrived_goes_by_the_servers_clock(desk, practice, open_window, gp):
    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    others = {days: open_window(practice) for days in (1, -1)}
    for days, other in others.items():
        set_wrong_clock(other, days)
        sign_in(other, practice, gp)
        expect(other.locator("#topbar")).to_contain_text("Hana Wiremu")
    choose_photos(desk, photo(34))
    for other in others.values():
        expect(other.locator("#news")).to_contain_text("1 image just arrived")
        expect(other.locator(".card--new")).to_have_count(1)
