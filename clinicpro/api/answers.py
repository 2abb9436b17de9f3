"""The JSON shapes of the API's answers, made from what the rooms give."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from clinicpro.analyses.models import Analysis
from clinicpro.images.expecting import Expected
from clinicpro.images.models import Image
from clinicpro.images.showing import Shown
from clinicpro.web import own_origin


class ServerImage(TypedDict):
    """One image; absent keys are not known."""

    id: str
    key: str
    filename: str
    mimeType: str
    size: int
    uploadedAt: str
    source: str
    sessionId: NotRequired[str]
    tokenId: NotRequired[str]
    width: int | None
    height: int | None
    takenAt: NotRequired[str]
    thumbnailUrl: NotRequired[str]
    bodySite: NotRequired[str]
    laterality: NotRequired[str]
    view: NotRequired[str]
    label: NotRequired[str]
    analysed: bool
    state: str


class Ticket(TypedDict):
    """What a sender needs for the PUT; with `duplicate` it has nothing to send."""

    imageId: str
    duplicate: NotRequired[bool]
    key: NotRequired[str]
    uploadUrl: NotRequired[str]
    headers: NotRequired[dict[str, str]]
    expiresAt: NotRequired[str]


class ServerAnalysis(TypedDict):
    """One run; `text` is a draft until a clinician accepts it, `model` the one that answered."""

    id: str
    imageId: str
    state: str
    text: str
    model: str | None
    promptId: str
    promptVersion: int
    earlierImageId: NotRequired[str]
    requestedAt: str
    endedAt: NotRequired[str]
    tokensIn: NotRequired[int]
    tokensOut: NotRequired[int]
    message: NotRequired[str]


def server_image(image: Shown) -> ServerImage:
    """`uploadedAt` is UTC, `takenAt` the camera's own clock; sizes in bytes and pixels."""
    answer = _facts(image)
    answer["analysed"] = image.is_analysed
    if image.consultation_id:
        answer["sessionId"] = str(image.consultation_id)
    if image.taken_at:
        answer["takenAt"] = image.taken_at.isoformat()
    if image.is_ready:
        answer["thumbnailUrl"] = own_origin() + image.thumb_url
    if image.body_site:
        answer["bodySite"] = image.body_site
    if image.laterality:
        answer["laterality"] = image.laterality
    if image.view:
        answer["view"] = image.view
    if image.label:
        answer["label"] = image.label
    return answer


def sent_image(image: Image) -> ServerImage:
    """What a phone hears of what it sent: its facts, no link to see anything by."""
    return _facts(image)


def _facts(image: Image | Shown) -> ServerImage:
    answer: ServerImage = {
        "id": str(image.id),
        "key": image.key,
        "filename": image.filename,
        "mimeType": image.mime_type,
        "size": image.size,
        "uploadedAt": image.uploaded_at.isoformat(),
        "source": image.source,
        "width": image.width,
        "height": image.height,
        "analysed": False,
        "state": image.state,
    }
    if image.pairing_id:
        answer["tokenId"] = str(image.pairing_id)
    return answer


def ticket(expected: Expected) -> Ticket:
    if expected.put is None:
        return {"imageId": str(expected.image_id), "duplicate": True}
    return {
        "imageId": str(expected.image_id),
        "key": expected.key,
        "uploadUrl": own_origin() + expected.put.path,
        "headers": expected.put.headers,
        "expiresAt": expected.put.expires_at.isoformat(),
    }


def server_analysis(row: Analysis) -> ServerAnalysis:
    answer: ServerAnalysis = {
        "id": str(row.id),
        "imageId": str(row.image_id),
        "state": row.state,
        "text": row.text,
        "model": row.model,
        "promptId": row.prompt_slug,
        "promptVersion": row.prompt_version,
        "requestedAt": row.requested_at.isoformat(),
    }
    if row.earlier_image_id:
        answer["earlierImageId"] = str(row.earlier_image_id)
    if row.ended_at:
        answer["endedAt"] = row.ended_at.isoformat()
    if row.tokens_in is not None:
        answer["tokensIn"] = row.tokens_in
    if row.tokens_out is not None:
        answer["tokensOut"] = row.tokens_out
    if row.message:
        answer["message"] = row.message
    return answer
