"""What a person says about an image."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from clinicpro.images.vocabulary import SIDES, VIEWS, site_choices


class DetailsForm(FlaskForm):
    body_site = SelectField("Body site", [Optional()], choices=[("", "Not said"), *site_choices()])
    laterality = SelectField(
        "Side",
        [Optional()],
        choices=[("", "Not said"), *((slug, label) for slug, (label, _) in SIDES.items())],
    )
    view = SelectField(
        "View",
        [Optional()],
        choices=[("", "Not said"), *((slug, label.capitalize()) for slug, label in VIEWS.items())],
    )
    label = StringField("Label", [Length(max=80, message="At most 80 characters.")])
    remark = TextAreaField("Remark", [Length(max=2000, message="At most 2,000 characters.")])
