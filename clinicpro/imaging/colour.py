"""Any pixels a file may hold, as eight bits of sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageCms

from clinicpro.gateways import ImageRejected

MAX_PROFILE = 1 << 20  # bytes of an embedded ICC profile

PROFILE_TOO_LARGE = (
    "The image carries a colour profile of more than 1 MB, which no camera writes. "
    "Take a screenshot of it and send that."
)
MEASUREMENTS = (
    "The file holds measurements rather than a picture. "
    "Export it as JPEG from the program it came from and send that."
)
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
_SRGB = ImageCms.createProfile("sRGB")
_LAB = ImageCms.createProfile("LAB")
_PROBE = bytes(level for r in (0, 90, 200) for g in (0, 90, 200) for b in (0, 90, 200)
               for level in (r, g, b))  # fmt: skip


def eight_bit(pixels: Image.Image) -> Image.Image:
    """The same as L, RGB, CMYK or LAB: deep grey scaled, palettes resolved, alpha laid on white."""
    if pixels.has_transparency_data:
        rgba = pixels if pixels.mode == "RGBA" else pixels.convert("RGBA")
        white = Image.new("RGB", rgba.size, (255, 255, 255))
        white.paste(rgba, mask=rgba)
        return white
    if pixels.mode in ("L", "RGB", "CMYK", "LAB"):
        return pixels
    if pixels.mode.startswith("I"):
        return _grey(pixels)
    if pixels.mode == "F":
        raise ImageRejected(MEASUREMENTS)
    return pixels.convert("L" if pixels.mode == "1" else "RGB")


def _grey(pixels: Image.Image) -> Image.Image:
    deep = pixels.convert("I")
    low, high = deep.getextrema()
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        raise ImageRejected(MEASUREMENTS)
    if low < 0 or high > 65535:
        raise ImageRejected(MEASUREMENTS)
    return deep.point(lambda level: level * (1 / 256)).convert("L")


def to_srgb(pixels: Image.Image, profile: bytes | None) -> Image.Image:
    """`pixels` in sRGB, mode RGB; a profile that is broken or of another kind counts as sRGB."""
    if profile is not None and len(profile) > MAX_PROFILE:
        raise ImageRejected(PROFILE_TOO_LARGE)
    transform = _transform(pixels.mode, profile)
    if transform is None:
        return pixels if pixels.mode == "RGB" else pixels.convert("RGB")
    if pixels.mode == "RGB":
        ImageCms.applyTransform(pixels, transform, inPlace=True)
        return pixels
    changed = ImageCms.applyTransform(pixels, transform)
    return pixels.convert("RGB") if changed is None else changed


def _transform(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else _LAB)
        if _SPACES.get(source.profile.xcolor_space.strip()) != mode:
            return None
        transform = ImageCms.buildTransform(
            source,
            _SRGB,
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if mode == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether it is sRGB to sRGB, whatever the profile is called: 27 colours stay as they are."""
    probe = Image.frombytes("RGB", (27, 1), _PROBE)
    changed = ImageCms.applyTransform(probe, transform)
    if changed is None:
        return True
    difference = ImageChops.difference(probe, changed).tobytes()
    return max(difference) <= 1
