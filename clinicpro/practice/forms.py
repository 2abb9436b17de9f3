"""The form of the AI switch; those of people are the accounts' own."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from clinicpro.analyses.models import AiPolicy
from clinicpro.analyses.switching import Money

MOST = Decimal(100_000)  # US dollars


class AiForm(FlaskForm):
    is_on = BooleanField("AI descriptions")
    basis = TextAreaField("Recorded basis", [Length(max=4000, message="At most 4,000 characters.")])
    consent_wording = StringField(
        "What the consent tick says", [Length(max=200, message="At most 200 characters.")]
    )
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
    daily_money = DecimalField(
        "US dollars a person and day",
        [InputRequired("Give an amount."), NumberRange(0, MOST, "From 0 to 100,000.")],
    )
    monthly_money = DecimalField(
        "US dollars of the practice a month",
        [InputRequired("Give an amount."), NumberRange(0, MOST, "From 0 to 100,000.")],
    )
    dollars_in = DecimalField(
        "US dollars a million tokens read",
        [Optional(), NumberRange(0, MOST, "From 0 to 100,000.")],
    )
    dollars_out = DecimalField(
        "US dollars a million tokens written",
        [Optional(), NumberRange(0, MOST, "From 0 to 100,000.")],
    )

    @classmethod
    def of(cls, now: AiPolicy) -> Self:
        return cls(
            formdata=None,
            obj=now,
            data={
                "daily_money": Decimal(now.daily_cents) / 100,
                "monthly_money": Decimal(now.monthly_cents) / 100,
                "dollars_in": None if now.price_in is None else Decimal(now.price_in) / 100,
                "dollars_out": None if now.price_out is None else Decimal(now.price_out) / 100,
            },
        )

    def money(self) -> Money:
        return Money(
            daily_cents=_cents(self.daily_money.data),
            monthly_cents=_cents(self.monthly_money.data),
            price_in=None if self.dollars_in.data is None else _cents(self.dollars_in.data),
            price_out=None if self.dollars_out.data is None else _cents(self.dollars_out.data),
        )

    def validate_basis(self, field: TextAreaField) -> None:
        if self.is_on.data and not (field.data or "").strip():
            raise ValidationError("Record why images may be sent before you turn this on.")


class ConsentForm(FlaskForm):
    wording = StringField(
        "What the tick on the phone says", [Length(max=200, message="At most 200 characters.")]
    )


def _cents(dollars: Decimal) -> int:
    return round(dollars * 100)
