"""The caps, in runs and in money: what a run counts as, and whether there is room for it."""

from __future__ import annotations

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.models import AiPolicy
from clinicpro.analyses.pricing import CENT, dollars, most_tokens_in, price_of
from clinicpro.analyses.queries import used_this_month, used_today
from clinicpro.answers import Refusal
from clinicpro.web import app_settings

MOST_TOKENS = 1000  # of one description


def most_it_costs(current: AiPolicy, pixels: int, letters: int) -> int:
    """Millionths of a dollar that a run can cost at most; counted as its cost until it ended."""
    price = price_of(app_settings(), current)
    return price.of(most_tokens_in(pixels, letters), MOST_TOKENS)


def check_caps(actor: Actor, current: AiPolicy, cost: int) -> None:
    """Raises Refusal when the person's day or the practice's month is used up."""
    today, month = used_today(actor.id), used_this_month()
    if today.runs >= current.daily_runs:
        title = f"Today’s {current.daily_runs} descriptions are used"
    elif month.runs >= current.monthly_runs:
        title = f"The practice’s {current.monthly_runs} descriptions of this month are used"
    elif cost and today.cost + cost > current.daily_cents * CENT:
        title = f"Today’s {dollars(current.daily_cents * CENT)} for descriptions are used"
    elif cost and month.cost + cost > current.monthly_cents * CENT:
        title = f"The practice’s {dollars(current.monthly_cents * CENT)} of this month are used"
    else:
        return
    advice = "A practice manager can raise the limit under Practice. Nothing was sent."
    raise Refusal(title, advice, "cap")
