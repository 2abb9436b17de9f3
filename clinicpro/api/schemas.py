"""The shapes of the JSON answers, as the OpenAPI document names them."""

from __future__ import annotations

from collections.abc import Mapping

from clinicpro.images.vocabulary import BODY_SITES, SIDES, VIEWS

Json = Mapping[str, object]


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(required: tuple[str, ...], **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


def text_of(about: str = "", **more: object) -> Json:
    return {"type": "string", **({"description": about} if about else {}), **more}


TEXT = text_of()
ID = text_of(format="uuid")
MOMENT = text_of(format="date-time")
LINK = text_of("Signed; hand it to nobody.", format="uri")
COUNT: Json = {"type": "integer", "minimum": 0}
MAYBE_COUNT: Json = {"type": ["integer", "null"], "minimum": 0}
YES_NO: Json = {"type": "boolean"}
IMAGE_STATES = ["expected", "ready", "rejected", "expired"]
ANALYSIS_STATES = [
    *("queued", "running", "finished", "stopped", "incomplete", "refused", "failed"),
    "interrupted",
]

SCHEMAS: Json = {
    "ServerImage": object_of(
        ("id", "key", "filename", "mimeType", "size", "uploadedAt", "source", "width", "height",
         "analysed", "state"),
        id=ID,
        key=text_of("Where the store keeps it; made by the server."),
        filename=TEXT,
        mimeType=TEXT,
        size=COUNT,
        uploadedAt=MOMENT,
        source=text_of(enum=["consultation", "mobile"]),
        sessionId=text_of("The consultation; absent in the unassigned tray.", format="uuid"),
        tokenId=text_of("The phone's pairing.", format="uuid"),
        width=MAYBE_COUNT,
        height=MAYBE_COUNT,
        takenAt=text_of("The camera's own clock, without a zone."),
        thumbnailUrl=LINK,
        bodySite=text_of(enum=list(BODY_SITES)),
        laterality=text_of(enum=list(SIDES)),
        view=text_of(enum=list(VIEWS)),
        label=TEXT,
        analysed=YES_NO,
        state=text_of(enum=IMAGE_STATES),
    ),
    "Analysis": object_of(
        ("id", "imageId", "state", "text", "model", "promptVersion", "requestedAt"),
        id=ID,
        imageId=ID,
        state=text_of(enum=ANALYSIS_STATES),
        text=text_of("A draft until a clinician accepts it."),
        model={"type": ["string", "null"], "description": "The one that answered."},
        promptId=TEXT,
        promptVersion=COUNT,
        earlierImageId=text_of("The image it was compared with.", format="uuid"),
        requestedAt=MOMENT,
        endedAt=MOMENT,
        tokensIn=COUNT,
        tokensOut=COUNT,
        message=text_of("What went wrong and what to do."),
    ),
    "Ticket": object_of(
        ("imageId",),
        imageId=ID,
        duplicate={"const": True, "description": "These bytes are there already."},
        key=TEXT,
        uploadUrl=LINK,
        headers={"type": "object", "additionalProperties": TEXT},
        expiresAt=MOMENT,
    ),
    "Error": object_of(
        ("error", "code", "requestId"),
        error=text_of("A sentence for people: what happened and what to do."),
        code=text_of("A word for programs."),
        requestId=TEXT,
    ),
    "ImageList": object_of(
        ("images", "count", "nextCursor"),
        images={"type": "array", "items": ref("ServerImage")},
        count={**COUNT, "description": "Images in this answer."},
        nextCursor={"type": ["string", "null"]},
    ),
    "ImageAnswer": object_of(("image",), image=ref("ServerImage")),
    "AnalysisAnswer": object_of(("analysis",), analysis=ref("Analysis")),
    "Download": object_of(("downloadUrl", "expiresAt"), downloadUrl=LINK, expiresAt=MOMENT),
}  # fmt: skip
