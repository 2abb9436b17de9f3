"""axe finds nothing on any page, in light and in dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.words import choose_photos, open_image, photo, saved_cards, start_consultation

pytestmark = pytest.mark.browser


def problems_of(window: Page) -> list[str]:
    """What axe objects to, in both themes: the rule and the first place."""
    found = []
    for theme in ("light", "dark"):
        window.emulate_media(color_scheme=theme)
        answer = Axe().run(window).response
        found += [
            f"{theme}: {one['id']} at {one['nodes'][0]['target']}" for one in answer["violations"]
        ]
    return found


def test_the_doors(practice, open_window):
    window = open_window(practice)
    window.goto(practice.url + "/login")
    assert problems_of(window) == []


def test_every_page_of_a_gp_who_manages(managers_desk, practice, watcher):
    watcher.permit("404")  # Chromium's own line about the page that is not there
    window = managers_desk
    assert problems_of(window) == []
    start_consultation(window, "ZZA0070", "Losa Faleolo")
    choose_photos(window, photo(61))
    expect(saved_cards(window).first).to_be_visible()
    assert problems_of(window) == []
    open_image(window, saved_cards(window).first)
    assert problems_of(window) == []
    address = window.url
    window.goto(address)
    assert problems_of(window) == []
    for path in ("/consultations", "/practice", "/account", "/nothing-here"):
        window.goto(practice.url + path)
        assert problems_of(window) == [], path
    window.goto(practice.url + "/")
    window.get_by_role("link", name="Note", exact=True).click()
    expect(window.locator("article.note")).to_be_visible()
    assert problems_of(window) == []
