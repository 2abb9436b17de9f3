"""A description: its words appear, it can be stopped, and what is accepted stands in the note."""

import pytest
from playwright.sync_api import expect

from tests.browser.words import (
    choose_photos,
    describe,
    open_image,
    photo,
    saved_cards,
    start_consultation,
)
from tests.scenarios import WORDS

pytestmark = pytest.mark.browser


def test_stop_then_accept_into_the_note(desk, practice, model):
    start_consultation(desk, "ZZZ0024", "Rangi Parata")
    choose_photos(desk, photo(21))
    expect(saved_cards(desk)).to_have_count(1)
    viewer = open_image(desk, saved_cards(desk).first)

    model.play("endless-slow", "slow")
    describe(viewer, "Fell on gravel two days ago")
    expect(viewer.locator(".findings")).to_contain_text("and so on and so on")
    viewer.get_by_role("button", name="Stop").click()
    expect(viewer).to_contain_text("You stopped it")
    expect(viewer.get_by_role("button", name="Accept")).to_have_count(0)

    viewer.get_by_role("button", name="again").click()
    describe(viewer, "Fell on gravel two days ago")
    expect(viewer.locator(".findings")).to_contain_text(WORDS[:20])
    draft = viewer.get_by_label("Edit before you accept")
    expect(draft).to_have_value(WORDS)
    draft.fill(f"{WORDS} Cleaned with saline.")
    with desk.expect_download() as saved:
        viewer.get_by_role("button", name="Save text").click()
    text = saved.value.path().read_text()
    assert text.startswith("AI DRAFT, NOT ACCEPTED.\nThe model’s words, changed on the screen by ")
    assert text.endswith(f"{WORDS} Cleaned with saline.\n")
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    viewer.get_by_role("button", name="Copy").click()
    expect(desk.get_by_text("Description copied.")).to_be_visible()
    words, told = desk.evaluate("navigator.clipboard.readText()").split("\n\n")
    assert words == f"{WORDS} Cleaned with saline."
    assert told.startswith("AI draft, not accepted. Image ")
    assert told.endswith("A description, not a diagnosis.")
    viewer.get_by_role("button", name="Accept into the note").click()
    expect(viewer).to_contain_text("In the note")

    desk.keyboard.press("Escape")
    desk.get_by_role("link", name="Note", exact=True).click()
    expect(desk.locator("article.note .findings").first).to_have_text(
        f"{WORDS} Cleaned with saline."
    )
    history = desk.get_by_label("History")
    history.fill("Fell on a gravel driveway")
    expect(desk.locator(".note__saved")).to_contain_text("Saved")
    desk.reload()
    expect(history).to_have_value("Fell on a gravel driveway")
    expect(desk.locator("article.note")).to_contain_text("edited and accepted by")
