"""What each JSON route takes: one table that checks requests and describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from flask import abort, request

from clinicpro.answers import Refusal
from clinicpro.images.vocabulary import BODY_SITES, SIDES, VIEWS

Kind = Literal["text", "integer", "boolean", "uuid", "date"]
YES, NO = ("true", "1", "yes", "y", "on"), ("false", "0", "no", "n", "off")


@dataclass(frozen=True)
class Field:
    """One value of a request; `longest` counts characters of a text."""

    name: str
    kind: Kind
    about: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    longest: int = 200


LIST = (
    Field("limit", "integer", "How many images, 1 to 100; 60 when absent."),
    Field("cursor", "text", "`nextCursor` of the answer before.", longest=300),
    Field("sessionId", "uuid", "Only images of this consultation."),
    Field("patientId", "uuid", "Only images of this patient."),
    Field("source", "text", "Where it was added.", choices=("consultation", "mobile")),
    Field("bodySite", "text", "Only this body site.", choices=tuple(BODY_SITES)),
    Field("analysed", "boolean", "Only images with, or without, a finished description."),
    Field("from", "date", "Added on this New Zealand day or later."),
    Field("to", "date", "Added on this New Zealand day or earlier."),
    Field("q", "text", "In name, NHI, label, file name, remark or body site.", longest=100),
)
WAITING = Field("waiting", "integer", "Images that the phone still holds, not yet saved.")
PRESIGN = (
    Field("filename", "text", "The name on the sender's device.", is_required=True, longest=4096),
    Field("mimeType", "text", "As declared; the content decides later.", is_required=True),
    Field("size", "integer", "Bytes, at most 31457280.", is_required=True),
    Field("sha256", "text", "SHA-256 of the bytes, in base64.", is_required=True),
    Field("sessionId", "uuid", "The consultation; absent: the unassigned tray. Not for a phone."),
    Field("bodySite", "text", "Where on the body.", choices=tuple(BODY_SITES)),
    Field("laterality", "text", "Which side.", choices=tuple(SIDES)),
    Field("view", "text", "Which view.", choices=tuple(VIEWS)),
    Field("label", "text", "Own words.", longest=80),
    Field("photoConsent", "boolean", "The patient agreed to the photo, as the practice words it."),
    Field("takenUnder", "uuid", "The pairing a phone took it under; absent: the present one."),
    WAITING,
)
RECEIPT = (WAITING,)
DOWNLOAD = (
    Field("id", "uuid", "The image; or `key`."),
    Field("key", "text", "The image's key; or `id`."),
)
ANALYZE = (
    Field("imageId", "uuid", "The image; or `imageKey`."),
    Field("imageKey", "text", "The image's key; or `imageId`."),
    Field("promptId", "text", "A prompt, such as `general`; absent: what the image's kind has."),
    Field("prompt", "text", "Own words beside the prompt.", longest=500),
    Field("context", "text", "Clinical context.", longest=2000),
    Field("earlierImageId", "uuid", "The patient's earlier image, to compare with."),
    Field("consent", "boolean", "Must be true: the image, or both, may go to the model."),
)


def invalid(what: str) -> Refusal:
    return Refusal("That request can't be meant", what, "invalid", 422)


class Given:
    """The values of one request, each read by the kind its field says; absent is None."""

    def __init__(self, fields: tuple[Field, ...], values: Mapping[str, object]) -> None:
        self._fields = {field.name: field for field in fields}
        unknown = sorted(values.keys() - self._fields.keys())
        if unknown:
            raise invalid(f"It takes {', '.join(self._fields)} and nothing else.")
        self._values = {name: value for name, value in values.items() if value is not None}
        for field in fields:
            if field.is_required and field.name not in self._values:
                raise invalid(f"{field.name} is missing.")

    @classmethod
    def of_request(cls, fields: tuple[Field, ...]) -> Given:
        """Query of a GET, otherwise the JSON object or the form. Raises Refusal (422), 400, 413."""
        if request.method in ("GET", "HEAD"):
            return cls(fields, _single(request.args.to_dict(flat=False)))
        if request.is_json:
            return cls(fields, _json_object())
        values = _single(request.form.to_dict(flat=False))
        values.pop("csrf_token", None)
        return cls(fields, values)

    def text(self, name: str) -> str | None:
        field, value = self._fields[name], self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not _can_be_stored(value):
            raise invalid(f"{name} must be a text.")
        if len(value) > field.longest:
            raise invalid(f"{name} has at most {field.longest} characters.")
        if field.choices and value not in field.choices:
            raise invalid(f"{name} is one of {', '.join(field.choices)}.")
        return value

    def integer(self, name: str) -> int | None:
        value = self._values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
            value = int(value)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise invalid(f"{name} must be a whole number, not below 0.")
        return value

    def boolean(self, name: str) -> bool | None:
        value = self._values.get(name)
        if isinstance(value, str) and value.lower() in YES + NO:
            value = value.lower() in YES
        if value is not None and not isinstance(value, bool):
            raise invalid(f"{name} must be true or false.")
        return value

    def uuid(self, name: str) -> UUID | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return UUID(text)
        except ValueError as error:
            raise invalid(f"{name} must be an id.") from error

    def date(self, name: str) -> date | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise invalid(f"{name} must be a day such as 2026-11-24.") from error


def _single(values: Mapping[str, list[str]]) -> dict[str, object]:
    twice = sorted(name for name, several in values.items() if len(several) > 1)
    if twice:
        raise invalid(f"{twice[0][:40]} is there more than once.")
    return {name: several[0] for name, several in values.items()}


def _json_object() -> dict[str, object]:
    try:
        value = request.get_json()
    except RecursionError:  # nested thousands deep: nothing of ours is
        abort(400)
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    return value


def _can_be_stored(text: str) -> bool:
    """Neither engine takes half a surrogate pair, PostgreSQL no NUL."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
