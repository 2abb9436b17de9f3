"""What asking would mean: what leaves the house, to whom, what it costs and what is left."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.capping import most_it_costs
from clinicpro.analyses.comparing import Pair, Sent
from clinicpro.analyses.going import Going, going_for
from clinicpro.analyses.models import AiPolicy
from clinicpro.analyses.operations import missing_setting
from clinicpro.analyses.pricing import CENT, dollars
from clinicpro.analyses.queries import policy, used_this_month, used_today
from clinicpro.analyses.wording import SYSTEM
from clinicpro.formats import megabytes
from clinicpro.images.covering import covering_of
from clinicpro.images.showing import Shown
from clinicpro.settings import Settings
from clinicpro.web import app_settings

REGIONS = {
    "us": "Anthropic, in the United States",
    "global": "Anthropic, anywhere in the world",
    None: "Anthropic, outside New Zealand",
}


@dataclass(frozen=True)
class Offer:
    """Whether it can be done, and what the GP sees before it is.

    `image` is the very JPEG that will be sent, and names it, so that nothing else is. `sent` and
    `budget` speak of all that goes; `wording` is what the tick says.
    """

    is_on: bool
    is_waiting: bool
    title: str
    advice: str
    image: Sent
    sent: str
    recipient: str
    budget: str
    wording: str
    going: Going

    @property
    def pair(self) -> Pair | None:
        return self.going.pair

    @property
    def areas(self) -> str:
        """The recipe of what is covered of the image, as JSON."""
        return json.dumps(self.image.covering.areas if self.image.covering else [])

    @property
    def is_covered(self) -> bool:
        """Whether anything of what goes is."""
        earlier = self.pair.earlier.covering if self.pair else None
        return self.image.covering is not None or earlier is not None


def offer_for(actor: Actor, image: Shown, slug: str = "", earlier: str = "") -> Offer:
    """What asking with this prompt, and this earlier image, would mean."""
    current = policy()
    title, advice = _reason(actor, image, current)
    sent = Sent(image, covering_of(image.id))
    going = going_for(actor, image, slug, earlier)
    return Offer(
        is_on=not title,
        is_waiting=bool(title) and image.is_preparing,
        title=title,
        advice=advice,
        image=sent,
        sent=_both(going.pair) if going.pair else _one(sent, going),
        recipient=recipient(app_settings()),
        budget=budget(actor, going, current),
        wording=current.consent_wording,
        going=going,
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


def _one(sent: Sent, going: Going) -> str:
    words = f"This image {_measures(sent)} without its metadata"
    return f"{words}, and the earlier one that you choose" if going.is_comparing else words


def _both(pair: Pair) -> str:
    earlier, later = _measures(pair.earlier), _measures(pair.later)
    return f"Both images without their metadata: the earlier one {earlier}; this one {later}"


def _measures(sent: Sent) -> str:
    """`at 2048 px (412 kB), 1 part covered`: of what goes, not of the original."""
    image, covering = sent.image, sent.covering
    size = covering.size if covering else image.view_size
    words = f"at {max(image.view_width or 0, image.view_height or 0)} px ({megabytes(size or 0)})"
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


def budget(actor: Actor, going: Going, current: AiPolicy) -> str:
    """What is left of the caps, in runs and in money; and the most that this run can take of it."""
    today, month = used_today(actor.id), used_this_month()
    runs = max(0, min(current.daily_runs - today.runs, current.monthly_runs - month.runs))
    words = f"{runs} of {current.daily_runs} runs left today"
    pixels = sum(image.view_pixels for image in going.images)
    cost = most_it_costs(current, pixels, len(SYSTEM) + going.most_letters)
    if not cost:
        return words
    left, whole, when = min(  # whichever ends sooner
        (current.monthly_cents * CENT - month.cost, current.monthly_cents, "this month"),
        (current.daily_cents * CENT - today.cost, current.daily_cents, "today"),
    )
    most = f"at most {dollars(cost)} for {'the two images' if going.pair else 'this one'}"
    return f"{words}; {most}, {dollars(max(0, left))} of {dollars(whole * CENT)} left {when}"
