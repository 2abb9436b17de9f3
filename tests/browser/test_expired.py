"""The sign-in ends in the middle of work: nothing that was on its way is lost."""

import contextlib
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.words import PASSWORD, photo, saved_cards, start_consultation

pytestmark = pytest.mark.browser


def end_all_sign_ins(practice):
    """As after hours without a click."""
    database = sqlite3.connect(practice.data / "clinicpro.sqlite3", timeout=10)
    with contextlib.closing(database), database:
        database.execute("update sign_in set ended_at = last_seen_at")


def test_upload_goes_on_after_a_new_sign_in(desk, practice, watcher):
    watcher.permit("401")  # Chromium's own line about the refused request.
    start_consultation(desk, "ZZZ0059", "Wiremu Hohepa")
    end_all_sign_ins(practice)

    # The stream may have noticed first, and its dialog covers the button.
    desk.locator("#upload-file").set_input_files([photo(41)])
    dialog = desk.get_by_role("dialog", name="Sign in to go on")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in and go on").click()

    expect(dialog).to_be_hidden()
    expect(saved_cards(desk).filter(has_text="Wiremu Hohepa")).to_have_count(1)
