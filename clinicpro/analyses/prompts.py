"""Prompts as rows: each keeps every version of its words; which one is offered first where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from clinicpro.analyses.models import OPEN, QUEUED, paragraphs
from clinicpro.analyses.pricing import cost_told
from clinicpro.db import Model, UtcDateTime, utc_now
from clinicpro.images.models import Image
from clinicpro.images.showing import Shown

PRACTICE = "practice"  # the shelf of everybody; a person's own is their id
STOPPING = "stopping"  # a trial that somebody asked to end, until the worker has
OPEN_TRIAL = (*OPEN, STOPPING)
GENERAL = "general"  # the preset that is there when nothing else fits


class PromptVersion(Model):
    """The words of one version, as they were saved: a change makes the next one."""

    __tablename__ = "prompt_version"

    prompt_id: Mapped[UUID] = mapped_column(ForeignKey("prompt.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    text: Mapped[str]
    is_comparing: Mapped[bool] = mapped_column(default=False)  # asks about two images
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))  # None: came with us
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Prompt(Model):
    """What a GP can have looked at. `slug` never changes: runs and the API know it by that.

    Without an owner it is the practice's. A retired one is kept and not offered.
    """

    __tablename__ = "prompt"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[PromptVersion] = relationship(
        primaryjoin=lambda: and_(
            Prompt.id == foreign(PromptVersion.prompt_id),
            Prompt.version == foreign(PromptVersion.version),
        ),
        uselist=False,
        viewonly=True,
        lazy="joined",
        innerjoin=True,
    )

    @property
    def title(self) -> str:
        return self.words.title

    @property
    def text(self) -> str:
        return self.words.text

    @property
    def is_comparing(self) -> bool:
        return self.words.is_comparing

    @property
    def is_own(self) -> bool:
        return self.owner_id is not None

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None


class PromptDefault(Model):
    """Which prompt is chosen beforehand for a kind of image; `shelf` as the library names it."""

    __tablename__ = "prompt_default"

    shelf: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    prompt_id: Mapped[UUID] = mapped_column(ForeignKey("prompt.id"))


class PromptTrial(Model):
    """A prompt's words tried on a drawing of our own; it is in no note and over no image."""

    __tablename__ = "prompt_trial"
    __table_args__ = (Index(None, "owner_id", "requested_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    prompt_id: Mapped[UUID | None] = mapped_column(ForeignKey("prompt.id"))  # None: not saved yet
    title: Mapped[str]
    text: Mapped[str]
    is_comparing: Mapped[bool] = mapped_column(default=False)
    sample: Mapped[str]
    prompt_words: Mapped[str]  # all that went along with the sample
    system_version: Mapped[int]
    state: Mapped[str] = mapped_column(default=QUEUED)
    answer: Mapped[str] = mapped_column(default="")
    message: Mapped[str | None]
    model: Mapped[str | None]
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    cost: Mapped[int | None]  # millionths of a US dollar; while it isn't known, the most it can be
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    dom_name = "trial"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_TRIAL

    @property
    def cost_told(self) -> str | None:
        return None if self.is_open else cost_told(self.cost, self.tokens_out)

    @property
    def drawings(self) -> list[str]:
        """Below the static folder, the earlier one first."""
        slugs = [f"{self.sample}-earlier", self.sample] if self.is_comparing else [self.sample]
        return [f"img/samples/{slug}.jpg" for slug in slugs]

    @property
    def paragraphs(self) -> list[str]:
        return paragraphs(self.answer)


@dataclass(frozen=True)
class Kind:
    """A kind of image by how it was taken or by what it shows."""

    slug: str
    label: str
    views: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()

    def fits(self, image: Image | Shown) -> bool:
        if not self.views and not self.sites:
            return True
        return image.view in self.views or image.body_site in self.sites


def _view(slug: str, label: str) -> Kind:
    return Kind(slug, label, views=frozenset({slug}))


def _sites(slug: str, label: str, sites: str) -> Kind:
    return Kind(slug, label, sites=frozenset(sites.split()))


# The first kind that fits and has a prompt counts, so the narrow ones come first.
KINDS = (
    _view("dermoscopy", "Dermoscopy"),
    _sites("eye", "Eye", "eye"),
    _sites("head", "Head and neck", "scalp face forehead cheek nose chin ear mouth neck"),
    _sites("trunk", "Trunk", "chest breast abdomen back trunk pelvis buttock"),
    _sites("arm", "Arm and hand", "shoulder upper-arm elbow forearm hand finger thumb"),
    _sites("leg", "Leg and foot", "thigh knee lower-leg ankle foot toe"),
    _view("close-up", "Close-up"),
    _view("regional", "Regional view"),
    _view("establishing", "Establishing view"),
    Kind("any", "Everything else"),
)
