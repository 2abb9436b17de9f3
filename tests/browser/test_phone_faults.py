"""What goes wrong on the way, and that the phone gets over it by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.test_phone import digest, digests, listed
from tests.browser.words import photo, start_consultation

pytestmark = pytest.mark.browser
AWAKE = "() => Boolean(sender.lock) && !sender.lock.released"


@pytest.fixture
def paired_handset(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    return handset


def test_a_link_that_ran_out_is_asked_for_again(desk, paired_handset, watcher):
    watcher.permit("status of 403")  # Chromium's own line
    refused: list[str] = []

    def first_is_late(route: Route) -> None:
        if route.request.method == "PUT" and not refused:
            refused.append(route.request.url)
            route.fulfill(status=403, body="<Code>AccessDenied</Code>")
        else:
            route.continue_()

    paired_handset.window.context.route("**/mobile-uploads/**", first_is_late)
    paired_handset.shoot(photo(101), "Close-up")
    paired_handset.shows_safe(1)
    assert len(refused) == 1
    assert digests(desk) == [digest(photo(101))]


def test_an_answer_that_got_lost_makes_no_second_image(desk, paired_handset, watcher):
    watcher.permit("status of 412")  # Chromium's own line
    lost: list[int] = []

    def answer_is_lost(route: Route) -> None:
        if route.request.method == "PUT" and not lost:
            lost.append(route.fetch().status)  # it arrived, and the phone never hears of it
            route.abort()
        else:
            route.continue_()

    paired_handset.window.context.route("**/mobile-uploads/**", answer_is_lost)
    paired_handset.shoot(photo(102), "Close-up")
    paired_handset.shows_safe(1)
    assert lost == [200]
    assert len(listed(desk)) == 1
    assert digests(desk) == [digest(photo(102))]


def test_a_server_that_is_away_is_tried_again_and_the_screen_stays_on(
    desk, paired_handset, watcher
):
    watcher.permit("status of 503")  # Chromium's own line
    tries: list[float] = []

    def is_away(route: Route) -> None:
        tries.append(0)
        if len(tries) < 3:
            route.fulfill(status=503, json={"error": "", "code": "busy"})
        else:
            route.continue_()

    paired_handset.window.context.route("**/api/uploads/presign", is_away)
    paired_handset.shoot(photo(103), "Close-up")
    expect(paired_handset.rows.first).to_contain_text("Kept on this phone")
    paired_handset.window.wait_for_function(AWAKE)
    paired_handset.shows_safe(1)
    assert len(tries) == 3
    paired_handset.window.wait_for_function(f"() => !({AWAKE})()")
    assert digests(desk) == [digest(photo(103))]


def test_a_tab_that_died_before_the_labels_loses_nothing(desk, paired_handset):
    paired_handset.take(photo(104))
    paired_handset.window.close()
    paired_handset.window = paired_handset.window.context.new_page()
    paired_handset.open()
    expect(paired_handset.window.get_by_label("Body site")).to_be_visible()
    expect(paired_handset.window.get_by_text("1 photo left from before")).to_be_visible()
    paired_handset.keep("Close-up")
    paired_handset.shows_safe(1)
    assert digests(desk) == [digest(photo(104))]
