"""What every store's links are: how long they hold, what they fix, how the answer is treated."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from clinicpro.gateways.signing import Signer

PUT_GOOD_FOR = timedelta(minutes=5)
GET_GOOD_FOR = timedelta(hours=1)
LOOK_GOOD_FOR = timedelta(minutes=5)  # what may not be kept is fetched at once
SHOWN = {"response-cache-control": "private, max-age=1800, immutable"}
KEPT_NOWHERE = {"response-cache-control": "private, no-store"}
LONGEST_NAME = 120
FORBIDDEN_IN_NAMES = frozenset('<>:"/\\|?*;%')  # Windows refuses the first nine


@dataclass(frozen=True)
class Links:
    """Signs paths with their queries below `/bucket`."""

    signer: Signer
    bucket: str

    def put(self, key: str, headers: Mapping[str, str], size: int, at: datetime) -> str:
        """To PUT `size` bytes with exactly `headers`."""
        signed = signed_headers(headers, size)
        return self.signer.sign(
            "PUT", f"/{self.bucket}/{key}", at=at, good_for=PUT_GOOD_FOR, headers=signed
        )

    def get(self, key: str, at: datetime, download_name: str | None = None) -> str:
        """To show and keep for half an hour, or to save as a file."""
        query = SHOWN if download_name is None else _saved_as(download_name)
        return self._get(key, at, GET_GOOD_FOR, query)

    def look(self, key: str, at: datetime) -> str:
        """To show and keep nowhere."""
        return self._get(key, at, LOOK_GOOD_FOR, KEPT_NOWHERE)

    def _get(self, key: str, at: datetime, good_for: timedelta, query: Mapping[str, str]) -> str:
        return self.signer.sign(
            "GET", f"/{self.bucket}/{key}", at=at, good_for=good_for, query=query
        )


def put_headers(content_type: str, sha256: str) -> dict[str, str]:
    """The headers a sender must set; Content-Length it sends by itself."""
    return {"Content-Type": content_type, "If-None-Match": "*", "x-amz-checksum-sha256": sha256}


def signed_headers(headers: Mapping[str, str], size: int) -> dict[str, str]:
    """All headers that a PUT's signature fixes beside the host, by lower-case name."""
    return {**{name.lower(): value for name, value in headers.items()}, "content-length": str(size)}


def half_hour(now: datetime) -> datetime:
    """The half hour that `now` is in: a link signed for it is the same text all through it."""
    return now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)


def _saved_as(name: str) -> dict[str, str]:
    return {**KEPT_NOWHERE, "response-content-disposition": attachment(name)}


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
