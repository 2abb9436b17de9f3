"""What the GP asks about an image, and what somebody writes of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinicpro.analyses.editing import Words
from clinicpro.analyses.prompts import Prompt


class PromptForm(FlaskForm):
    """What somebody writes of a prompt; what can't be saved is said by `Words.checked()`."""

    title = StringField("Name on the button")
    text = TextAreaField("What the model is asked")
    is_comparing = BooleanField("It compares with an earlier image")
    version = IntegerField("Version that was read", [Optional()])
    sample = StringField("Sample")
    prompt = StringField("The prompt that is changed")

    @property
    def words(self) -> Words:
        return Words(self.title.data or "", self.text.data or "", self.is_comparing.data)


class AskForm(FlaskForm):
    prompt = RadioField("What to look at", choices=[])
    earlier = StringField("Compare with")
    earlier_shown = StringField("What was shown of it")
    question = StringField("In your own words", [Length(max=500)])
    context = TextAreaField("Clinical context", [Length(max=2000)])
    scale = BooleanField("A ruler or coin is in view")
    shown = StringField("What was shown")
    consent = BooleanField("The patient has agreed", [InputRequired("Ask the patient first.")])

    def offer(self, prompts: Sequence[Prompt]) -> None:
        """Let one of these be chosen."""
        self.prompt.choices = [(prompt.slug, prompt.title) for prompt in prompts]
        self._comparing = {prompt.slug for prompt in prompts if prompt.is_comparing}

    @property
    def is_comparing(self) -> bool:
        return self.prompt.data in self._comparing

    @property
    def earlier_id(self) -> UUID | None:
        """The earlier image; None with a prompt that looks at one, or for what is no id."""
        if not self.is_comparing:
            return None
        try:
            return UUID(self.earlier.data or "")
        except ValueError:
            return None

    def validate(self, extra_validators: object = None) -> bool:
        is_valid: bool = super().validate(extra_validators)
        if self.is_comparing and self.earlier_id is None:
            self.earlier.errors = ["Choose the earlier image."]
            return False
        return is_valid
