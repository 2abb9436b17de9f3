"""Prompts: written, tried on a drawn sample, put in order; then two images compared with one."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_axe import problems_of
from tests.browser.words import (
    choose_photos,
    open_image,
    photo,
    saved_cards,
    start_consultation,
    wait_until_shown,
)
from tests.instance import Instance
from tests.scenarios import WORDS

pytestmark = pytest.mark.browser


def listed(window: Page) -> Locator:
    return window.locator("#prompts .prompts__head strong")


def test_a_prompt_is_tried_saved_put_first_and_offered(managers_desk, practice, model, watcher):
    watcher.permit("422")  # Chromium's own line about a form that was refused
    window = managers_desk
    window.goto(practice.url + "/practice#prompts")
    window.get_by_role("link", name="New prompt").click()
    window.get_by_label("Name on the button").fill("Mole check")
    text = window.get_by_label("What the model is asked", exact=True)
    text.fill("Describe the mole of {name}.")
    window.get_by_role("button", name="Try it").click()
    expect(window.locator("#trial")).to_contain_text("There is no {name}.")

    text.fill("Describe the mole[ on the {side} {site}].")
    model.play("slow", "slow")
    window.get_by_role("button", name="Try it").click()
    expect(window.locator("#trial progress")).to_be_visible()
    wait_until_shown(window.locator(".trial__drawing"))
    expect(window.locator("#trial .findings")).to_contain_text(WORDS)
    assert model.requests[-1].text.startswith("Describe the mole on the left back.")
    assert problems_of(window) == []
    window.get_by_role("button", name="Save", exact=True).click()

    expect(listed(window).last).to_have_text("Mole check")
    row = window.locator(".prompts__item", has_text="Mole check")
    row.get_by_role("button", name="Up").focus()
    window.keyboard.press("Enter")
    expect(listed(window).last).not_to_have_text("Mole check")
    expect(row.get_by_role("button", name="Up")).to_be_focused()
    window.get_by_text("First choice by kind of image").click()
    window.get_by_label("Arm and hand").select_option("Mole check")
    window.get_by_role("button", name="Save first choices").click()
    expect(row).to_contain_text("First for: Arm and hand")
    row.get_by_role("button", name="Retire").click()
    expect(window.locator("#prompts .prompts").first).not_to_contain_text("Mole check")
    expect(window.locator("#retired")).to_contain_text("Retired (1)")
    assert problems_of(window) == []


def test_a_trial_is_stopped_by_keys(managers_desk: Page, practice: Instance, model):
    window = managers_desk
    window.goto(practice.url + "/prompts/new?shelf=practice")
    window.get_by_label("Name on the button").fill("Wound check")
    window.get_by_label("What the model is asked", exact=True).fill("Describe the wound.")
    model.play("endless-slow")
    window.get_by_role("button", name="Try it").click()
    trial = window.locator("#trial")
    expect(trial.locator(".findings")).to_contain_text("and so on")
    trial.get_by_role("button", name="Stop").focus()
    window.wait_for_timeout(1500)  # what is exchanged meanwhile leaves the button alone
    expect(trial.get_by_role("button", name="Stop")).to_be_focused()
    window.keyboard.press("Enter")
    expect(trial).to_contain_text("You stopped it")
    expect(trial).to_contain_text("and so on")
    expect(trial.get_by_role("button", name="Stop")).to_have_count(0)
    assert model.requests[-1].ended.wait(2)
    assert problems_of(window) == []


def test_ones_own_prompts_are_on_the_account(desk: Page, practice: Instance):
    desk.goto(practice.url + "/account")
    expect(desk.locator("#prompts")).to_contain_text("None yet.")
    desk.get_by_role("link", name="New prompt").click()
    desk.get_by_label("Name on the button").fill("My moles")
    desk.get_by_label("What the model is asked", exact=True).fill("Describe each mole.")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(listed(desk)).to_have_text(["My moles"])
    assert problems_of(desk) == []
    desk.get_by_role("link", name="Edit").click()
    desk.get_by_label("What the model is asked", exact=True).fill("Describe every mole.")
    desk.get_by_role("button", name="Save as version 2").click()
    expect(desk.locator("#prompts")).to_contain_text("version 2")


def test_two_images_are_compared_side_by_side(desk: Page, practice: Instance, model):
    start_consultation(desk, "ZZZ0105", "Losa Faleolo")
    for number in (1, 2):
        choose_photos(desk, photo(70 + number))
        expect(saved_cards(desk)).to_have_count(number)
    viewer = open_image(desk, saved_cards(desk).first)
    viewer.get_by_label("Change since earlier").check()
    expect(viewer.get_by_text("Compare with")).to_be_visible()
    viewer.locator(".earlier-images__input").first.focus()
    desk.keyboard.press("Space")
    pair = viewer.locator("#sending .pair__image")
    expect(pair).to_have_count(2)
    for number in (0, 1):
        wait_until_shown(pair.nth(number))
    expect(viewer.locator(".earlier-images__input").first).to_be_focused()
    expect(viewer.locator("#sending")).to_contain_text("Both images without their metadata")
    assert problems_of(desk) == []
    shown = [
        desk.request.get(practice.url + str(pair.nth(number).get_attribute("src"))).body()
        for number in (0, 1)
    ]

    model.play("slow", "slow")
    viewer.get_by_label("The patient has agreed to this").check()
    viewer.get_by_role("button", name="Describe").click()
    expect(viewer.locator(".analysis__panel > .pair .pair__image")).to_have_count(2)
    expect(viewer.get_by_label("Edit before you accept")).to_have_value(WORDS)
    expect(viewer.locator(".analysis__panel > .pair .pair__image")).to_have_count(2)
    sent = model.requests[-1].body["messages"][0]["content"]
    assert [part["type"] for part in sent] == ["text", "image", "text", "image", "text"]
    images = [base64.b64decode(part["source"]["data"]) for part in sent if "source" in part]
    assert images == shown
    assert problems_of(desk) == []
    desk.reload()
    expect(viewer.locator(".pair__image")).to_have_count(2)
