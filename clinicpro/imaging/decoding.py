"""From a file's bytes to our own pixels: upright, sRGB, no metadata. Runs inside the fork."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pillow_heif.options
from PIL import AvifImagePlugin, Image, ImageFile, PngImagePlugin
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif.as_plugin import HeifImageFile

from clinicpro.gateways import Area, Covered, Decoded, Derivatives, ImageRejected

from . import colour, formats, structure

MAX_PIXELS = 60_000_000
MAX_SIDE = 65_000  # a JPEG's side has 16 bits
THUMB_EDGE, VIEW_EDGE = 400, 1568
THUMB_QUALITY, VIEW_QUALITY, FULL_QUALITY = 75, 88, 92
WHOLE = 10_000  # an area's units to a side

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
PngImagePlugin.MAX_TEXT_CHUNK = colour.MAX_PROFILE
PngImagePlugin.MAX_TEXT_MEMORY = 4 * colour.MAX_PROFILE
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # two forks share the cores already
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False

# Opened by class: nothing but the format that the content announced can come out of it.
_OPENERS: dict[str, type[ImageFile.ImageFile]] = {
    formats.JPEG: JpegImageFile,
    formats.PNG: PngImagePlugin.PngImageFile,
    formats.WEBP: WebPImageFile,
    formats.HEIC: HeifImageFile,
    formats.AVIF: AvifImagePlugin.AvifImageFile,
    formats.TIFF: TiffImageFile,
}
_TURNS = {  # EXIF orientation → what makes it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION, _EXIF_IFD, _DATE_TIME_ORIGINAL = 0x0112, 0x8769, 0x9003
_DNG_VERSION, _NEW_SUBFILE_TYPE = 0xC612, 0x00FE
_MOMENT = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_SIGNS = (  # words in the codecs' own messages → the sentence
    ("truncated", formats.CUT),
    ("end of file", formats.CUT),
    ("too large", formats.TOO_COMPLEX),
    ("too much memory", formats.TOO_COMPLEX),
    ("memory allocation", formats.TOO_COMPLEX),
)


def thumb(content: bytes) -> Decoded:
    """Read all of `content`, a JPEG at reduced scale; the thumbnail's long edge is at most 400 px.

    Raises ImageRejected.
    """
    with _in_words():
        opened, kind = _open(content)
        size = opened.size
        if isinstance(opened, JpegImageFile):
            opened.draft(None, _fit(size, THUMB_EDGE))
            opened.decodermaxblock = len(content)  # in one go
            opened.load()
        else:
            opened.load()
            size = opened.size
        orientation, taken_at = _exif(opened)
        small = _shrunk(colour.eight_bit(opened), THUMB_EDGE, Image.Resampling.HAMMING)
        pixels = _clean(_upright(small, orientation), opened.info.get("icc_profile"))
        width, height = size if orientation < 5 else (size[1], size[0])
        return Decoded(kind, width, height, taken_at, _jpeg(pixels, THUMB_QUALITY))


def derivatives(content: bytes) -> Derivatives:
    """Decode every pixel into `view` (long edge at most 1568 px) and `full`.

    Raises ImageRejected.
    """
    with _in_words():
        opened, _ = _open(content)
        opened.load()
        orientation, _ = _exif(opened)
        profile = opened.info.get("icc_profile")
        pixels = colour.eight_bit(opened)
        del opened  # step by step, so that the codec's buffers go before the next copy comes
        pixels = _upright(pixels, orientation)
        pixels = _clean(pixels, profile)
        full = _jpeg(pixels, FULL_QUALITY)
        view = _shrunk(pixels, VIEW_EDGE, Image.Resampling.LANCZOS)
        return Derivatives(_jpeg(view, VIEW_QUALITY), view.width, view.height, full)


def cover(content: bytes, areas: Sequence[Area]) -> Covered:
    """Paint `areas` black, outwards to whole pixels: what was there is in no byte of the answer.

    Raises ImageRejected.
    """
    with _in_words():
        opened, _ = _open(content)
        opened.load()
        pixels = _clean(colour.eight_bit(opened), opened.info.get("icc_profile"))
        for area in areas:
            pixels.paste(0, _box(area, pixels.size))
        return Covered(_jpeg(pixels, VIEW_QUALITY), pixels.width, pixels.height)


def _box(area: Area, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels that the area touches, left, top, right, bottom; as far as there are any."""
    width, height = size
    left, top = area.x * width // WHOLE, area.y * height // WHOLE
    right = -(-(area.x + area.width) * width // WHOLE)
    bottom = -(-(area.y + area.height) * height // WHOLE)
    return max(0, left), max(0, top), min(width, right), min(height, bottom)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ImageRejected:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise ImageRejected(formats.TOO_COMPLEX) from error
    except Exception as error:
        words = str(error).lower()
        for sign, sentence in _SIGNS:
            if sign in words:
                raise ImageRejected(sentence) from error
        raise ImageRejected(formats.DAMAGED) from error


def _open(content: bytes) -> tuple[ImageFile.ImageFile, str]:
    kind = formats.content_type(content)
    structure.check(content, kind)
    opened = _OPENERS[kind](io.BytesIO(content))
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise ImageRejected(
            f"The image has {round(width * height / 1e6)} megapixels; up to 60 can be read. "
            "Take it again at a lower resolution, or send a smaller copy."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageRejected(
            f"The image is {max(width, height)} pixels long; up to {MAX_SIDE} can be read. "
            "Cut it into parts and send those."
        )
    if isinstance(opened, TiffImageFile) and _is_raw(opened):
        raise ImageRejected(formats.RAW)
    return opened, kind


def _is_raw(opened: TiffImageFile) -> bool:
    """A raw file is a TIFF whose first image is only a small preview."""
    subfile = opened.tag_v2.get(_NEW_SUBFILE_TYPE, 0)
    return _DNG_VERSION in opened.tag_v2 or (isinstance(subfile, int) and subfile & 1 == 1)


def _exif(opened: ImageFile.ImageFile) -> tuple[int, datetime | None]:
    """Orientation 1-8 (1 for anything else) and the camera's clock; broken EXIF counts as none."""
    try:
        exif = opened.getexif()
        orientation = exif.get(_ORIENTATION)
        moment = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL)
    except Exception:  # noqa: BLE001  broken metadata is no reason to lose the image
        return 1, None
    return orientation if orientation in _TURNS else 1, _moment(moment)


def _moment(text: object) -> datetime | None:
    found = _MOMENT.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  as the clock said
    except ValueError:
        return None


def _fit(size: tuple[int, int], edge: int) -> tuple[int, int]:
    longest = max(size)
    if longest <= edge:
        return size
    return max(1, round(size[0] * edge / longest)), max(1, round(size[1] * edge / longest))


def _shrunk(pixels: Image.Image, edge: int, by: Image.Resampling) -> Image.Image:
    size = _fit(pixels.size, edge)
    if size == pixels.size:
        return pixels
    return pixels.resize(size, by, reducing_gap=3.0)


def _upright(pixels: Image.Image, orientation: int) -> Image.Image:
    return pixels.transpose(_TURNS[orientation]) if orientation in _TURNS else pixels


def _clean(pixels: Image.Image, profile: bytes | None) -> Image.Image:
    """The bare pixels in a new image: whatever else the file carried stays behind."""
    changed = colour.to_srgb(pixels, profile)
    fresh = Image.new("RGB", changed.size)
    fresh.paste(changed)
    return fresh


def _jpeg(pixels: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    pixels.save(out, format="JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()
