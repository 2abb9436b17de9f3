"""What the phone thinks of a photo: advice in plain words, measured on its pixels."""

from __future__ import annotations

import random

import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import FilePayload, expect

from tests.browser.words import start_consultation
from tests.corpus import encoded

pytestmark = pytest.mark.browser


def skin_with_hairs(width: int = 2400, height: int = 1800) -> Image.Image:
    """In focus: hairs and pores over a lesion, a soft background in one corner."""
    rng = random.Random(7)
    image = Image.new("RGB", (width, height), (196, 150, 126))
    draw = ImageDraw.Draw(image)
    middle = (width * 0.35, height * 0.35, width * 0.65, height * 0.65)
    draw.ellipse(middle, fill=(120, 70, 62))
    for _ in range(500):
        x, y = rng.uniform(width * 0.2, width), rng.uniform(0, height)
        end = (x + rng.uniform(-120, 120), y + rng.uniform(60, 200))
        draw.line((x, y, *end), fill=(70, 48, 40), width=5)
    return image


def cast(kind: str) -> Image.Image:
    image = skin_with_hairs()
    width, height = image.size
    match kind:
        case "blurred":
            return image.filter(ImageFilter.GaussianBlur(14))
        case "dark":
            return image.point(lambda level: int(level * 0.15))
        case "bright":
            return image.point(lambda level: min(255, int(level * 2.4)))
        case "glare":
            spot = (width * 0.4, height * 0.4, width * 0.55, height * 0.6)
            ImageDraw.Draw(image).ellipse(spot, fill=(255, 255, 255))
        case "small":
            return image.resize((800, 600), Image.Resampling.LANCZOS)
        case "background":
            box = (width // 5, height // 5, width * 4 // 5, height * 4 // 5)
            image.paste(image.crop(box).filter(ImageFilter.GaussianBlur(18)), box)
    return image


def photo_of(kind: str) -> FilePayload:
    content = encoded(cast(kind), "JPEG", quality=92)
    return {"name": f"{kind}.jpg", "mimeType": "image/jpeg", "buffer": content}


def test_a_good_photo_is_kept_and_a_bad_one_is_advised_against(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.pair(desk)
    said = {
        "blurred": "It looks blurred",
        "dark": "too dark",
        "bright": "too bright",
        "glare": "reflected",
        "small": "small picture",
        "background": "The middle looks blurred",
    }
    preview = handset.window.locator("shot-preview")
    looked_at = handset.window.locator("shot-preview[data-looked-at]")
    for kind, words in said.items():
        handset.take(photo_of(kind))
        expect(looked_at).to_be_visible()
        expect(preview.locator(".alert:visible")).to_contain_text(words)
        expect(handset.button("Keep anyway")).to_be_enabled()
        handset.button("Don’t keep it").click()
    handset.take(photo_of("good"))
    expect(looked_at).to_be_visible()
    expect(preview.locator(".alert:visible")).to_have_count(0)
    with handset.window.expect_file_chooser() as chooser:
        handset.button("Retake").click()
    chooser.value.set_files([photo_of("blurred")])
    expect(preview.locator(".alert:visible")).to_contain_text("blurred")
    assert handset.stored()["shots"] == 1  # the one it took the place of is gone
    handset.window.get_by_role("checkbox").check()
    handset.button("Keep anyway").click()
    handset.shows_safe(1)
