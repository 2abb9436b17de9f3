"""What goes along when a GP asks: the prompts to choose from, its words, the image to compare."""

from __future__ import annotations

from dataclasses import dataclass

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

    @property
    def pair(self) -> Pair | None:
        """Both images, once the earlier one is chosen."""
        if not self.is_comparing or self.earlier is None:
            return None
        both = (self.earlier.image, self.image)
        return Pair(*(Sent(image, covering_of(image.id)) for image in both))

    @property
    def words(self) -> str:
        """What the model will read beside the GP's own words."""
        if self.prompt is None:
            return ""
        image, text = self.image, self.prompt.text
        context = TYPED if "history" in names_in(text) else ""
        return question_text(
            text, facts_of(image, context), place(image.body_site, image.laterality), ""
        )


def going_for(actor: Actor, image: Shown, slug: str, earlier: str) -> Going:
    """With the prompt of this slug, or the one to choose beforehand."""
    prompts = offered(actor)
    named = [prompt for prompt in prompts if prompt.slug == slug]
    prompt = named[0] if named else default_for(actor, image, prompts)
    candidates = candidates_for(actor, image)
    chosen = [one for one in candidates if str(one.image.id) == earlier]
    return Going(image, prompts, prompt, candidates, chosen[0] if chosen else None)
