"""The form of a patient's identity: NHI, name, date of birth."""

from __future__ import annotations

from datetime import date

from flask_wtf import FlaskForm
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinicpro.formats import nz_today
from clinicpro.patients import nhi
from clinicpro.patients.operations import Identity

EARLIEST = date(1900, 1, 1)
WRITTEN = ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d"]  # the first is how it is shown


class DayField(DateField):
    """A day as people here type it: day/month/year."""

    data: date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError as error:
            raise ValueError("Type it as day/month/year, for example 3/11/1961.") from error


class PatientForm(FlaskForm):
    nhi = StringField("NHI", [InputRequired("Type the NHI."), Length(max=20)])
    name = StringField(
        "Name",
        [
            InputRequired("Give the name as it stands in the records."),
            Length(max=120, message="At most 120 characters."),
        ],
    )
    date_of_birth = DayField("Date of birth", [Optional()], format=WRITTEN)

    def validate_nhi(self, field: StringField) -> None:
        problem = nhi.problem(nhi.clean(field.data or ""))
        if problem:
            raise ValidationError(problem)

    def validate_name(self, field: StringField) -> None:
        if not (field.data or "").strip() or not field.data.isprintable():
            raise ValidationError("Give the name as it stands in the records.")

    def validate_date_of_birth(self, field: DayField) -> None:
        if field.data and not EARLIEST <= field.data <= nz_today():
            raise ValidationError("That day can’t be a date of birth. Look at the year again.")

    @property
    def identity(self) -> Identity:
        """What was typed; call it after the form was found valid."""
        return Identity(self.nhi.data, self.name.data, self.date_of_birth.data)
