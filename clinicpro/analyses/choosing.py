"""Which prompt an ask means, and whether it goes with the image or the two."""

from __future__ import annotations

from uuid import UUID

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.library import default_for, offered
from clinicpro.analyses.prompts import Prompt
from clinicpro.answers import Refusal
from clinicpro.images.models import Image


def prompt_meant(actor: Actor, slug: str, image: Image, earlier_id: UUID | None) -> Prompt | None:
    """The prompt of this slug; without one that of the image's kind, or one that compares."""
    prompts = offered(actor)
    if slug:
        fitting = [prompt for prompt in prompts if prompt.slug == slug]
    elif earlier_id is not None:
        fitting = [prompt for prompt in prompts if prompt.is_comparing]
    else:
        return default_for(actor, image, prompts)
    return fitting[0] if fitting else None


def fitting(prompt: Prompt | None, earlier: Image | None) -> Prompt:
    """`prompt`, if there is one and it takes as many images. Raises Refusal."""
    if prompt is None:
        raise Refusal("There is no such prompt", "Choose one of the list.", "invalid", 422)
    if prompt.is_comparing and earlier is None:
        raise Refusal(
            f"{prompt.title} takes two images", "Choose the earlier one too.", "earlier", 422
        )
    if earlier is not None and not prompt.is_comparing:
        raise Refusal(
            f"{prompt.title} looks at one image",
            "Leave the earlier one out, or choose a prompt that compares. Nothing was sent.",
            "earlier",
            422,
        )
    return prompt
