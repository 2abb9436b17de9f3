"""Finders of prompts: the practice's shelf, one's own, what is offered, what is chosen first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.models import User
from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.prompts import (
    GENERAL,
    KINDS,
    PRACTICE,
    Kind,
    Prompt,
    PromptDefault,
    PromptVersion,
)
from clinicpro.answers import NotHere
from clinicpro.db import db
from clinicpro.images.models import Image
from clinicpro.images.showing import Shown


@dataclass(frozen=True)
class Shelf:
    """Whose prompts: the practice's (no owner), or one person's own."""

    owner_id: UUID | None

    @property
    def is_practice(self) -> bool:
        return self.owner_id is None

    @property
    def name(self) -> str:
        return PRACTICE if self.owner_id is None else str(self.owner_id)

    @property
    def permission(self) -> str:
        return "prompt.manage" if self.owner_id is None else "prompt.manage_own"


PRACTICE_SHELF = Shelf(None)


def own_shelf(actor: Actor) -> Shelf:
    return Shelf(actor.id)


def shelf_of(actor: Actor, prompt_id: UUID) -> Shelf:
    """Where the prompt stands: the practice's shelf or the actor's own, else the 404."""
    prompt = db.session.get(Prompt, prompt_id)
    if prompt is None or prompt.owner_id not in (None, actor.id):
        raise NotHere
    return Shelf(prompt.owner_id)


def prompts_on(shelf: Shelf, *, is_retired: bool = False) -> list[Prompt]:
    """The prompts of a shelf in their order; the retired ones by the day they went."""
    query = select(Prompt).where(Prompt.owner_id == shelf.owner_id)
    if is_retired:
        query = query.where(Prompt.retired_at.is_not(None)).order_by(Prompt.retired_at.desc())
    else:
        query = query.where(Prompt.retired_at.is_(None)).order_by(Prompt.position, Prompt.id)
    return list(db.session.scalars(query))


def prompt_on(shelf: Shelf, prompt_id: UUID, *, is_locked: bool = False) -> Prompt:
    """A prompt of this shelf; anything else is the 404 of an unknown id.

    `is_locked`: nobody else changes it until the caller's transaction ends.
    """
    query = select(Prompt).where(Prompt.id == prompt_id, Prompt.owner_id == shelf.owner_id)
    if is_locked:
        query = query.with_for_update(of=Prompt).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise NotHere
    return found


def offered(actor: Actor) -> list[Prompt]:
    """What the actor can have looked at: the practice's prompts, then their own."""
    return prompts_on(PRACTICE_SHELF) + prompts_on(own_shelf(actor))


def default_for(actor: Actor, image: Image | Shown, prompts: list[Prompt]) -> Prompt | None:
    """Which of `prompts` to choose beforehand: by the image's kind, one's own choice first."""
    by_id = {prompt.id: prompt for prompt in prompts}
    chosen = {name: defaults_of(name) for name in (own_shelf(actor).name, PRACTICE)}
    for kind in KINDS:
        for of_shelf in chosen.values() if kind.fits(image) else ():
            prompt = by_id.get(of_shelf.get(kind.slug, image.id))
            if prompt is not None:
                return prompt
    general = [prompt for prompt in prompts if prompt.slug == GENERAL]
    plain = [prompt for prompt in prompts if not prompt.is_comparing]
    return next(iter(general + plain), None)


def defaults_of(shelf_name: str) -> dict[str, UUID]:
    """Kind of image → prompt, as chosen on one shelf."""
    rows = db.session.scalars(select(PromptDefault).where(PromptDefault.shelf == shelf_name))
    return {row.kind: row.prompt_id for row in rows}


@dataclass(frozen=True)
class ShownVersion:
    """One version of a prompt, and who made it; `by_name` is None for what came with us."""

    row: PromptVersion
    by_name: str | None


def versions_of(prompt: Prompt) -> list[ShownVersion]:
    """Every version, the latest first."""
    rows = db.session.execute(
        select(PromptVersion, User.name)
        .outerjoin(User, User.id == PromptVersion.made_by)
        .where(PromptVersion.prompt_id == prompt.id)
        .order_by(PromptVersion.version.desc())
    )
    return [ShownVersion(row, name) for row, name in rows]


@dataclass(frozen=True)
class ShownShelf:
    """A shelf for the templates; `choices` are what a kind of image can have as its first."""

    is_practice: bool
    may_change: bool
    prompts: list[Prompt]
    retired: list[Prompt]
    choices: list[Prompt]
    defaults: dict[str, UUID]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return KINDS

    def kinds_of(self, prompt: Prompt) -> list[str]:
        """The kinds of image for which the prompt is chosen beforehand."""
        return [kind.label for kind in KINDS if self.defaults.get(kind.slug) == prompt.id]


def shown_shelf(actor: Actor, shelf: Shelf) -> ShownShelf:
    choices = prompts_on(shelf) if shelf.is_practice else offered(actor)
    return ShownShelf(
        is_practice=shelf.is_practice,
        may_change=actor.may(shelf.permission),
        prompts=prompts_on(shelf),
        retired=prompts_on(shelf, is_retired=True),
        choices=[prompt for prompt in choices if not prompt.is_comparing],
        defaults=defaults_of(shelf.name),
    )
