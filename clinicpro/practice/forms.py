"""The form of the AI switch; those of people are the accounts' own."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError


class AiForm(FlaskForm):
    is_on = BooleanField("AI descriptions")
    basis = TextAreaField("Recorded basis", [Length(max=4000, message="At most 4,000 characters.")])
    daily_runs = IntegerField(
        "Runs a person and day",
        [
            InputRequired("Give a number."),
            NumberRange(0, 10_000, "From 0 to 10,000."),
        ],
    )
    monthly_runs = IntegerField(
        "Runs of the practice a month",
        [
            InputRequired("Give a number."),
            NumberRange(0, 1_000_000, "From 0 to 1,000,000."),
        ],
    )

    def validate_basis(self, field: TextAreaField) -> None:
        if self.is_on.data and not (field.data or "").strip():
            raise ValidationError("Record why images may be sent before you turn this on.")
