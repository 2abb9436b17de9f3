"""What the console says once everything runs: the address, the phones' one, the first code."""

from __future__ import annotations

from clinicpro.addresses import LOOPBACK_NAME
from clinicpro.settings import Settings
from clinicpro.trust.certificates import Seen


def phones_line(settings: Settings, seen: Seen | None) -> str:
    """Where phones find this program, and whether they will trust it."""
    if not settings.is_on_network:
        return "Phones: none can reach this computer, because it is on no network."
    return f"Phones: {settings.phone_origin} ({_trust(settings, seen)})"


def _trust(settings: Settings, seen: Seen | None) -> str:
    if not settings.phone_origin.startswith("https:"):
        return "they will take no photo there: phones need an https address in PUBLIC_URL"
    if seen is not None and seen.problem:
        return f"they will warn of its certificate, because {seen.problem}"
    return {
        "own": f"each must be told once to trust it: http://{LOOPBACK_NAME}:{settings.port}/trust",
        "files": "they trust its certificate",
        "acme": "they trust its certificate as soon as it has come",
        "proxy": "its certificate is the business of the proxy there",
    }[settings.certificate]
