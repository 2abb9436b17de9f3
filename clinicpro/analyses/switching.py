"""The practice's switch: on, off, at what limits, in which words; and paused by a refused key."""

from __future__ import annotations

from dataclasses import dataclass

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.models import CONSENT, AiPolicy
from clinicpro.answers import Refusal
from clinicpro.audit.operations import SYSTEM, By, record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways.plain_text import typed, visible


@dataclass(frozen=True)
class Money:
    """US cents: what may be spent, and what a million tokens cost (None: the provider's list)."""

    daily_cents: int = 500
    monthly_cents: int = 4000
    price_in: int | None = None
    price_out: int | None = None


def set_policy(
    by: By,
    *,
    is_on: bool,
    basis: str,
    daily_runs: int = 50,
    monthly_runs: int = 1000,
    money: Money | None = None,
    wording: str | None = None,
) -> None:
    """Turn descriptions on, with the recorded basis, or off; a pause ends. `money` and `wording`
    None stay as they are.

    Raises Refusal without a basis.
    """
    if isinstance(by, Actor):
        authorize(by, "practice.manage")
    basis = typed(basis)
    if is_on and not basis:
        raise Refusal("A basis is needed", "Record why the practice may do this.", "basis", 422)
    with transaction():
        row = db.session.get(AiPolicy, 1) or AiPolicy(id=1)
        row.is_on, row.basis = is_on, basis or row.basis or ""
        row.recorded_by, row.recorded_at = by.id, utc_now()
        row.daily_runs, row.monthly_runs = daily_runs, monthly_runs
        row.paused_at = None
        if money is not None:
            row.daily_cents, row.monthly_cents = money.daily_cents, money.monthly_cents
            row.price_in, row.price_out = money.price_in, money.price_out
        if wording is not None:
            row.consent_wording = visible(wording).replace("\n", " ").strip() or CONSENT
        db.session.add(row)
        db.session.flush()  # fills in what a new row leaves to its defaults
        record("ai.switch", by, details=_as_recorded(row))


def _as_recorded(row: AiPolicy) -> dict[str, str]:
    return {
        "on": "yes" if row.is_on else "no",
        "daily": str(row.daily_runs),
        "monthly": str(row.monthly_runs),
        "daily_cents": str(row.daily_cents),
        "monthly_cents": str(row.monthly_cents),
    }


def pause() -> None:
    """In the caller's transaction: the key was refused, so nothing more is asked with it."""
    row = db.session.get(AiPolicy, 1, with_for_update=True)
    if row is not None and row.paused_at is None:
        row.paused_at = utc_now()
        record("ai.pause", SYSTEM, reason="key refused")


def resume() -> None:
    """The program has started anew, perhaps with another key: let it be tried."""
    with transaction():
        row = db.session.get(AiPolicy, 1)
        if row is not None and row.paused_at is not None:
            row.paused_at = None
            record("ai.resume", SYSTEM)
