"""What goes along when a GP asks: the prompts to choose from, its words, the image to compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.comparing import Candidate, Pair, Sent, candidates_for
from clinicpro.analyses.facts import facts_of
from clinicpro.analyses.library import default_for, offered
from clinicpro.analyses.prompts import Prompt
from clinicpro.analyses.wording import names_in, question_text
from clinicpro.images.covering import covering_of
from clinicpro.images.showing import Shown
from clinicpro.images.vocabulary import place

TYPED = "(the clinical context)"  # in its place, before anything was typed
LONGEST_QUESTION = 500  # characters
LONGEST_CONTEXT = 2000


@dataclass(frozen=True)
class Going:
    """The choice as it stands: `prompt` of `prompts`, `earlier` of `candidates`."""

    image: Shown
    prompts: list[Prompt]
    prompt: Prompt | None
    candidates: list[Candidate]
    earlier: Candidate | None

    @property
    def is_comparing(self) -> bool:
        return self.prompt is not None and self.prompt.is_comparing

    @cached_property
    def pair(self) -> Pair | None:
        """Both images, once the earlier one is chosen."""
        if not self.is_comparing or self.earlier is None:
            return None
        both = (self.earlier.image, self.image)
        return Pair(*(Sent(image, covering_of(image.id)) for image in both))

    @property
    def images(self) -> list[Shown]:
        """All that go, as far as they are chosen."""
        return [self.pair.earlier.image, self.image] if self.pair else [self.image]

    @property
    def words(self) -> str:
        """What the model will read beside the GP's own words."""
        is_named = self.prompt is not None and "history" in names_in(self.prompt.text)
        return self._words(TYPED if is_named else "", "")

    @property
    def most_letters(self) -> int:
        """Of all the words that can go along, whatever the GP types."""
        return len(self._words("x" * LONGEST_CONTEXT, "x" * LONGEST_QUESTION))

    def _words(self, context: str, question: str) -> str:
        if self.prompt is None:
            return ""
        where = place(self.image.body_site, self.image.laterality)
        return question_text(self.prompt.text, facts_of(self.image, context), where, question)


def going_for(actor: Actor, image: Shown, slug: str, earlier: str) -> Going:
    """With the prompt of this slug, or the one to choose beforehand."""
    prompts = offered(actor)
    named = [prompt for prompt in prompts if prompt.slug == slug]
    prompt = named[0] if named else default_for(actor, image, prompts)
    candidates = candidates_for(actor, image)
    chosen = [one for one in candidates if str(one.image.id) == earlier]
    return Going(image, prompts, prompt, candidates, chosen[0] if chosen else None)
