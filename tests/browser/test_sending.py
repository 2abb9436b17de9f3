"""What leaves the house is what was shown: covered by mouse and keys; a size asks twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_axe import problems_of
from tests.browser.words import (
    choose_photos,
    describe,
    open_image,
    photo,
    saved_cards,
    start_consultation,
    wait_until_shown,
)
from tests.scenarios import Scenario

pytestmark = pytest.mark.browser
SIZED = "Left forearm. A papule of about 4 mm. No pus."


def drag(window: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Over the image in the dialog, in fractions of it."""
    box = window.locator(".covering__areas").bounding_box()
    assert box
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    window.mouse.move(*at[0])
    window.mouse.down()
    window.mouse.move(*at[1], steps=4)
    window.mouse.up()


def test_what_is_covered_is_shown_and_is_what_arrives(desk, practice, model):
    start_consultation(desk, "ZZZ0067", "Mei Lin Chan")
    choose_photos(desk, photo(71))
    viewer = open_image(desk, saved_cards(desk).first)
    viewer.get_by_role("button", name="Cover parts of it").click()
    dialog = desk.get_by_role("dialog", name="Cover parts of the image")
    drag(desk, (0.1, 0.1), (0.4, 0.5))
    expect(dialog.get_by_role("button", name="Area 1")).to_be_visible()
    assert problems_of(desk) == []

    # The same by keys alone: another area, moved and sized; the first one removed.
    dialog.get_by_role("button", name="Add an area").focus()
    desk.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Area 2")).to_be_focused()
    for key in ("ArrowRight", "Shift+ArrowDown"):
        desk.keyboard.press(key)
    expect(dialog.get_by_role("status")).to_have_text(
        "Area 2: 37% from the left, 35% from the top, 30% wide, 32% high."
    )
    dialog.get_by_role("button", name="Area 1").focus()
    desk.keyboard.press("Delete")
    expect(dialog.get_by_role("button", name="Area 2")).to_have_count(0)
    dialog.get_by_role("button", name="Show what will be sent").click()

    expect(dialog).to_be_hidden()
    expect(viewer.locator("#sending")).to_contain_text("1 part covered")
    expect(viewer.get_by_role("button", name="Change what is covered")).to_be_focused()
    picture = viewer.locator(".sending__image")
    wait_until_shown(picture)
    shown = desk.request.get(practice.url + picture.get_attribute("src")).body()

    model.play("answer")
    describe(viewer, "Fell on gravel")
    expect(viewer).to_contain_text("Draft description")
    assert model.requests[-1].image == shown


def test_cancelled_nothing_is_covered(desk):
    start_consultation(desk, "ZZZ0075", "Ana Park")
    choose_photos(desk, photo(72))
    viewer = open_image(desk, saved_cards(desk).first)
    viewer.get_by_role("button", name="Cover parts of it").click()
    drag(desk, (0.2, 0.2), (0.6, 0.6))
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog", name="Cover parts of the image")).to_be_hidden()
    expect(viewer).to_be_visible()
    viewer.get_by_role("button", name="Cover parts of it").click()
    expect(desk.get_by_role("button", name="Area 1")).to_have_count(0)


def test_a_size_takes_two_clicks_and_can_be_changed_in_the_note(desk, model, watcher):
    watcher.permit("422")  # Chromium's own line about the first click
    start_consultation(desk, "ZZZ0083", "Tomasi Leota")
    choose_photos(desk, photo(73))
    viewer = open_image(desk, saved_cards(desk).first)
    model.play(Scenario(words=SIZED))
    describe(viewer, "New spot")
    expect(viewer.locator(".findings__flag")).to_have_text("4 mm")
    viewer.get_by_role("button", name="Accept into the note").click()
    second = viewer.get_by_role("button", name="It was measured")
    expect(second).to_be_visible()
    assert problems_of(desk) == []
    second.click()
    expect(viewer).to_contain_text("In the note")

    desk.keyboard.press("Escape")
    desk.get_by_role("link", name="Note", exact=True).click()
    finding = desk.locator(".finding")
    finding.get_by_text("Edit", exact=True).click()
    finding.get_by_label("The findings").fill("Left forearm. A papule.")
    assert problems_of(desk) == []
    finding.get_by_role("button", name="Save the change").click()
    expect(finding.locator(".findings").first).to_have_text("Left forearm. A papule.")
    expect(finding).to_contain_text("edited and accepted by")
    expect(finding).to_contain_text("The patient has agreed to this image being sent")


def test_rejected_with_a_reason(desk, model):
    start_consultation(desk, "ZZZ0091", "Ruth Moana")
    choose_photos(desk, photo(74))
    viewer = open_image(desk, saved_cards(desk).first)
    model.play("answer")
    describe(viewer, "Old scar")
    viewer.get_by_text("Reject …").click()
    viewer.get_by_label("Why").fill("Wrong side")
    viewer.get_by_role("button", name="Reject it").click()
    expect(viewer).to_contain_text("“Wrong side”")
