"""What the bytes are, told by the bytes alone; what is not read here is named in plain words."""

from __future__ import annotations

from clinicpro.gateways import ImageRejected

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
HEIC, AVIF, TIFF = "image/heic", "image/avif", "image/tiff"

EMPTY = "The file is empty. Send it again from where it came."
CUT = "The file is cut off: it ends before the image does. Send it again from where it came."
DAMAGED = (
    "The file is damaged and the image in it cannot be read. "
    "Send it again from where it came, or take a screenshot of it and send that."
)
TOO_COMPLEX = "The image is too complex to be read safely. Take a screenshot of it and send that."
UNKNOWN = (
    "This is not an image that can be read here (JPEG, PNG, WebP, HEIC, AVIF or TIFF). "
    "Take a screenshot of it and send that."
)
_SCREENSHOT = "Take a screenshot of the part you need and send that."
_SAVE_AS = "Save it as JPEG or PNG and send that."
_VIDEO = (
    "This is a video, not an image. Pause it where you need it, take a screenshot and send that."
)
RAW = "This is a camera's raw file. Export it as JPEG and send that."
_ARCHIVE = (
    "This is an archive or an office document, not an image. "
    "Take the image out of it and send that."
)

_NAMED: tuple[tuple[int, bytes, str], ...] = (  # offset, bytes found there, the sentence
    (0, b"GIF8", f"This is a GIF, a format for animations. {_SAVE_AS}"),
    (0, b"%PDF", f"This is a PDF, not an image. {_SCREENSHOT}"),
    (0, b"%!PS", f"This is a PostScript document, not an image. {_SCREENSHOT}"),
    (0, b"\xc5\xd0\xd3\xc6", f"This is a PostScript document, not an image. {_SCREENSHOT}"),
    (128, b"DICM", "This is a DICOM file. Export it as JPEG from the program it came from."),
    (0, b"BM", f"This is a BMP. {_SAVE_AS}"),
    (0, b"\0\0\1\0", f"This is an icon. {_SAVE_AS}"),
    (0, b"\0\0\0\x0cjP  ", f"This is a JPEG 2000. {_SAVE_AS}"),
    (0, b"\xff\x4f\xff\x51", f"This is a JPEG 2000. {_SAVE_AS}"),
    (0, b"\0\0\0\x0cJXL ", f"This is a JPEG XL. {_SAVE_AS}"),
    (0, b"\xff\x0a", f"This is a JPEG XL. {_SAVE_AS}"),
    (0, b"8BPS", f"This is a Photoshop file. {_SAVE_AS}"),
    (0, b"PK\3\4", _ARCHIVE),
    (0, b"\xd0\xcf\x11\xe0", _ARCHIVE),
    (0, b"\x1aE\xdf\xa3", _VIDEO),
    (8, b"AVI ", _VIDEO),
    (0, b"\0\0\1\xba", _VIDEO),
    (0, b"FUJIFILM", RAW),
)


def content_type(content: bytes) -> str:
    """The image's type, one of six, by its content. Raises ImageRejected, naming what it is."""
    if not content:
        raise ImageRejected(EMPTY)
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content[:4] in (b"II*\0", b"MM\0*"):
        return TIFF
    if content[4:8] == b"ftyp":
        return _boxed_type(content)
    raise ImageRejected(_name(content))


def _boxed_type(content: bytes) -> str:
    """HEIC or AVIF by the brands in the `ftyp` box (ISO 14496-12); videos share that box."""
    end = min(int.from_bytes(content[:4]), 256)
    brands = {content[8:12], *(content[at : at + 4] for at in range(16, end, 4))}
    if brands & {b"avif", b"avis"}:
        return AVIF
    if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}:
        return HEIC
    raise ImageRejected(RAW if b"crx " in brands else _VIDEO)


def _name(content: bytes) -> str:
    for offset, magic, sentence in _NAMED:
        if content.startswith(magic, offset):
            return sentence
    start = content[:1024].lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n\0").lower()
    if b"%pdf-" in start:
        return f"This is a PDF, not an image. {_SCREENSHOT}"
    if b"<svg" in start:
        return f"This is an SVG drawing, not an image. {_SCREENSHOT}"
    if b"<html" in start or b"<!doctype" in start:
        return f"This is a web page, not an image. {_SCREENSHOT}"
    if content[-18:].startswith(b"TRUEVISION-XFILE"):
        return f"This is a TGA. {_SAVE_AS}"
    return UNKNOWN
