"""The image is opened before it is prepared: screen and panel turn by themselves."""

import signal

import pytest
from playwright.sync_api import expect

from tests.browser.words import choose_photos, open_image, photo, saved_cards, start_consultation
from tests.instance import kill

pytestmark = pytest.mark.browser


def test_an_image_opened_too_early_can_be_described_a_moment_later(desk, practice):
    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    (worker,) = practice.children("clinicpro worker")
    kill(worker, signal.SIGSTOP)
    try:
        choose_photos(desk, photo(31))
        expect(saved_cards(desk)).to_have_count(1)
        viewer = open_image(desk, saved_cards(desk).first)
        expect(viewer).to_contain_text("This image is still being prepared")
        expect(viewer.locator("[data-note]")).to_contain_text("being prepared")
    finally:
        kill(worker, signal.SIGCONT)
    expect(viewer.get_by_label("Clinical context")).to_be_visible()
    expect(viewer.locator("[data-note]")).not_to_contain_text("being prepared")
    expect(viewer.locator(".stage__image[src*='/view?']")).to_be_visible()
