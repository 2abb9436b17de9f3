"""What to call a phone: short words out of its User-Agent, or what it says itself, cleaned."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40
# The first that is in it counts: an iPad says Macintosh, Edge says Chrome, Chrome says Safari.
_KINDS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")
_NAMES = {"Macintosh": "Mac", "CrOS": "Chromebook"}
_BROWSERS = {
    "EdgA": "Edge",
    "EdgiOS": "Edge",
    "Edg": "Edge",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "OPR": "Opera",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


def device_words(user_agent: str, said: str = "") -> str:
    """`iPhone, Safari`; for a stranger what the phone said, as letters, digits and a few signs."""
    kind = next((one for one in _KINDS if one in user_agent), None)
    browser = next((_BROWSERS[one] for one in _BROWSERS if f"{one}/" in user_agent), None)
    if kind is None:
        return clean_device(said) or browser or "Phone"
    words = _NAMES.get(kind, kind)
    return f"{words}, {browser}" if browser else words


def clean_device(text: str) -> str:
    plain = unicodedata.normalize("NFC", text)
    kept = "".join(one for one in plain if one.isalnum() or one in " ,.-()’'")
    return re.sub(r"\s+", " ", kept).strip()[:LONGEST].strip()
