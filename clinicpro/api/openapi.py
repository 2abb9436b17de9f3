"""The OpenAPI 3.1 document, generated from the same table that checks the requests."""

from __future__ import annotations

from dataclasses import dataclass

from clinicpro.api.fields import ANALYZE, DOWNLOAD, LIST, PRESIGN, RECEIPT, Field
from clinicpro.api.schemas import COUNT, ID, SCHEMAS, TEXT, YES_NO, Json, object_of, ref, text_of

VERSION = "1"


@dataclass(frozen=True)
class Route:
    """One operation: `answers` are status, words and the schema's name."""

    method: str
    path: str
    name: str
    about: str
    answers: tuple[tuple[int, str, str], ...]
    fields: tuple[Field, ...] = ()
    needs_token: bool = False
    streams: bool = False


def _errors(*some: tuple[int, str]) -> tuple[tuple[int, str, str], ...]:
    everywhere = ((401, "Not signed in."), (403, "Not permitted, or the token is missing."))
    return tuple((status, words, "Error") for status, words in (*everywhere, *some))


_PRESIGNED = (
    (201, "PUT exactly these bytes to `uploadUrl` with `headers`, once.", "Ticket"),
    (200, "These bytes are there already.", "Ticket"),
    *_errors(
        (404, "No such consultation of yours."),
        (413, "Larger than 30 MB."),
        (415, "Not a kind of image that is kept."),
        (422, "A value is missing or can't be meant."),
        (429, "A phone sends too many: wait as Retry-After says."),
        (507, "The disk is nearly full."),
    ),
)
_NOT_HERE = (404, "Unknown, or somebody else's.")
ROUTES = (
    Route(
        "get", "/api/clinical-images/list", "listImages", "One's own images, newest first.",
        ((200, "One page.", "ImageList"), *_errors(_NOT_HERE, (422, "A value can't be meant."))),
        LIST,
    ),
    Route(
        "post", "/api/uploads/presign", "presign", "Permission to send one image.",
        _PRESIGNED, PRESIGN, needs_token=True,
    ),
    Route(
        "get", "/api/uploads/presign", "presignByGet", "The same with the values in the query.",
        _PRESIGNED, PRESIGN, needs_token=True,
    ),
    Route(
        "post", "/api/uploads/{imageId}/receipt", "receipt",
        "After the PUT: checked, decoded and made durable. Only then it is saved.",
        ((200, "Saved.", "ImageAnswer"),
         *_errors(_NOT_HERE, (409, "Nothing has arrived yet."), (422, "Rejected, with why."))),
        RECEIPT, needs_token=True,
    ),
    Route(
        "get", "/api/uploads/download", "download", "The original, as an attachment.",
        ((200, "A link.", "Download"), *_errors(_NOT_HERE, (422, "Give one of id and key."))),
        DOWNLOAD,
    ),
    Route(
        "post", "/api/clinical-images/analyze", "analyze",
        "Have an image described. With `Accept: text/event-stream` the answer is a stream: events "
        "`text` (`{text}` so far), then `end` (`{analysis}`); `closed` says that it is over.",
        ((202, "Asked for.", "AnalysisAnswer"),
         *_errors(_NOT_HERE, (409, "Off, running, at the cap, or no consent."),
                  (422, "A value is missing or can't be meant."))),
        ANALYZE, needs_token=True, streams=True,
    ),
    Route(
        "get", "/api/analyses/{analysisId}", "showAnalysis", "One description as it stands.",
        ((200, "As it stands.", "AnalysisAnswer"), *_errors(_NOT_HERE)),
    ),
    Route(
        "post", "/api/analyses/{analysisId}/stop", "stopAnalysis", "Stop it; its text stays.",
        ((200, "Stopped, or ended before.", "AnalysisAnswer"), *_errors(_NOT_HERE)),
        needs_token=True,
    ),
)  # fmt: skip


def document() -> Json:
    """The whole description, OpenAPI 3.1."""
    paths: dict[str, dict[str, Json]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "ClinicPro Clinical Images", "version": VERSION},
        "paths": paths,
        "security": [{"signIn": []}],
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "signIn": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "clinicpro",
                    "description": "The sign-in's cookie; its name ends in the instance's id.",
                }
            },
        },
    }


def _operation(route: Route) -> Json:
    parameters = [*_in_path(route.path), *([_TOKEN] if route.needs_token else [])]
    responses = {str(status): _answer(words, name) for status, words, name in route.answers}
    if route.streams:
        responses["200"] = STREAM
    operation: dict[str, object] = {
        "operationId": route.name,
        "summary": route.about,
        "responses": responses,
    }
    if route.method == "get":
        parameters += [_parameter(field) for field in route.fields]
    elif route.fields:
        body = object_of(
            tuple(field.name for field in route.fields if field.is_required),
            **{field.name: _schema(field) for field in route.fields},
        )
        strict = {"schema": {**body, "additionalProperties": False}}
        kinds = ("application/json", "application/x-www-form-urlencoded")
        is_required = any(field.is_required for field in route.fields)
        content = dict.fromkeys(kinds, strict)
        operation["requestBody"] = {"required": is_required, "content": content}
    if parameters:
        operation["parameters"] = parameters
    return operation


_TOKEN: Json = {
    "name": "X-CSRFToken",
    "in": "header",
    "required": True,
    "schema": TEXT,
    "description": "From the page's meta element, or from GET /login/token.",
}
STREAM: Json = {"description": "The stream.", "content": {"text/event-stream": {}}}


def _in_path(path: str) -> list[Json]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": ID} for name in names]


def _parameter(field: Field) -> Json:
    return {
        "name": field.name,
        "in": "query",
        "required": field.is_required,
        "schema": _schema(field),
    }


def _schema(field: Field) -> Json:
    kinds: dict[str, Json] = {
        "text": {"type": "string", "maxLength": field.longest},
        "integer": COUNT,
        "boolean": YES_NO,
        "uuid": ID,
        "date": text_of(format="date"),
    }
    choices: Json = {"enum": list(field.choices)} if field.choices else {}
    return {**kinds[field.kind], **choices, "description": field.about}


def _answer(words: str, name: str) -> Json:
    return {"description": words, "content": {"application/json": {"schema": ref(name)}}}
