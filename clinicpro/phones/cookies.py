"""The phone's cookie: 256 bits, strict, and the actor that it stands for."""

from __future__ import annotations

from flask import Response, g, request

from clinicpro.accounts.permissions import Actor
from clinicpro.phones.models import LONGEST, Pairing
from clinicpro.phones.operations import phone_of
from clinicpro.phones.queries import holds, pairing_of
from clinicpro.web import app_settings


def _name() -> str:
    plain = f"clinicpro-phone-{app_settings().instance_id}"
    return f"__Host-{plain}" if request.is_secure else plain


def token_of_request() -> str | None:
    return request.cookies.get(_name())


def carry(response: Response, token: str) -> None:
    response.set_cookie(
        _name(),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def pairing_of_request() -> Pairing | None:
    """The pairing of the phone that asks, whether or not it holds; looked up once a request."""
    if "pairing" not in g:
        token = token_of_request()
        g.pairing = pairing_of(token) if token else None
    found: Pairing | None = g.pairing
    return found


def phone_actor() -> Actor | None:
    """The phone that asks, while its pairing holds and is confirmed; to leave, also before."""
    pairing = pairing_of_request()
    if pairing is None:
        return None
    is_good = pairing.confirmed_at is not None or request.endpoint == "capture.leave"
    if not is_good or not holds(pairing):
        g.is_pairing_over = True  # the guard's words for it
        return None
    return phone_of(pairing)
