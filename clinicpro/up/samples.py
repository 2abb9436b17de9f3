"""The demonstration's pictures, drawn anew: skin, and on it what a practice photographs."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1600, 1200
QUALITY = 88
Colour = tuple[int, int, int]
LIGHT, OLIVE, BROWN = (226, 178, 154), (205, 156, 124), (158, 108, 80)


@dataclass(frozen=True)
class Sample:
    """One picture: for which patient of the demonstration, and what its sender says of it."""

    filename: str
    patient: int
    body_site: str
    laterality: str
    view: str
    label: str
    draw: Callable[[], Image.Image]

    def jpeg(self) -> bytes:
        """As a camera would hand it over, without any metadata."""
        file = io.BytesIO()
        self.draw().save(file, "JPEG", quality=QUALITY)
        return file.getvalue()


def samples() -> tuple[Sample, ...]:
    return (
        Sample("IMG_2041.jpg", 1, "lower-leg", "left", "regional", "Ulcer, week 2", _ulcer),
        Sample("IMG_2043.jpg", 1, "hand", "right", "close-up", "Burn, stove", _burn),
        Sample("IMG_2050.jpg", 0, "back", "midline", "establishing", "Several moles", _moles),
        Sample("IMG_2051.jpg", 0, "back", "left", "close-up", "Changing mole", _changing_mole),
        Sample("IMG_2052.jpg", 0, "forearm", "right", "regional", "Itchy ring", _ring),
        Sample("IMG_2053.jpg", 0, "knee", "left", "close-up", "Graze, gravel", _graze),
    )


STILL = (800, 600)


def write_stills(folder: Path) -> None:
    """The samples that prompts are tried on are in `folder`, small and without metadata."""
    stills = {
        "mole-earlier": _mole_before,
        "mole": _changing_mole,
        "ring": _ring,
        "graze": _graze,
        "ulcer": _ulcer,
        "burn": _burn,
    }
    for name, draw in stills.items():
        still = draw().resize(STILL, Image.Resampling.LANCZOS)
        still.save(folder / f"{name}.jpg", "JPEG", quality=80, optimize=True)


def _moles() -> Image.Image:
    rng = random.Random(11)  # noqa: S311  (pictures, no secrets)
    image = _skin(rng, OLIVE)
    for _ in range(9):
        at = rng.uniform(0.12, 0.88), rng.uniform(0.12, 0.88)
        mask = _blob(rng, at, rng.uniform(0.008, 0.022), ragged=0.15)
        image = _stain(image, mask, (120, 84, 70), 0.8)
    return _light(image)


def _changing_mole() -> Image.Image:
    rng = random.Random(23)  # noqa: S311
    image = _skin(rng, OLIVE)
    image = _stain(image, _blob(rng, (0.5, 0.5), 0.19, ragged=0.5), (168, 112, 88), 0.85)
    image = _stain(image, _blob(rng, (0.55, 0.46), 0.11, ragged=0.6), (110, 80, 76), 0.85)
    image = _stain(image, _blob(rng, (0.45, 0.57), 0.05, ragged=0.6), (80, 74, 84), 0.7)
    return _light(_hairs(image, rng, 14))


def _mole_before() -> Image.Image:
    """The changing mole a year earlier: smaller, rounder, of one brown."""
    rng = random.Random(23)  # noqa: S311
    image = _skin(rng, OLIVE)
    image = _stain(image, _blob(rng, (0.5, 0.5), 0.13, ragged=0.2), (168, 112, 88), 0.85)
    return _light(_hairs(image, rng, 14))


def _ring() -> Image.Image:
    rng = random.Random(37)  # noqa: S311
    image = _skin(rng, LIGHT)
    outer = _blob(rng, (0.48, 0.5), 0.29, ragged=0.3)
    inner = _blob(rng, (0.48, 0.5), 0.21, ragged=0.3).filter(ImageFilter.GaussianBlur(30))
    image = _stain(image, outer, (248, 206, 196), 0.8)
    image = _stain(image, ImageChops.subtract(outer, inner), (222, 130, 118), 0.75)
    return _light(_hairs(image, rng, 40))


def _graze() -> Image.Image:
    rng = random.Random(41)  # noqa: S311
    image = _skin(rng, LIGHT)
    whole = _blob(rng, (0.5, 0.5), 0.3, ragged=0.7)
    image = _stain(image, whole.filter(ImageFilter.GaussianBlur(40)), (240, 150, 138), 0.9)
    streaks = _field(rng, 90, 8)
    raw = ImageChops.multiply(whole, _steepen(streaks, 2.2))
    image = _stain(image, raw, (196, 82, 72), 0.9)
    grit = Image.new("L", image.size, 0)
    for _ in range(40):
        x, y = rng.gauss(0.5, 0.08) * WIDTH, rng.gauss(0.5, 0.1) * HEIGHT
        wide, high = rng.uniform(2, 9), rng.uniform(2, 7)
        ImageDraw.Draw(grit).ellipse((x - wide, y - high, x + wide, y + high), 255)
    return _light(_stain(image, grit.filter(ImageFilter.GaussianBlur(2)), (70, 62, 60), 0.9))


def _ulcer() -> Image.Image:
    rng = random.Random(53)  # noqa: S311
    image = _skin(rng, BROWN)
    edge = _blob(rng, (0.52, 0.5), 0.27, ragged=0.45)
    bed = _blob(rng, (0.52, 0.5), 0.2, ragged=0.45)
    image = _stain(image, edge.filter(ImageFilter.GaussianBlur(35)), (200, 148, 146), 0.85)
    image = _paint(image, bed, (158, 52, 48), 0.85)
    slough = ImageChops.multiply(bed, _steepen(_field(rng, 26, 22), 2.2))
    image = _paint(image, slough.filter(ImageFilter.GaussianBlur(4)), (204, 178, 112), 0.75)
    return _light(image)


def _burn() -> Image.Image:
    rng = random.Random(67)  # noqa: S311
    image = _skin(rng, BROWN)
    red = _blob(rng, (0.5, 0.52), 0.3, ragged=0.4).filter(ImageFilter.GaussianBlur(18))
    image = _stain(image, red, (255, 168, 158), 0.85)
    blister = _blob(rng, (0.53, 0.5), 0.13, ragged=0.15)
    image = _paint(image, blister, (222, 176, 146), 0.6)
    inside = blister.filter(ImageFilter.GaussianBlur(22))
    image = _stain(image, ImageChops.subtract(blister, inside), (190, 140, 120), 0.8)
    glint = _blob(rng, (0.49, 0.44), 0.025, ragged=0.3).filter(ImageFilter.GaussianBlur(9))
    return _light(_paint(image, glint, (255, 248, 240), 0.8))


def _skin(rng: random.Random, tone: Colour) -> Image.Image:
    """Skin of this tone: mottled, with fine lines crossing each other."""
    image = Image.new("RGB", (WIDTH, HEIGHT), tone)
    image = _stain(image, _steepen(_field(rng, 5, 4), 1.2), (255, 226, 220), 0.5)
    image = _stain(image, _steepen(_field(rng, 40, 30), 1.5), (246, 226, 216), 0.4)
    for across, down in ((420, 150), (150, 420)):
        lines = _steepen(_field(rng, across, down), 1.6)
        image = _stain(image, lines, (214, 204, 200), 0.5)
    grain = Image.merge("RGB", [_field(rng, WIDTH // 2, HEIGHT // 2)] * 3)
    return Image.blend(image, ImageChops.soft_light(image, grain), 0.18)


def _field(rng: random.Random, across: int, down: int) -> Image.Image:
    """Smooth noise over the whole picture, in cells of this number."""
    cells = Image.frombytes("L", (across, down), rng.randbytes(across * down))
    return cells.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def _steepen(field: Image.Image, factor: float) -> Image.Image:
    return field.point([max(0, min(255, int(128 + (i - 128) * factor))) for i in range(256)])


def _blob(
    rng: random.Random, at: tuple[float, float], radius: float, *, ragged: float
) -> Image.Image:
    """A mask: a rounded patch around `at` (parts of the picture), its edge soft and uneven."""
    reach, waves = radius * WIDTH, [(n, rng.uniform(0, 6.3), rng.gauss(0, 1)) for n in range(2, 9)]
    points = []
    for step in range(120):
        angle = step * math.tau / 120
        swing = sum(math.sin(n * angle + shift) * size / n for n, shift, size in waves)
        length = reach * (1 + ragged * 0.25 * swing)
        points.append(
            (at[0] * WIDTH + length * math.cos(angle), at[1] * HEIGHT + length * math.sin(angle))
        )
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    ImageDraw.Draw(mask).polygon(points, 255)
    soft = mask.filter(ImageFilter.GaussianBlur(max(1.5, reach * 0.12)))
    uneven = Image.blend(soft, _field(rng, 160, 120), 0.3 * ragged)
    return ImageChops.multiply(
        _steepen(uneven, 2.2), mask.filter(ImageFilter.GaussianBlur(max(1.0, reach * 0.06)))
    )


def _stain(image: Image.Image, mask: Image.Image, colour: Colour, strength: float) -> Image.Image:
    """Darken with `colour` where `mask` is, so that the skin's own texture stays."""
    stained = ImageChops.multiply(image, Image.new("RGB", image.size, colour))
    return Image.composite(stained, image, _faded(mask, strength))


def _paint(image: Image.Image, mask: Image.Image, colour: Colour, strength: float) -> Image.Image:
    """Cover with `colour` where `mask` is."""
    return Image.composite(Image.new("RGB", image.size, colour), image, _faded(mask, strength))


def _faded(mask: Image.Image, strength: float) -> Image.Image:
    return mask.point([int(i * strength) for i in range(256)])


def _hairs(image: Image.Image, rng: random.Random, count: int) -> Image.Image:
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y, angle = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.gauss(0.5, 0.35)
        points = [(x, y)]
        for _ in range(24):
            angle += rng.gauss(0.015, 0.03)
            x, y = x + 8 * math.cos(angle), y + 8 * math.sin(angle)
            points.append((x, y))
        draw.line(points, 200, 3)
    return _stain(image, mask.filter(ImageFilter.GaussianBlur(1.2)), (92, 74, 66), 0.7)


def _light(image: Image.Image) -> Image.Image:
    """Light from above the middle, falling off to the corners."""
    fall = Image.radial_gradient("L").resize((WIDTH + 800, HEIGHT + 700))
    fall = fall.crop((400, 440, 400 + WIDTH, 440 + HEIGHT))
    return _stain(image, fall, (120, 108, 108), 0.8)
