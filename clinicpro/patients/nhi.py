"""NHI numbers: both forms of HISO 10046, with their check characters."""

from __future__ import annotations

import re

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O; values 1 to 24
OLD = re.compile(r"[A-HJ-NP-Z]{3}\d{4}")
NEW = re.compile(r"[A-HJ-NP-Z]{3}\d{2}[A-HJ-NP-Z]{2}")  # live since 1 October 2025


def clean(text: str) -> str:
    """`text` as an NHI is written: upper case, no blanks."""
    return re.sub(r"\s+", "", text).upper()


def problem(nhi: str) -> str | None:
    """Why `nhi` cannot be an NHI, in a sentence that helps to correct it; None when it can.

    The rule is HISO 10046: weights 7 to 2 on the first six characters; modulo 11 for the old
    form, modulo 23 for the new one.
    """
    if not nhi.isascii() or not (OLD.fullmatch(nhi) or NEW.fullmatch(nhi)):
        return "An NHI is three letters, then four digits or two digits and two letters (no I, O)."
    if nhi[-1] != check_character(nhi[:6], is_old=bool(OLD.fullmatch(nhi))):
        return "The last character doesn’t fit the others. Look at the NHI again."
    return None


def check_character(first_six: str, *, is_old: bool) -> str | None:
    """The seventh character that belongs to `first_six`; None where no number is given out."""
    total = sum(
        weight * (int(one) if one.isdigit() else LETTERS.index(one) + 1)
        for weight, one in zip(range(7, 1, -1), first_six, strict=True)
    )
    if not is_old:
        return LETTERS[23 - total % 23 - 1]  # remainder 0 gives letter number 23: Y
    remainder = total % 11
    return None if remainder == 0 else str((11 - remainder) % 10)
