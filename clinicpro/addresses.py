"""Addresses among the settings: names, origins, and the certificates that belong to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

EMAIL = re.compile(r"[^\s{}\"'`@]+@[a-zA-Z0-9.-]+")
LOOPBACK_NAME = "localhost"
USUAL_PORTS = {"http": 80, "https": 443}
NAME_OR_ADDRESS = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]*:[0-9a-f:]*")


class SettingsError(Exception):
    """A setting that cannot work; the message is one sentence for the person who set it."""


def in_url(host: str) -> str:
    """The host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def url(name: str, value: str) -> str:
    """`value` without a slash at its end. Raises SettingsError when it is no http(s) address."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{name}: '{value}' is not an http or https address.")
    return value.rstrip("/")


def origin(name: str, value: str | None) -> str | None:
    """Scheme, host and port alone, as a browser writes them: small letters, no usual port."""
    if value is None:
        return None
    value = url(name, value)
    try:
        parts, port = urlsplit(value), urlsplit(value).port
    except ValueError as error:
        raise SettingsError(f"{name}: '{value}' has a port that is no port.") from error
    host = parts.hostname or ""
    if parts.path or parts.query or parts.fragment or parts.username:
        raise SettingsError(f"{name}: '{value}' must be scheme, host and port alone.")
    if not NAME_OR_ADDRESS.fullmatch(host):
        raise SettingsError(f"{name}: '{host}' is neither a name nor an address.")
    is_usual = port in (None, USUAL_PORTS[parts.scheme])
    return f"{parts.scheme}://{in_url(host)}" + ("" if is_usual else f":{port}")


def hosts(name: str, value: str) -> tuple[str, ...]:
    """The names and addresses in `value`, each once, parted by spaces or commas."""
    words = value.replace(",", " ").lower().split()
    for word in words:
        if not NAME_OR_ADDRESS.fullmatch(word):
            raise SettingsError(f"{name}: '{word}' is neither a name nor an address.")
    return tuple(dict.fromkeys(words))


def email(name: str, value: str | None) -> str | None:
    if value and not EMAIL.fullmatch(value):
        raise SettingsError(f"{name}: '{value}' is not an e-mail address.")
    return value or None


def check_certificate(values: Mapping[str, str]) -> None:
    """The settings about certificates fit together. Raises SettingsError."""
    files = [name for name in ("TLS_CERT_FILE", "TLS_KEY_FILE") if values.get(name)]
    has_acme = bool(values.get("ACME_EMAIL"))
    if len(files) == 1:
        raise SettingsError(
            f"{files[0]} is set alone: TLS_CERT_FILE and TLS_KEY_FILE belong together."
        )
    if files and has_acme:
        raise SettingsError(
            "TLS_CERT_FILE and ACME_EMAIL are two ways to one certificate: keep one."
        )
    wanting = files[0] if files else "ACME_EMAIL" if has_acme else None
    if wanting and not values.get("PUBLIC_URL", "").lower().startswith("https://"):
        raise SettingsError(
            f"{wanting} needs PUBLIC_URL: set it to the certificate's https address."
        )
