"""Words from outside, made safe to keep: what can be seen stays, what cannot goes."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not call invisible and that show nothing: joiners and fillers, and
# the variation selectors, which can carry a hidden text behind any letter.
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def visible(text: str) -> str:
    """`text` without control, zero-width, bidi, tag and private characters; line feeds stay."""
    if text.isascii() and text.isprintable():
        return text
    return _FILLERS.sub("", "".join(map(_shown, text)))


def typed(text: str) -> str:
    """What a form sent, made so: line ends as line feeds, no space around."""
    return visible(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _shown(letter: str) -> str:
    if letter == "\n" or letter.isprintable():
        return letter
    category = unicodedata.category(letter)
    if category in ("Zl", "Zp"):  # line and paragraph separators
        return "\n"
    return " " if category == "Zs" or letter == "\t" else ""
