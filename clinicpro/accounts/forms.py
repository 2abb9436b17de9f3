"""Forms of setup, sign-in and the own account."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional

from clinicpro.accounts.models import ROLES

_SHORT = Length(max=254, message="That is too long.")


class SignInForm(FlaskForm):
    email = StringField("E-mail", [InputRequired("Type your e-mail address."), _SHORT])
    password = PasswordField("Password", [InputRequired("Type your password."), Length(max=1024)])


class SetupForm(FlaskForm):
    code = StringField("One-time code", [InputRequired("Type the code from the console."), _SHORT])
    practice_name = StringField(
        "Practice", [InputRequired("Give the practice's name."), Length(max=120)]
    )
    name = StringField("Your name", [InputRequired("Give the name as colleagues know it."), _SHORT])
    email = StringField("E-mail", [InputRequired("Type your e-mail address."), _SHORT])
    password = PasswordField("Password", [InputRequired("Choose a password."), Length(max=1024)])
    is_gp = BooleanField("I also see patients")


class PersonForm(FlaskForm):
    name = StringField("Name", [InputRequired("Give the name as colleagues know it."), _SHORT])
    email = StringField("E-mail", [InputRequired("Type the e-mail address."), _SHORT])
    password = PasswordField(
        "First password", [InputRequired("Choose a first password."), Length(max=1024)]
    )
    roles = SelectMultipleField("Roles", choices=ROLES)


class RolesForm(FlaskForm):
    roles = SelectMultipleField("Roles", choices=ROLES)
    is_disabled = BooleanField("Shut out")


class AccountForm(FlaskForm):
    old_password = PasswordField("Password now", [Optional(), Length(max=1024)])
    new_password = PasswordField("New password", [Optional(), Length(max=1024)])
    has_hot_keys = BooleanField("Single-key shortcuts")
