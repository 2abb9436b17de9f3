"""Images the tests need, made here: skin with a camera's noise, in every format that is read."""

from __future__ import annotations

import functools
import io
import random

import pillow_heif
from PIL import Image, ImageCms, ImageDraw, ImageFilter

pillow_heif.register_heif_opener()

SERIAL = "SN-4711-CANARY"
ARTIST = "CANARY-ARTIST"
GPS_LATITUDE = (41.0, 17.0, 20.5)
TAKEN_AT = "2026:01:31 09:08:07"
ORIENTATION, ARTIST_TAG, EXIF_IFD, GPS_IFD = 0x0112, 0x013B, 0x8769, 0x8825

# What has to be done to an upright image so that a reader obeying the tag sees it upright again.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@functools.lru_cache(maxsize=16)
def skin(width: int = 800, height: int = 600, seed: int = 0) -> Image.Image:
    """Skin with an irregular lesion, mottling and noise; the same for the same seed."""
    rng = random.Random(seed)
    tone = [rng.randint(*span) for span in ((170, 225), (125, 175), (100, 150))]
    small = Image.new("RGB", (max(8, width // 8), max(8, height // 8)), tuple(tone))
    draw = ImageDraw.Draw(small)
    x, y = rng.uniform(0.3, 0.7) * small.width, rng.uniform(0.3, 0.7) * small.height
    for _ in range(12):
        reach = small.height * rng.uniform(0.04, 0.12)
        dx, dy = rng.gauss(0, reach / 2), rng.gauss(0, reach / 2)
        shade = rng.uniform(0.3, 0.65)
        colour = tuple(int(level * shade) for level in tone)
        draw.ellipse((x + dx - reach, y + dy - reach, x + dx + reach, y + dy + reach), colour)
    smooth = small.filter(ImageFilter.GaussianBlur(2)).resize((width, height), 3)
    return Image.blend(smooth, _noise(width, height, rng), 0.16)


def _noise(width: int, height: int, rng: random.Random) -> Image.Image:
    tile = Image.frombytes("RGB", (256, 256), rng.randbytes(3 * 256 * 256))
    tile = tile.filter(ImageFilter.GaussianBlur(0.7))
    sheet = Image.new("RGB", (width, height))
    for left in range(-rng.randrange(256), width, 256):
        for top in range(-rng.randrange(256), height, 256):
            sheet.paste(tile, (left, top))
    return sheet


def corners(width: int = 320, height: int = 240) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right, on grey."""
    image = Image.new("RGB", (width, height), (128, 128, 128))
    x, y = width // 4, height // 4
    image.paste((255, 0, 0), (0, 0, x, y))
    image.paste((0, 255, 0), (width - x, 0, width, y))
    image.paste((0, 0, 255), (0, height - y, x, height))
    image.paste((255, 255, 255), (width - x, height - y, width, height))
    return image


def exif(orientation: int | None = None, *, gps: bool = False) -> Image.Exif:
    """As a phone writes it: make, artist, serial number, clock, and where it was."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[ARTIST_TAG] = "Phone & Co", "Phone 1", ARTIST
    if orientation is not None:
        tags[ORIENTATION] = orientation
    inner = tags.get_ifd(EXIF_IFD)
    inner[0x9003], inner[0xA431] = TAKEN_AT, SERIAL
    if gps:
        place = tags.get_ifd(GPS_IFD)
        place[1], place[2], place[3], place[4] = "S", GPS_LATITUDE, "E", (174.0, 46.0, 30.25)
    return tags


def p3_profile() -> bytes:
    """Display P3: its primaries and white adapted to D50, sRGB's curve."""
    curve = b"para\0\0\0\0\0\3\0\0" + b"".join(
        _fixed(value) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    )
    columns = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
        b"wtpt": (0.96420, 1.0, 0.82491),
    }
    text = "Display P3".encode("utf-16-be")
    name = b"mluc\0\0\0\0" + b"\0\0\0\1\0\0\0\x0cenUS" + len(text).to_bytes(4) + b"\0\0\0\x1c"
    parts = {tag: b"XYZ \0\0\0\0" + b"".join(map(_fixed, xyz)) for tag, xyz in columns.items()}
    parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    parts |= {b"desc": name + text, b"cprt": name + text}
    return _icc(parts)


def _fixed(value: float) -> bytes:
    return round(value * 65536).to_bytes(4, signed=True)


def _icc(parts: dict[bytes, bytes]) -> bytes:
    table, body, at = len(parts).to_bytes(4), b"", 128 + 4 + 12 * len(parts)
    for tag, content in parts.items():
        padded = content + b"\0" * (-len(content) % 4)
        table += tag + (at + len(body)).to_bytes(4) + len(content).to_bytes(4)
        body += padded
    head = b"\0" * 8 + b"\4\x20\0\0" + b"mntrRGB XYZ " + b"\x07\xea\0\1\0\1\0\0\0\0\0\0" + b"acsp"
    head += b"\0" * 28 + b"\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d"
    head = head.ljust(128, b"\0")
    whole = head + table + body
    return len(whole).to_bytes(4) + whole[4:]


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """`image` in the format `kind`, with Pillow's save options."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@functools.lru_cache(maxsize=16)
def skin_jpeg(
    width: int = 800,
    height: int = 600,
    orientation: int | None = None,
    *,
    gps: bool = False,
    seed: int = 0,
    quality: int = 92,
    progressive: bool = False,
) -> bytes:
    """A camera's JPEG of `width` × `height` upright; 4000 × 3000 come to about 3 MB."""
    turn = STORED_AS.get(orientation or 1)
    image = skin(width, height, seed)
    stored = image if turn is None else image.transpose(turn)
    tags = exif(orientation, gps=gps)
    return encoded(stored, "JPEG", quality=quality, exif=tags, progressive=progressive)


def skin_heic(width: int = 640, height: int = 480, *, gps: bool = False, seed: int = 0) -> bytes:
    """As an iPhone writes it: a grid of tiles, Display P3, EXIF."""
    tags = exif(gps=gps).tobytes()
    profile = p3_profile()
    image = skin(width, height, seed)
    return encoded(image, "HEIF", quality=50, exif=tags, icc_profile=profile, tile_size=256)


def skin_in(kind: str, width: int = 640, height: int = 480, *, seed: int = 0) -> bytes:
    """PNG, WEBP, AVIF or TIFF, each with EXIF that holds a place and a serial number."""
    return encoded(skin(width, height, seed), kind, exif=exif(gps=True))


def text_image(text: str) -> bytes:
    """Black words on white, as somebody might hold them before the camera."""
    image = Image.new("RGB", (640, 240), (255, 255, 255))
    ImageDraw.Draw(image).multiline_text((16, 16), text, fill=(0, 0, 0), font_size=20)
    return encoded(image, "JPEG", quality=92)
