"""Areas painted black: nothing of what was under them is in what comes out."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from clinicpro.gateways import Area, DecoderDown, ImageRejected
from clinicpro.imaging import wire
from clinicpro.imaging.client import DecoderClient
from tests import corpus


def jpeg_of(image: Image.Image, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, **more)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def halves() -> bytes:
    """White on the left, red on the right."""
    image = Image.new("RGB", (300, 200), (255, 255, 255))
    image.paste((255, 0, 0), (150, 0, 300, 200))
    return jpeg_of(image)


def test_the_areas_are_black_and_the_rest_is_as_it_was(decoder: DecoderClient) -> None:
    covered = decoder.cover(halves(), [Area(5000, 0, 5000, 10_000), Area(0, 0, 1000, 1000)])
    image = opened(covered.jpeg)
    assert image.size == (300, 200) == (covered.width, covered.height)
    assert (image.format, image.mode, image.info.get("exif")) == ("JPEG", "RGB", None)
    for at in ((152, 0), (299, 199), (220, 100), (0, 0), (29, 19)):
        assert max(image.getpixel(at)) <= 12, at
    for at in ((60, 100), (140, 190)):
        assert min(image.getpixel(at)) >= 243, at
    # No pixel is red any more, not even at the edge.
    assert max(red - green for red, green, _ in image.get_flattened_data()) < 40


def test_an_area_reaches_outwards_to_whole_pixels(decoder: DecoderClient) -> None:
    image = Image.new("RGB", (64, 64), (255, 255, 255))
    covered = decoder.cover(jpeg_of(image), [Area(2499, 2499, 2, 2)])  # 15.99 to 16.01 px
    dark = [
        (x, y)
        for x in range(64)
        for y in range(64)
        if opened(covered.jpeg).getpixel((x, y))[0] < 128
    ]
    assert dark == [(15, 15), (15, 16), (16, 15), (16, 16)]


def test_the_same_recipe_gives_the_same_bytes_and_none_changes_the_original(
    decoder: DecoderClient,
) -> None:
    content = corpus.skin_jpeg(400, 300, gps=True)
    areas = [Area(1000, 1000, 3000, 3000)]
    first, second = decoder.cover(content, areas), decoder.cover(content, areas)
    assert first.jpeg == second.jpeg != content
    assert b"Exif" not in first.jpeg


def test_what_is_no_image_is_refused_in_words(decoder: DecoderClient) -> None:
    with pytest.raises(ImageRejected):
        decoder.cover(b"%PDF-1.7", [Area(0, 0, 1, 1)])


def test_more_areas_than_a_recipe_holds_are_not_painted(decoder: DecoderClient) -> None:
    with pytest.raises(DecoderDown):
        decoder.cover(halves(), [Area(0, 0, 1, 1)] * (wire.MAX_AREAS + 1))
