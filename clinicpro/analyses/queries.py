"""Finders of analyses: those of one's own images; and how much is left of the caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from clinicpro.accounts.models import User
from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.comparing import Pair, Sent
from clinicpro.analyses.models import CONSENT, OPEN, AiPolicy, Analysis, SendConsent
from clinicpro.analyses.pricing import cost_told
from clinicpro.analyses.prompts import PromptTrial
from clinicpro.analyses.sizes import Place, places_of_sizes
from clinicpro.answers import NotHere
from clinicpro.db import db, utc_now
from clinicpro.formats import NZ
from clinicpro.images.covering import Covering
from clinicpro.images.models import Image
from clinicpro.images.queries import images_in, shown_for
from clinicpro.images.showing import Asked, Shown


@dataclass(frozen=True)
class Consent:
    """That the patient agreed, in whose words, said by whom, when."""

    wording: str
    by_name: str
    at: datetime


@dataclass(frozen=True)
class ShownAnalysis:
    """A run for the templates: its row, its image or two, and the other runs of the image.

    `typed` are words that were just refused because they state a size.
    """

    row: Analysis
    image: Shown
    earlier: list[Analysis]
    consent: Consent | None = None
    typed: str | None = None
    pair: Pair | None = None

    dom_name = "analysis"

    @property
    def draft(self) -> str:
        return self.row.text if self.typed is None else self.typed

    @property
    def places(self) -> list[Place]:
        """Where the draft states a size although no scale was declared."""
        return [] if self.row.has_scale else places_of_sizes(self.draft)

    @property
    def cost(self) -> str | None:
        """In words, once it has ended."""
        return None if self.row.is_open else cost_told(self.row.cost, self.row.tokens_out)

    @property
    def is_acceptable(self) -> bool:
        return self.row.is_complete and self.image.consultation_id is not None

    def __getattr__(self, name: str) -> object:
        return getattr(self.row, name)


def analysis_for(actor: Actor, analysis_id: UUID, *, is_locked: bool = False) -> Analysis:
    """A run over the actor's own image; anything else is the 404 of an unknown id.

    `is_locked`: nobody else changes it until the caller's transaction ends.
    """
    query = (
        select(Analysis)
        .join(Image, Image.id == Analysis.image_id)
        .where(Analysis.id == analysis_id, Image.owner_id == actor.id)
    )
    if is_locked:
        query = query.with_for_update(of=Analysis).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise NotHere
    return found


def open_analysis(image_id: UUID) -> Analysis | None:
    return db.session.scalar(
        select(Analysis).where(Analysis.image_id == image_id, Analysis.state.in_(OPEN)).limit(1)
    )


def runs_of(image_id: UUID) -> list[Analysis]:
    """Every run over the image, the latest first."""
    return list(
        db.session.scalars(
            select(Analysis)
            .where(Analysis.image_id == image_id)
            .order_by(Analysis.requested_at.desc())
            .limit(50)
        )
    )


def shown_analysis(
    actor: Actor, analysis: Analysis, asked: Asked, typed: str | None = None
) -> ShownAnalysis:
    image = shown_for(actor, analysis.image_id, asked)
    return shown_with(actor, image, analysis, runs_of(analysis.image_id), typed)


def shown_with(
    actor: Actor,
    image: Shown,
    analysis: Analysis,
    runs: list[Analysis],
    typed: str | None = None,
) -> ShownAnalysis:
    """One of the image's `runs`."""
    others = [run for run in runs if run.id != analysis.id]
    consent = consent_of(analysis.id, image.id)
    pair = _pair_of(actor, analysis, image)
    return ShownAnalysis(analysis, image, others, consent, typed, pair)


def _pair_of(actor: Actor, analysis: Analysis, image: Shown) -> Pair | None:
    """The two images of a run that compares, as they were sent."""
    if analysis.earlier_image_id is None:
        return None
    earlier = shown_for(actor, analysis.earlier_image_id, image.asked)
    coverings = [
        db.session.get(Covering, covering_id) if covering_id else None
        for _, covering_id in analysis.sources
    ]
    return Pair(Sent(earlier, coverings[0]), Sent(image, coverings[1]))


def consent_of(analysis_id: UUID, image_id: UUID) -> Consent | None:
    """The consent under which the image went into the run."""
    row = db.session.execute(
        select(SendConsent.wording, User.name, SendConsent.recorded_at)
        .join(User, User.id == SendConsent.recorded_by)
        .where(SendConsent.analysis_id == analysis_id, SendConsent.image_id == image_id)
        .limit(1)
    ).first()
    return Consent(*row) if row else None


def analyses_in(actor: Actor, consultation_id: UUID, asked: Asked) -> list[ShownAnalysis]:
    """The runs over a consultation's images, the latest first."""
    images = {image.id: image for image in images_in(actor, consultation_id, asked)}
    rows = db.session.scalars(
        select(Analysis).where(Analysis.image_id.in_(images)).order_by(Analysis.requested_at.desc())
    )
    return [ShownAnalysis(row, images[row.image_id], []) for row in rows]


def policy() -> AiPolicy:
    """The practice's switch; off until somebody records a basis."""
    return db.session.get(AiPolicy, 1) or _no_policy()


def locked_policy() -> AiPolicy:
    """The switch, held by the caller's transaction until it ends."""
    return db.session.get(AiPolicy, 1, with_for_update=True) or _no_policy()


def _no_policy() -> AiPolicy:
    return AiPolicy(
        id=1,
        is_on=False,
        basis="",
        daily_runs=50,
        monthly_runs=1000,
        daily_cents=500,
        monthly_cents=4000,
        consent_wording=CONSENT,
    )


@dataclass(frozen=True)
class Used:
    """How many runs there were, and what they cost in millionths of a US dollar."""

    runs: int
    cost: int


def used_today(owner_id: UUID) -> Used:
    """What the person asked for on this New Zealand day."""
    return _used(_today(), owner_id)


def used_this_month() -> Used:
    """What the practice asked for in this New Zealand month."""
    return _used(_today().replace(day=1))


def _today() -> datetime:
    return utc_now().astimezone(NZ).replace(hour=0, minute=0, second=0, microsecond=0)


def _used(since: datetime, owner_id: UUID | None = None) -> Used:
    """Runs and trials of prompts alike: the model is asked for both."""
    runs = cost = 0
    for kind in (Analysis, PromptTrial):
        query = select(func.count(kind.id), func.sum(kind.cost)).where(kind.requested_at >= since)
        if owner_id is not None:
            query = query.where(kind.owner_id == owner_id)
        count, millionths = db.session.execute(query).one()
        runs, cost = runs + count, cost + int(millionths or 0)
    return Used(runs, cost)


def stop_requested_at(analysis_id: UUID) -> datetime | None:
    return db.session.scalar(select(Analysis.stop_requested_at).where(Analysis.id == analysis_id))
