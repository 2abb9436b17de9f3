"""What every store's links have in common: how long they hold, and which headers they fix."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from urllib.parse import quote

PUT_GOOD_FOR = timedelta(minutes=5)
GET_GOOD_FOR = timedelta(hours=1)
LOOK_GOOD_FOR = timedelta(minutes=5)  # what may not be kept is fetched at once
LONGEST_NAME = 120
FORBIDDEN_IN_NAMES = frozenset('<>:"/\\|?*;%')  # Windows refuses the first nine


def put_headers(content_type: str, sha256: str) -> dict[str, str]:
    """The headers a sender must set; Content-Length it sends by itself."""
    return {"Content-Type": content_type, "If-None-Match": "*", "x-amz-checksum-sha256": sha256}


def half_hour(now: datetime) -> datetime:
    """The half hour that `now` is in: a link signed for it is the same text all through it."""
    return now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)


def get_query(download_name: str | None = None, *, is_kept: bool = True) -> dict[str, str]:
    """How the answer is to be treated: shown and kept for half an hour, or saved as a file, or
    shown and not kept."""
    if download_name is None and is_kept:
        return {"response-cache-control": "private, max-age=1800, immutable"}
    if download_name is None:
        return {"response-cache-control": "private, no-store"}
    return {
        "response-cache-control": "private, no-store",
        "response-content-disposition": attachment(download_name),
    }


def attachment(name: str) -> str:
    """A Content-Disposition that saves as `name`, made safe (RFC 6266, RFC 8187)."""
    safe = "".join(
        letter
        for letter in unicodedata.normalize("NFC", name)
        if letter not in FORBIDDEN_IN_NAMES and unicodedata.category(letter)[0] != "C"
    ).strip(". ")
    if len(safe) > LONGEST_NAME:
        stem, dot, ending = safe.rpartition(".")
        keep = dot + ending if stem and len(ending) <= 5 else ""
        safe = safe[: LONGEST_NAME - len(keep)] + keep
    safe = safe or "image"
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode().strip(". ")
    return f"attachment; filename=\"{plain or 'image'}\"; filename*=UTF-8''{quote(safe, safe='')}"
