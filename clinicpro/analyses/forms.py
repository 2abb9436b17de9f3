"""What the GP asks about an image."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from clinicpro.analyses.prompts import PROMPTS


class AskForm(FlaskForm):
    prompt = RadioField(
        "What to look at",
        choices=[SelectChoice(prompt.slug, prompt.title) for prompt in PROMPTS.values()],
        default="general",
    )
    question = StringField("In your own words", [Length(max=500)])
    context = TextAreaField("Clinical context", [Length(max=2000)])
    scale = BooleanField("A ruler or coin is in view")
    shown = StringField("What was shown")
    consent = BooleanField("The patient has agreed", [InputRequired("Ask the patient first.")])
