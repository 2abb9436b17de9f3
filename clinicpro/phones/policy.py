"""How the practice words the consent that the phone asks for."""

from __future__ import annotations

DEFAULT = "The patient has agreed to this photo being taken and kept in their record."


def consent_wording() -> str:
    return DEFAULT
