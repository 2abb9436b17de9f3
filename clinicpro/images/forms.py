"""What a person says about an image."""

from __future__ import annotations

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from clinicpro.images.vocabulary import SIDES, VIEWS, site_choices


def _choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in (("", "Not said"), *pairs)]


class DetailsForm(FlaskForm):
    body_site = SelectField("Body site", [Optional()], choices=_choices(site_choices()))
    laterality = SelectField(
        "Side",
        [Optional()],
        choices=_choices((slug, label) for slug, (label, _) in SIDES.items()),
    )
    view = SelectField(
        "View",
        [Optional()],
        choices=_choices((slug, label.capitalize()) for slug, label in VIEWS.items()),
    )
    label = StringField("Label", [Length(max=80, message="At most 80 characters.")])
    remark = TextAreaField("Remark", [Length(max=2000, message="At most 2,000 characters.")])
