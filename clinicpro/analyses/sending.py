"""What asking would mean: what leaves the house, to whom, what it costs and what is left."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.capping import most_it_costs
from clinicpro.analyses.going import Going, going_for
from clinicpro.analyses.models import AiPolicy
from clinicpro.analyses.operations import missing_setting
from clinicpro.analyses.pricing import CENT, dollars
from clinicpro.analyses.queries import policy, used_this_month, used_today
from clinicpro.analyses.wording import SYSTEM
from clinicpro.formats import megabytes
from clinicpro.images.covering import Covering, covering_of
from clinicpro.images.showing import Shown
from clinicpro.settings import Settings
from clinicpro.web import app_settings

REGIONS = {
    "us": "Anthropic, in the United States",
    "global": "Anthropic, anywhere in the world",
    None: "Anthropic, outside New Zealand",
}
USUAL_LETTERS = 700  # of a prompt, a question and its context


@dataclass(frozen=True)
class Offer:
    """Whether it can be done, and what the GP sees before it is.

    `sent_url` is the very JPEG that will be sent; `shown` names it, so that nothing else is.
    `areas` is the recipe of what is covered, as JSON; `wording` is what the tick says.
    """

    is_on: bool
    is_waiting: bool
    title: str
    advice: str
    sent_url: str
    shown: str
    areas: str
    covered: int
    sent: str
    recipient: str
    budget: str
    wording: str
    going: Going


def offer_for(actor: Actor, image: Shown, slug: str = "", earlier: str = "") -> Offer:
    """What asking with this prompt, and this earlier image, would mean."""
    current = policy()
    title, advice = _reason(actor, image, current)
    covering = covering_of(image.id)
    areas = covering.areas if covering else []
    return Offer(
        is_on=not title,
        is_waiting=bool(title) and image.is_preparing,
        title=title,
        advice=advice,
        sent_url=image.link(covering.key) if covering else image.view_url,
        shown=str(covering.id) if covering else "",
        areas=json.dumps(areas),
        covered=len(areas),
        sent=_sent(image, covering),
        recipient=recipient(app_settings()),
        budget=budget(actor, image, current),
        wording=current.consent_wording,
        going=going_for(actor, image, slug, earlier),
    )


def _reason(actor: Actor, image: Shown, current: AiPolicy) -> tuple[str, str]:
    """Why it can't be done, and what to do; both empty when it can."""
    missing = missing_setting()
    if not actor.may("analysis.run"):
        return (
            "Your role doesn’t include descriptions",
            "A practice manager can give you the role GP.",
        )
    if not current.is_on:
        return (
            "Descriptions are off in this practice",
            "A practice manager can turn them on under Practice. Nothing is sent until then.",
        )
    if current.paused_at is not None:
        return (
            "Descriptions are paused: the key was refused",
            "A practice manager can put a working key in. Nothing is sent until then.",
        )
    if missing:
        return "The model can’t be asked yet", missing
    if image.is_preparing:
        return "This image is still being prepared", "It can be described in a few seconds."
    if image.reason:
        return "This image can’t be described", image.reason
    return "", ""


def _sent(image: Shown, covering: Covering | None) -> str:
    size = covering.size if covering else image.view_size
    words = f"This image at {max(image.view_width or 0, image.view_height or 0)} px"
    words += f" ({megabytes(size or 0)}) without its metadata"
    if covering:
        count = len(covering.areas)
        words += f", {count} part{'' if count == 1 else 's'} covered"
    return words


def recipient(settings: Settings) -> str:
    """Who the image goes to, in words."""
    if settings.is_demo:
        return "a stand-in on this machine (demonstration)"
    if settings.anthropic_base_url:
        host = urlsplit(settings.anthropic_base_url).hostname or ""
        if _is_in_the_house(host):
            return f"your own model server at {host}; it stays in the house"
        return f"the model server at {host}"
    return REGIONS[settings.claude_region]


def _is_in_the_house(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".lan", ".internal"))


def budget(actor: Actor, image: Shown, current: AiPolicy) -> str:
    """What is left of the caps, in runs and in money."""
    today, month = used_today(actor.id), used_this_month()
    runs = max(0, min(current.daily_runs - today.runs, current.monthly_runs - month.runs))
    words = f"{runs} of {current.daily_runs} runs left today"
    cost = most_it_costs(current, image.view_pixels, len(SYSTEM) + USUAL_LETTERS)
    if not cost:
        return words
    left = max(0, current.monthly_cents * CENT - month.cost)
    whole = dollars(current.monthly_cents * CENT)
    return f"{words}; at most {dollars(cost)} each, {dollars(left)} of {whole} left this month"
