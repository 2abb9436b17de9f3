"""The first day: from the code in the console to three images on the desk."""

import pytest
from playwright.sync_api import expect

from tests.browser.words import (
    choose_photos,
    open_image,
    photo,
    saved_cards,
    set_up,
    start_consultation,
    wait_until_shown,
)

pytestmark = pytest.mark.browser
# Where the head of the cards stood, from frame to frame.
WATCH = """() => {
  window.places = [];
  const look = () => {
    const head = document.querySelector(".grid__head");
    const top = head && Math.round(head.getBoundingClientRect().top + scrollY);
    if (head && places.at(-1) !== top) places.push(top);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_first_day(new_instance, open_window):
    window = open_window(new_instance)
    set_up(window, new_instance)
    start_consultation(window, "ZZZ0016", "Mere Tāmati")

    welcome = window.get_by_role("heading", name="Welcome")
    search = window.get_by_label("Search by name")
    expect(welcome).to_be_visible()
    expect(search).to_be_hidden()
    window.evaluate(WATCH)
    choose_photos(window, photo(1, 4000, 3000), photo(2), photo(3))
    expect(window.locator(".card[data-sending]").first).to_be_visible()
    expect(welcome).to_be_hidden()
    expect(search).to_be_visible()
    cards = saved_cards(window)
    expect(cards).to_have_count(3, timeout=20_000)
    expect(window.locator(".card[data-sending]")).to_have_count(0)
    for card in cards.all():
        expect(card).to_contain_text("Mere Tāmati")
        wait_until_shown(card.locator("img"))

    assert len(window.evaluate("places")) == 1  # where the gallery came, it stays

    window.reload()  # three at once: who came first, the server says
    viewer = open_image(window, cards.first)
    newest = viewer.get_attribute("data-image")
    expect(viewer).to_contain_text("Mere Tāmati")
    window.keyboard.press("ArrowRight")
    expect(window.locator(f"#viewer:not([data-image={newest}])")).to_be_visible()
    wait_until_shown(viewer.locator(".stage__image"))
    window.keyboard.press("ArrowLeft")
    expect(window.locator(f"#viewer[data-image={newest}]")).to_be_visible()

    window.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(window).to_have_url(new_instance.url + "/")
    expect(cards).to_have_count(3)

    search.fill("nobody")
    expect(window.get_by_text("No image fits these filters")).to_be_visible()
    expect(welcome).to_be_hidden()
