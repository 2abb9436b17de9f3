"""What a presign says it will send, and where it goes: a phone's pairing decides for a phone."""

from __future__ import annotations

from clinicpro.accounts.permissions import Actor
from clinicpro.api.fields import Given, invalid
from clinicpro.images.expecting import Sending
from clinicpro.phones.policy import consent_wording
from clinicpro.phones.sending import check_pace, place_for


def sending_of(actor: Actor, given: Given) -> Sending:
    """Raises Refusal (422), NotHere for somebody else's pairing, TooManyTries."""
    consultation_id = given.uuid("sessionId")
    place = place_for(actor, given.uuid("takenUnder"))
    if place is not None and consultation_id is not None:
        raise invalid("The pairing says where the image goes: leave sessionId out.")
    if place is not None:
        check_pace(place.pairing_id)
    return Sending(
        filename=given.text("filename") or "",
        mime_type=(given.text("mimeType") or "").strip().lower(),
        size=given.integer("size") or 0,
        sha256=given.text("sha256") or "",
        consultation_id=place.consultation_id if place else consultation_id,
        pairing_id=place.pairing_id if place else None,
        device=place.device if place else None,
        body_site=given.text("bodySite"),
        laterality=given.text("laterality"),
        view=given.text("view"),
        label=(given.text("label") or "").strip(),
        photo_consent=consent_wording() if given.boolean("photoConsent") else None,
    )
