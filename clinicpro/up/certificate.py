"""A practice's own certificate: looked at before the start, and again when it is renewed."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from clinicpro.settings import Settings
from clinicpro.trust.certificates import Seen, seen_in_files
from clinicpro.up import StartError


def look(settings: Settings) -> Seen | None:
    """What browsers will think of TLS_CERT_FILE; None where it is not set. Raises StartError."""
    if not settings.tls_cert_file or not settings.tls_key_file:
        return None
    for name, path in _files(settings):
        try:
            path.read_bytes()
        except OSError as error:
            raise StartError(f"{name}: {path} cannot be read ({error.strerror}).") from error
    host = urlsplit(settings.phone_origin).hostname or ""
    try:
        return seen_in_files(settings.tls_cert_file, settings.tls_key_file, host)
    except (OSError, ssl.SSLError) as error:
        raise StartError(
            f"TLS_CERT_FILE {settings.tls_cert_file} and TLS_KEY_FILE {settings.tls_key_file} are "
            "no certificate and its key: both must be PEM, the key without a password."
        ) from error


class Watch:
    """Tells when the files of the certificate were replaced, as their renewer does every weeks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known = self._state()

    def renewed(self) -> Seen | None:
        """What is thought of the new certificate, once; None while there is no whole new one."""
        state = self._state()
        if state == self._known:
            return None
        try:
            seen = look(self._settings)
        except StartError:  # half replaced: looked at again the next time
            return None
        self._known = state
        return seen

    def _state(self) -> list[tuple[int, int]]:
        found = []
        for _, path in _files(self._settings):
            try:
                status = path.stat()
            except OSError:
                continue
            found.append((status.st_ino, status.st_mtime_ns))
        return found


def _files(settings: Settings) -> list[tuple[str, Path]]:
    paths = {"TLS_CERT_FILE": settings.tls_cert_file, "TLS_KEY_FILE": settings.tls_key_file}
    return [(name, path) for name, path in paths.items() if path]
