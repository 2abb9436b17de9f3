"""Signature Version 4 in the query string: what turns one request into a link that may be used.

The rules are AWS's "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
Ours instead of the vendor's since a gallery page signs sixty links, and at a time that we choose.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass
class Signer:
    """Signs for one endpoint and one identity; the day's key is kept."""

    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    _key_of_day: tuple[str, bytes] = field(default=("", b""), init=False, repr=False)

    def __post_init__(self) -> None:
        self.host = _host(self.endpoint)

    def sign(
        self,
        method: str,
        path: str,
        *,
        at: datetime,
        good_for: timedelta,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        """Path and query that permit `method` on `path` from `at` for `good_for`.

        The request must carry exactly `headers` (names in lower case) beside the host.
        """
        moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        signed = {"host": self.host, **(headers or {})}
        names = ";".join(sorted(signed))
        params = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.access_key_id}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(int(good_for.total_seconds())),
            "X-Amz-SignedHeaders": names,
            **(query or {}),
        }
        where = quote(path, safe="/~")
        asked = _query(tuple(params.items()))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        request = f"{method}\n{where}\n{asked}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
        signature = hmac.digest(self._key(moment[:8]), text.encode(), "sha256").hex()
        return f"{where}?{asked}&X-Amz-Signature={signature}"

    def _key(self, day: str) -> bytes:
        kept_day, key = self._key_of_day  # one tuple: threads may share a signer
        if kept_day != day:
            key = f"AWS4{self.secret_access_key}".encode()
            for part in (day, self.region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key_of_day = (day, key)
        return key


@lru_cache(maxsize=256)
def _query(params: tuple[tuple[str, str], ...]) -> str:
    """Sorted and escaped; kept, since it is the same for every image of a page."""
    return "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in sorted(params))


def _host(endpoint: str) -> str:
    """The Host header a client sends for `endpoint`: a port only where it is not the usual one."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    usual = parts.port in (None, DEFAULT_PORTS.get(parts.scheme))
    return name if usual else f"{name}:{parts.port}"
