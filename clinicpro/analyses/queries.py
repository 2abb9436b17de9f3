"""Finders of analyses: those of one's own images; and how much is left of the caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.models import OPEN, AiPolicy, Analysis
from clinicpro.answers import NotHere
from clinicpro.db import db, utc_now
from clinicpro.images.models import Image
from clinicpro.images.queries import images_in, shown_for
from clinicpro.images.showing import Asked, Shown


@dataclass(frozen=True)
class ShownAnalysis:
    """A run for the templates: its row, its image, and the other runs of the image."""

    row: Analysis
    image: Shown
    earlier: list[Analysis]

    dom_name = "analysis"

    @property
    def is_acceptable(self) -> bool:
        return self.row.state == "finished" and self.image.consultation_id is not None

    def __getattr__(self, name: str) -> object:
        return getattr(self.row, name)


def analysis_for(actor: Actor, analysis_id: UUID) -> Analysis:
    """A run over the actor's own image; anything else is the 404 of an unknown id."""
    found = db.session.scalar(
        select(Analysis)
        .join(Image, Image.id == Analysis.image_id)
        .where(Analysis.id == analysis_id, Image.owner_id == actor.id)
    )
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


def shown_analysis(actor: Actor, analysis: Analysis, asked: Asked) -> ShownAnalysis:
    image = shown_for(actor, analysis.image_id, asked)
    others = [run for run in runs_of(analysis.image_id) if run.id != analysis.id]
    return ShownAnalysis(analysis, image, others)


def analyses_in(actor: Actor, consultation_id: UUID, asked: Asked) -> list[ShownAnalysis]:
    """The runs over a consultation's images, the latest first."""
    images = {image.id: image for image in images_in(actor, consultation_id, asked)}
    rows = db.session.scalars(
        select(Analysis).where(Analysis.image_id.in_(images)).order_by(Analysis.requested_at.desc())
    )
    return [ShownAnalysis(row, images[row.image_id], []) for row in rows]


def policy() -> AiPolicy:
    """The practice's switch; off until somebody records a basis."""
    found = db.session.get(AiPolicy, 1)
    return found or AiPolicy(id=1, is_on=False, basis="", daily_runs=50, monthly_runs=1000)


def runs_today(owner_id: UUID) -> int:
    return _count(Analysis.requested_at >= utc_now() - timedelta(days=1), owner_id)


def runs_this_month() -> int:
    return _count(Analysis.requested_at >= utc_now() - timedelta(days=30), None)


def _count(since: object, owner_id: UUID | None) -> int:
    query = select(func.count(Analysis.id)).where(since)  # type: ignore[arg-type]
    if owner_id is not None:
        query = query.where(Analysis.owner_id == owner_id)
    return db.session.scalar(query) or 0


def stop_requested_at(analysis_id: UUID) -> datetime | None:
    return db.session.scalar(select(Analysis.stop_requested_at).where(Analysis.id == analysis_id))
