"""Keep prompts: new, changed, retired, restored, ordered, first choice of a kind of image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.library import Shelf, offered, prompt_on, prompts_on
from clinicpro.analyses.prompts import KINDS, Prompt, PromptDefault, PromptVersion
from clinicpro.analyses.wording import fault_in
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways.plain_text import typed, visible

LONGEST_TITLE = 40  # letters
LONGEST_TEXT = 2000
MOST = 60  # prompts on one shelf


@dataclass(frozen=True)
class Words:
    """What somebody wrote: the button's word, what the model is asked, about one image or two."""

    title: str
    text: str
    is_comparing: bool = False

    def checked(self) -> Words:
        """The same without what cannot be seen. Raises BadWords for what cannot be saved."""
        title = " ".join(visible(self.title).split())
        text = typed(self.text)
        if not title:
            raise BadWords("title", "Give it a name.")
        if len(title) > LONGEST_TITLE:
            raise BadWords("title", f"At most {LONGEST_TITLE} letters, to fit on a button.")
        if not text:
            raise BadWords("text", "Say what the model should describe.")
        if len(text) > LONGEST_TEXT:
            raise BadWords("text", f"At most {LONGEST_TEXT} letters.")
        fault = fault_in(text)
        if fault:
            raise BadWords("text", fault)
        return Words(title, text, self.is_comparing)


class BadWords(Refusal):
    """Words that cannot be saved; `field` is where the sentence belongs."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__("The prompt can’t be used like this", sentence, "prompt", 422)
        self.field = field


def create_prompt(actor: Actor, shelf: Shelf, words: Words) -> UUID:
    """A new prompt at the end of the shelf; gives its id. Raises BadWords, Refusal when full."""
    authorize(actor, shelf.permission)
    words = words.checked()
    with transaction():
        there = prompts_on(shelf)
        _check_title(there, words.title)
        if len(there) >= MOST:
            raise Refusal(f"There are {MOST} prompts", "Retire one first.", "full")
        new_id = uuid4()
        prompt = Prompt(id=new_id, slug=str(new_id), owner_id=shelf.owner_id, version=1)
        prompt.position = _end_of(shelf)
        db.session.add(prompt)
        db.session.flush()
        _add_version(actor, prompt, words)
        _record("prompt.create", actor, shelf, prompt)
    return new_id


def change_prompt(actor: Actor, shelf: Shelf, prompt_id: UUID, words: Words, version: int) -> None:
    """The next version has these words; without a change there is none.

    `version` is the one that was read: Refusal when somebody saved another meanwhile.
    """
    authorize(actor, shelf.permission)
    words = words.checked()
    with transaction():
        prompt = prompt_on(shelf, prompt_id, is_locked=True)
        if prompt.version != version:
            raise Refusal(
                f"Somebody saved version {prompt.version} meanwhile",
                "Open it in another tab, then save yours again or leave it.",
                "changed",
            )
        if words == Words(prompt.title, prompt.text, prompt.is_comparing):
            return
        _check_title([one for one in prompts_on(shelf) if one.id != prompt_id], words.title)
        prompt.version += 1
        _add_version(actor, prompt, words)
        if words.is_comparing:
            _forget_defaults(prompt)
        _record("prompt.change", actor, shelf, prompt)


def retire_prompt(actor: Actor, shelf: Shelf, prompt_id: UUID) -> None:
    """Offer it no more; its runs keep their words. The practice keeps one that needs no second."""
    authorize(actor, shelf.permission)
    with transaction():
        prompt = prompt_on(shelf, prompt_id, is_locked=True)
        if prompt.is_retired:
            return
        left = [one for one in prompts_on(shelf) if one.id != prompt_id and not one.is_comparing]
        if shelf.is_practice and not left:
            raise Refusal(
                "This is the last prompt of the practice", "Add another one first.", "last"
            )
        prompt.retired_at = utc_now()
        _forget_defaults(prompt)
        _record("prompt.retire", actor, shelf, prompt)


def restore_prompt(actor: Actor, shelf: Shelf, prompt_id: UUID) -> None:
    """Offer it again, at the end of the shelf."""
    authorize(actor, shelf.permission)
    with transaction():
        prompt = prompt_on(shelf, prompt_id, is_locked=True)
        if not prompt.is_retired:
            return
        _check_title(prompts_on(shelf), prompt.title)
        prompt.position, prompt.retired_at = _end_of(shelf), None
        _record("prompt.restore", actor, shelf, prompt)


def move_prompt(actor: Actor, shelf: Shelf, prompt_id: UUID, step: int) -> None:
    """One place up (-1) or down (1); at the end of the shelf it stays."""
    authorize(actor, shelf.permission)
    with transaction():
        prompt = prompt_on(shelf, prompt_id, is_locked=True)
        there = prompts_on(shelf)
        if prompt not in there:
            return
        at = there.index(prompt)
        to = min(max(at + step, 0), len(there) - 1)
        there.insert(to, there.pop(at))
        for position, one in enumerate(there):
            one.position = position
        if to != at:
            _record("prompt.order", actor, shelf, prompt)


def set_defaults(actor: Actor, shelf: Shelf, chosen: Mapping[str, UUID | None]) -> None:
    """Choose beforehand, for each kind of image named, this prompt; for the others none."""
    authorize(actor, shelf.permission)
    with transaction():
        able = prompts_on(shelf) if shelf.is_practice else offered(actor)
        ids = {prompt.id for prompt in able if not prompt.is_comparing}
        kinds = {kind.slug for kind in KINDS}
        if not chosen.keys() <= kinds or not set(chosen.values()) <= ids:
            raise Refusal("That can’t be chosen", "Choose one of the list.", "prompt", 422)
        db.session.execute(delete(PromptDefault).where(PromptDefault.shelf == shelf.name))
        for kind, prompt_id in sorted(chosen.items()):
            db.session.add(PromptDefault(shelf=shelf.name, kind=kind, prompt_id=prompt_id))
        record(
            "prompt.defaults",
            actor,
            objects=sorted(map(str, set(chosen.values()))),
            details={"shelf": _of(shelf), "kinds": " ".join(sorted(chosen))},
        )


def _add_version(actor: Actor, prompt: Prompt, words: Words) -> None:
    db.session.add(
        PromptVersion(
            prompt_id=prompt.id,
            version=prompt.version,
            title=words.title,
            text=words.text,
            is_comparing=words.is_comparing,
            made_by=actor.id,
        )
    )


def _check_title(there: list[Prompt], title: str) -> None:
    if title.casefold() in {prompt.title.casefold() for prompt in there}:
        raise BadWords("title", "There is one of this name. Give it another.")


def _end_of(shelf: Shelf) -> int:
    last = db.session.scalar(
        select(func.max(Prompt.position)).where(Prompt.owner_id == shelf.owner_id)
    )
    return 0 if last is None else last + 1


def _forget_defaults(prompt: Prompt) -> None:
    db.session.execute(delete(PromptDefault).where(PromptDefault.prompt_id == prompt.id))


def _record(action: str, actor: Actor, shelf: Shelf, prompt: Prompt) -> None:
    details = {"shelf": _of(shelf), "version": str(prompt.version)}
    record(action, actor, objects=[prompt.id], details=details)


def _of(shelf: Shelf) -> str:
    return "practice" if shelf.is_practice else "own"
