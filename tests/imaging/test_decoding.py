"""What comes out of a good image: upright, sRGB, complete."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import Image

from clinicpro.gateways import ImageRejected
from clinicpro.imaging.client import DecoderClient
from tests import corpus

SHUTTER = datetime(2026, 1, 31, 9, 8, 7)  # noqa: DTZ001  the camera's clock knows no zone


def pixels(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    assert image.format == "JPEG"
    assert image.mode == "RGB"
    return image


def corner_colours(image: Image.Image) -> str:
    names = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W"}
    right, bottom = image.width - 8, image.height - 8
    corners = (image.getpixel(at) for at in ((8, 8), (right, 8), (8, bottom), (right, bottom)))
    return "".join(names.get(tuple(level // 128 for level in corner), "?") for corner in corners)


def is_near(colour: tuple[int, ...], wanted: tuple[int, ...], by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(colour, wanted, strict=True))


def test_a_phones_jpeg_becomes_three_derivatives(decoder: DecoderClient) -> None:
    content = corpus.skin_jpeg(4000, 3000, gps=True)
    decoded = decoder.thumb(content)
    assert decoded.content_type == "image/jpeg"
    assert (decoded.width, decoded.height) == (4000, 3000)
    assert decoded.taken_at == SHUTTER
    assert pixels(decoded.thumb).size == (400, 300)
    made = decoder.derivatives(content)
    assert pixels(made.view).size == (made.view_width, made.view_height) == (1568, 1176)
    assert pixels(made.full).size == (4000, 3000)


def test_what_is_small_is_not_enlarged(decoder: DecoderClient) -> None:
    made = decoder.derivatives(corpus.skin_jpeg(300, 200))
    assert pixels(made.view).size == pixels(made.full).size == (300, 200)
    assert pixels(decoder.thumb(corpus.skin_jpeg(300, 200)).thumb).size == (300, 200)


def test_48_megapixels_are_read(decoder: DecoderClient) -> None:
    content = corpus.encoded(corpus.skin(2000, 1500).resize((8000, 6000)), "JPEG")
    assert pixels(decoder.thumb(content).thumb).size == (400, 300)
    assert pixels(decoder.derivatives(content).full).size == (8000, 6000)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_every_orientation_comes_out_upright(
    decoder: DecoderClient, kind: str, orientation: int
) -> None:
    turn = corpus.STORED_AS[orientation]
    upright = corpus.corners()
    stored = upright if turn is None else upright.transpose(turn)
    content = corpus.encoded(stored, kind, exif=corpus.exif(orientation))
    decoded = decoder.thumb(content)
    assert (decoded.width, decoded.height) == (320, 240)
    assert corner_colours(pixels(decoded.thumb)) == "RGBW"
    made = decoder.derivatives(content)
    assert corner_colours(pixels(made.view)) == corner_colours(pixels(made.full)) == "RGBW"


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_ignored(
    decoder: DecoderClient, orientation: int
) -> None:
    content = corpus.encoded(corpus.corners(), "JPEG", exif=corpus.exif(orientation))
    assert corner_colours(pixels(decoder.thumb(content).thumb)) == "RGBW"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_is_turned_once(decoder: DecoderClient, orientation: int) -> None:
    turn = corpus.STORED_AS[orientation]
    stored = corpus.corners() if turn is None else corpus.corners().transpose(turn)
    content = corpus.encoded(stored, "HEIF", exif=corpus.exif(orientation).tobytes())
    decoded = decoder.thumb(content)
    assert decoded.content_type == "image/heic"
    assert (decoded.width, decoded.height) == (320, 240)
    assert corner_colours(pixels(decoded.thumb)) == "RGBW"


def test_an_iphones_heic_with_its_grid_and_profile_is_read(decoder: DecoderClient) -> None:
    decoded = decoder.thumb(corpus.skin_heic(1024, 768, gps=True))
    assert (decoded.width, decoded.height) == (1024, 768)
    assert decoded.taken_at == SHUTTER


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_display_p3_becomes_srgb(decoder: DecoderClient, kind: str) -> None:
    patch = Image.new("RGB", (64, 64), (200, 90, 80))
    content = corpus.encoded(patch, kind, quality=95, icc_profile=corpus.p3_profile())
    for jpeg in (decoder.thumb(content).thumb, decoder.derivatives(content).full):
        assert is_near(pixels(jpeg).getpixel((32, 32)), (216, 81, 74))


def test_srgb_stays_as_it_is(decoder: DecoderClient) -> None:
    patch = Image.new("RGB", (64, 64), (200, 90, 80))
    content = corpus.encoded(patch, "PNG", icc_profile=corpus.srgb_profile())
    assert is_near(pixels(decoder.derivatives(content).full).getpixel((32, 32)), (200, 90, 80), 1)


def test_sixteen_bit_grey_keeps_its_levels(decoder: DecoderClient) -> None:
    deep = Image.new("I;16", (64, 64), 0x8000)
    for kind in ("PNG", "TIFF"):
        thumb = pixels(decoder.thumb(corpus.encoded(deep, kind)).thumb)
        assert is_near(thumb.getpixel((32, 32)), (128, 128, 128), 1)


def test_what_is_transparent_shows_white(decoder: DecoderClient) -> None:
    clear = Image.new("RGBA", (64, 64), (10, 20, 30, 0))
    palette = Image.new("P", (64, 64), 0)
    for content in (
        corpus.encoded(clear, "PNG"),
        corpus.encoded(clear, "WEBP", lossless=True),
        corpus.encoded(clear.convert("LA"), "PNG"),
        corpus.encoded(palette, "PNG", transparency=0),
    ):
        assert is_near(pixels(decoder.thumb(content).thumb).getpixel((32, 32)), (255, 255, 255), 1)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB"])
def test_other_kinds_of_pixels_become_rgb(decoder: DecoderClient, mode: str) -> None:
    image = Image.new("RGB", (64, 64), (255, 255, 255))
    made = Image.new("LAB", (64, 64), (255, 128, 128)) if mode == "LAB" else image.convert(mode)
    decoded = decoder.thumb(corpus.encoded(made, "TIFF"))
    assert is_near(pixels(decoded.thumb).getpixel((32, 32)), (255, 255, 255), 2)


def test_more_than_60_megapixels_are_refused_in_numbers(decoder: DecoderClient) -> None:
    content = corpus.encoded(Image.new("RGB", (9000, 7000), (200, 150, 130)), "JPEG")
    with pytest.raises(ImageRejected, match="The image has 63 megapixels; up to 60 can be read"):
        decoder.thumb(content)


def test_a_file_of_more_than_30_megabytes_is_refused(decoder: DecoderClient) -> None:
    with pytest.raises(ImageRejected, match="larger than 30 MB"):
        decoder.thumb(bytes(31 * 1024 * 1024))
