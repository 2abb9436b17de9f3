"""The code that a phone scans, as a drawing, and the address that it leads to."""

from __future__ import annotations

from dataclasses import dataclass

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from clinicpro.web import app_settings, own_origin

QUIET = 4  # modules of white around the code, as the standard asks (ISO/IEC 18004)


def phone_origin() -> str:
    """Where a phone finds this practice; the origin of this request where there is no network."""
    settings = app_settings()
    return settings.phone_origin if settings.is_on_network else own_origin()


@dataclass(frozen=True)
class Code:
    """A square of `side` modules; `path` draws the dark ones, a unit each."""

    side: int
    path: str


def code_of(text: str) -> Code:
    drawn: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    drawn.add_data(text)
    rows = drawn.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on)
    return Code(len(rows), "".join(dark))
