"""Words that must reach no log, and the search that would find them there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

# Each is unlike anything that the program itself would say.
CANARIES = {
    "patient": "Kanaripatient Whetū",
    "NHI": "ZVB97XQ",
    "birthday": "1931-07-29",
    "person": "Kanariperson",
    "practice": "Kanaripractice",
    "email": "kanari-mail@kowhai.example",
    "password": "kanari gravel teapot",
    "wrong": "kanari wrong teapot",
    "file": "kanari-file.jpg",
    "note": "kanarinote fell on gravel",
    "question": "kanariquestion is it red",
    "context": "kanaricontext fell on gravel",
    "findings": "kanarifindings a superficial abrasion",
    "reason": "kanarireason",
    "remark": "kanariremark",
    "label": "kanarilabel",
    "basis": "kanaribasis assessed",
    "search": "kanarisearch",
    "row": "kanarirow",
    "key": "sk-kanari-0123456789",
}
SIGNED = {"signature": "X-Amz-Signature", "credential": "X-Amz-Credential"}


def ways(word: str) -> set[str]:
    """`word` as it stands in text, in an address, in JSON; in small letters."""
    written = {word, quote(word), quote_plus(word), json.dumps(word).strip('"')}
    return {one.lower() for one in written}


def hits(words: Mapping[str, str], texts: Mapping[str, bytes]) -> list[str]:
    """Which of `words` stands in which of `texts`: "word in text"."""
    small = {where: content.decode(errors="replace").lower() for where, content in texts.items()}
    return [
        f"{name} in {where}"
        for where, text in small.items()
        for name, word in words.items()
        if any(way in text for way in ways(word))
    ]


def logs_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
