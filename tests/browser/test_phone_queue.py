"""What the queue does with what can't be sent, with two windows, and with other people's images."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import flask
from tests.browser.handset import SAFE, Handset
from tests.browser.test_phone import digest, digests, listed, revoke
from tests.browser.words import PASSWORD, photo, sign_in, start_consultation

pytestmark = pytest.mark.browser
CUT = "cut.jpg"


def test_two_windows_of_one_phone_send_each_image_once(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    handset.is_ready_for_no_network()
    handset.cut_off()
    images = [photo(91), photo(92)]
    for image in images:
        handset.shoot(image, "Regional")
    second = Handset(handset.window.context.new_page(), handset.origin)
    second.open()
    expect(second.rows).to_have_count(2)
    puts: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            puts.append(request.url.partition("?")[0])

    handset.window.context.on("request", note)
    handset.connect()
    for window in (handset, second):
        window.shows_safe(2)
    assert len(puts) == 2
    assert digests(desk) == [digest(image) for image in images]


def test_a_refused_image_says_why_and_can_be_removed_or_taken_again(desk, handset, watcher):
    watcher.permit("status of 422")  # Chromium's own line
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    whole = photo(93)
    broken = {**whole, "name": CUT, "buffer": whole["buffer"][: len(whole["buffer"]) // 2]}
    handset.shoot(broken, "Close-up")
    row = handset.rows.first
    expect(row).to_contain_text("Not saved.")
    expect(row.locator("[data-state]")).to_have_text(re.compile(r"Not saved\. \w.*\."))
    expect(handset.window.get_by_role("heading", name=SAFE)).to_be_hidden()
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Not saved.")
    with handset.window.expect_file_chooser() as chooser:
        row.get_by_role("button", name="Take it again").click()
    chooser.value.set_files([whole])
    handset.keep("Close-up")
    handset.shows_safe(1)
    assert handset.stored()["bytes"] == 0
    assert digests(desk) == [digest(whole)]


def test_another_persons_images_stay_locked_and_unseen(
    desk, handset, practice, open_window, watcher
):
    watcher.permit("status of 401")  # Chromium's own line about the pairing that is over
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    handset.is_ready_for_no_network()
    handset.cut_off()
    handset.shoot(photo(94), "Close-up")
    handset.take(photo(95))  # not even labelled
    email = "other-gp@kowhai.example"
    flask(practice, "create-user", email, "--role", "gp", "--password-stdin", given=PASSWORD)
    other_desk = open_window(practice)
    sign_in(other_desk, practice, email)
    start_consultation(other_desk, "ZZZ0032", "Hana Wiremu")
    revoke(desk)
    handset.connect()
    handset.pair(other_desk)
    expect(handset.window.get_by_text("2 photos of somebody else")).to_be_visible()
    expect(handset.rows).to_have_count(0)
    assert handset.window.locator("img:visible").count() == 0
    handset.window.reload()
    asked: list[str] = []
    handset.window.on("request", lambda request: asked.append(request.url))
    handset.shoot(photo(99), "Close-up")
    handset.shows_safe(1)
    expect(handset.window.locator("[data-notice=nothing-left]")).to_be_hidden()
    assert len([url for url in asked if url.endswith("/presign")]) == 1  # nobody else's was tried
    assert handset.stored()["bytes"] == 2
    assert digests(other_desk) == [digest(photo(99))]


def test_labels_stay_for_the_next_and_end_with_the_patient(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    handset.window.get_by_label("Shot list").select_option(label="Skin lesion")
    handset.choose(photo(96), photo(97))
    expect(handset.window.get_by_label("Establishing")).to_be_checked()  # the first missing
    expect(handset.window.get_by_role("checkbox")).not_to_be_checked()
    handset.window.get_by_label("Label").fill("mole 2")
    handset.keep("Ruler", site="Forearm", side="Left")
    expect(handset.window.get_by_label("Body site")).to_have_value("forearm")
    expect(handset.window.get_by_label("Left", exact=True)).to_be_checked()
    expect(handset.window.get_by_label("Label")).to_have_value("mole 2")
    handset.keep("Regional")
    handset.shows_safe(2)
    chips = handset.window.locator(".shots__item--there")
    expect(chips.get_by_text("Dermoscopy or ruler")).to_be_visible()
    expect(chips.get_by_text("Regional")).to_be_visible()
    expect(chips).to_have_count(3)  # with the wound's ruler, which is not shown
    ruler = listed(desk)[0]
    assert (ruler["bodySite"], ruler["laterality"]) == ("forearm", "left")
    assert (ruler["view"], ruler["label"]) == ("close-up", "mole 2, with ruler")

    handset.pair(desk)  # the same patient, a new pairing
    handset.take(photo(98))
    expect(handset.window.get_by_label("Body site")).to_have_value("")
    expect(handset.window.get_by_role("checkbox")).not_to_be_checked()
    handset.button("Don’t keep it").click()
    expect(handset.shutter).to_be_visible()
    assert handset.stored()["bytes"] == 0
