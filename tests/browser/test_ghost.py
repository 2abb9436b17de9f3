"""An earlier photo on the phone, to take the same view again: shown, laid over, taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.handset import Handset
from tests.browser.test_axe import problems_of
from tests.browser.test_phone import revoke
from tests.browser.words import choose_photos, open_image, photo, saved_cards, start_consultation

pytestmark = pytest.mark.browser
SOON = 10_000  # ms: a look every four seconds, on a busy machine
VIEW = re.compile(r"/derivatives/[0-9a-f-]{36}/view\?")
# Where an earlier photo, or words about it, could have stayed.
LEFT = """async () => {
  const cached = [];
  for (const name of await caches.keys()) {
    const kept = await (await caches.open(name)).keys();
    cached.push(...kept.map(({ url }) => new URL(url).pathname));
  }
  const count = (name) => vault.act([name], "readonly", (store) => store.count());
  const kept = await vault.read("pairing", "now");
  return {
    cached: cached.filter((path) => path !== "/m" && !path.startsWith("/static/")),
    kept: kept ? JSON.stringify((await vault.unsealWords(kept)).now) : "",
    counts: [await count("shots"), await count("bytes")],
    storage: { ...localStorage, ...sessionStorage },
    pictures: [...document.images].map((one) => one.getAttribute("src")).filter(Boolean),
    words: document.body.textContent,
  };
}"""

IS_THERE = """link => new Promise((resolve) => {
  const image = new Image();
  Object.assign(image, { onload: () => resolve(true), onerror: () => resolve(false), src: link });
})"""


def card_of_last_visit(desk: Page) -> Locator:
    """The patient was here before, and a photo was taken; now they are here again."""
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    choose_photos(desk, photo(91))
    expect(saved_cards(desk)).to_have_count(1)
    viewer = open_image(desk, saved_cards(desk).first)
    viewer.locator(".details__summary").click()
    viewer.get_by_label("Body site").select_option(label="Forearm")
    viewer.get_by_label("Side").select_option(label="Left")
    viewer.get_by_label("View", exact=True).select_option(value="close-up")
    viewer.get_by_role("button", name="Save details").click()
    expect(viewer.locator(".viewer__what")).to_contain_text("Left forearm, close-up")
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="Finish").first.click()
    expect(desk.locator("#start")).to_be_visible()
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    return saved_cards(desk).first


def show_on_phone(desk: Page, card: Locator) -> Locator:
    viewer = open_image(desk, card)
    viewer.get_by_role("button", name="Show on the phone").click()
    expect(viewer.get_by_text("Shown on the phone")).to_be_visible(timeout=SOON)
    return viewer


def shows_nothing(handset: Handset) -> None:
    """Neither to the eye nor anywhere on the phone, which is still paired."""
    expect(handset.window.locator(".ghost")).to_be_hidden(timeout=SOON)
    left = handset.window.evaluate(LEFT)
    assert left["cached"] == []
    assert "pairingId" in left["kept"]
    assert left["counts"] == [0, 0]
    assert left["storage"] == {}
    for word in ("Left forearm, close-up,", "derivatives", "ghost"):
        assert word not in left["words"] + left["kept"]


def test_the_same_view_is_taken_again(desk, handset):
    views: list[Response] = []
    handset.window.on("response", lambda one: VIEW.search(one.url) and views.append(one))
    card = card_of_last_visit(desk)
    handset.pair(desk)
    handset.is_ready_for_no_network()
    shows_nothing(handset)

    viewer = show_on_phone(desk, card)
    assert problems_of(desk) == []
    earlier = handset.button(re.compile("Take the same view again"))
    expect(earlier).to_contain_text("Left forearm, close-up")
    expect(earlier).to_have_attribute("aria-expanded", "false")
    earlier.click()
    expect(earlier).to_have_attribute("aria-expanded", "true")
    assert earlier.locator("img").bounding_box()["width"] > 300
    assert problems_of(handset.window) == []
    earlier.click()
    assert [one.headers["cache-control"] for one in views] == ["private, no-store"]

    handset.take(photo(92))
    slider = handset.window.get_by_label("Lay the earlier photo over it")
    over = handset.window.get_by_alt_text("The earlier photo, over the new one")
    expect(slider).to_have_attribute("aria-valuetext", "Off")
    expect(over).to_be_hidden()
    slider.focus()
    for _ in range(8):
        handset.window.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "40 %")
    expect(over).to_have_css("opacity", "0.4")
    new = handset.window.get_by_alt_text("The photo you just took")
    assert over.bounding_box() == new.bounding_box()
    assert problems_of(handset.window) == []
    expect(handset.window.get_by_label("Body site")).to_have_value("forearm")
    expect(handset.window.get_by_label("Left", exact=True)).to_be_checked()
    expect(handset.window.get_by_label("Close-up", exact=True)).to_be_checked()
    handset.keep()
    handset.shows_safe(1)
    expect(saved_cards(desk)).to_have_count(2)
    expect(earlier).to_be_visible()
    expect(handset.window.get_by_text("Nothing is left on this phone")).to_be_hidden()

    viewer.get_by_role("button", name="Take back from the phone").click()
    expect(viewer.get_by_role("button", name="Show on the phone")).to_be_visible()
    shows_nothing(handset)
    expect(handset.window.get_by_text("Nothing is left on this phone")).to_be_visible()
    assert handset.window.evaluate("ghost.url") == ""
    assert len(views) == 1  # fetched once, whatever the number of looks


def test_with_the_pairing_it_is_gone(desk, handset, watcher):
    watcher.permit("status of 401")  # Chromium's own line about the pairing that is over
    card = card_of_last_visit(desk)
    handset.pair(desk)
    show_on_phone(desk, card)
    expect(handset.window.locator(".ghost")).to_be_visible(timeout=SOON)
    desk.keyboard.press("Escape")
    phone = desk.locator("#phones .pairing__phone")
    expect(phone).to_contain_text("Shows Left forearm, close-up")
    link = handset.window.evaluate("ghost.url")
    assert handset.window.evaluate(IS_THERE, link) is True
    handset.take(photo(93))
    handset.window.get_by_label("Lay the earlier photo over it").press("End")
    expect(handset.window.get_by_alt_text("The earlier photo, over the new one")).to_be_visible()
    revoke(desk)
    expect(handset.window.get_by_text("The pairing of this phone has ended")).to_be_visible()
    handset.window.wait_for_function("!ghost.facts")
    left = handset.window.evaluate(LEFT)
    assert (left["cached"], left["kept"], left["pictures"]) == ([], "", [])
    assert "Left forearm, close-up," not in left["words"]
    assert handset.window.evaluate(IS_THERE, link) is False

    # The photo still on the phone was taken before: nothing is laid over it, or said for it.
    handset.scan(desk)
    desk.get_by_role("button", name="Yes, confirm").click()
    expect(handset.window.get_by_text("Taken earlier, not for this patient")).to_be_visible()
    desk.keyboard.press("Escape")
    show_on_phone(desk, card)
    handset.window.wait_for_function("ghost.facts")
    expect(handset.window.get_by_label("Lay the earlier photo over it")).to_be_hidden()
    expect(handset.window.get_by_label("Body site")).to_have_value("")


def test_it_goes_when_nothing_is_heard_and_when_the_page_is_opened_without_a_network(desk, handset):
    card = card_of_last_visit(desk)
    handset.pair(desk)
    handset.is_ready_for_no_network()
    show_on_phone(desk, card)
    shown = handset.window.locator(".ghost")
    expect(shown).to_be_visible(timeout=SOON)
    handset.cut_off()
    expect(handset.window.get_by_text("No connection")).to_be_visible()
    expect(shown).to_be_visible()
    handset.window.evaluate("pairing.heardAt -= 5 * 60_000")
    expect(shown).to_be_hidden(timeout=SOON)
    handset.connect()
    expect(shown).to_be_visible(timeout=SOON)
    handset.cut_off()
    handset.window.reload()
    expect(handset.shutter).to_be_visible()
    expect(shown).to_be_hidden()
    handset.connect()
    expect(shown).to_be_visible(timeout=SOON)
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="Take back").click()
    expect(shown).to_be_hidden(timeout=SOON)
