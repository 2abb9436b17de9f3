"""Passwords: argon2id, and which are too easy to guess. All offline."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

SHORTEST = 12
# 19 MiB, t=2, p=1: OWASP's second choice; two at once bound the memory of a stuffing attack.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_at_once = threading.BoundedSemaphore(2)
_nobody = _hasher.hash("a password that nobody has")

_GUESSED = (
    "password", "passw0rd", "letmein", "welcome", "qwerty", "asdfgh", "zxcvbn", "123456",
    "abcdef", "iloveyou", "admin", "clinicpro", "kiaora", "aotearoa", "newzealand", "allblacks",
    "changeme", "secret", "doctor", "monkey", "dragon", "football", "sunshine", "princess",
)  # fmt: skip


def hash_password(password: str) -> str:
    with _at_once:
        return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether `password` fits; takes the same time when there is no such account (None)."""
    with _at_once:
        try:
            return _hasher.verify(password_hash or _nobody, password) and password_hash is not None
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def weakness(password: str, *names: str) -> str | None:
    """Why `password` is too easy to guess, in a sentence, or None.

    NIST SP 800-63B: length and a blocklist instead of rules about kinds of characters.
    """
    plain = password.casefold()
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Three or four unrelated words work well."
    if len(set(plain)) < 6:
        return "That repeats too few characters. Three or four unrelated words work well."
    rest = plain
    for word in _GUESSED + tuple(part for name in names for part in _parts(name)):
        rest = rest.replace(word, "")
    if len(rest) < 8:
        return "That is built from words that are tried first. Choose unrelated words."
    return None


def _parts(name: str) -> list[str]:
    words = name.casefold().replace("@", " ").replace(".", " ").split()
    return [word for word in words if len(word) >= 4]
