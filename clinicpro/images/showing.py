"""An image as screens show it: its row, its patient's name, and links that the store signs."""

from __future__ import annotations

import base64
from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID

from clinicpro.formats import NZ, nz_time
from clinicpro.gateways import Store
from clinicpro.images.models import READY, derivative_key, is_preparing, source_of
from clinicpro.images.vocabulary import VIEWS, place


@dataclass(frozen=True)
class Asked:
    """Who looks, when, and in which consultation: what a card depends on beside its row."""

    store: Store
    now: datetime
    current_id: UUID | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One image for the templates and the API; links are computed, never fetched.

    From `id` to `reason` the columns of the image's row, in the order they are asked for: a page
    draws sixty of these, and rows that the session watches cost it as much as the drawing.
    """

    asked: Asked
    id: UUID
    key: str
    filename: str
    mime_type: str
    size: int
    sha256: str
    state: str
    consultation_id: UUID | None
    pairing_id: UUID | None
    width: int | None
    height: int | None
    taken_at: datetime | None
    uploaded_at: datetime
    analysed_at: datetime | None
    trashed_at: datetime | None
    has_derivatives: bool
    view_size: int | None
    view_width: int | None
    view_height: int | None
    body_site: str | None
    laterality: str | None
    view: str | None
    label: str | None
    remark: str | None
    device: str | None
    photo_consent: str | None
    photo_consent_at: datetime | None
    reason: str | None
    patient_name: str | None
    nhi: str | None

    @property
    def dom_name(self) -> str:
        return "image"

    @property
    def site_label(self) -> str:
        return place(self.body_site, self.laterality) or self.label or self.filename

    @property
    def view_label(self) -> str:
        return VIEWS.get(self.view or "", "")

    @property
    def alt_text(self) -> str:
        at = self.uploaded_at.astimezone(NZ)
        view = f", {self.view_label}" if self.view else ""
        return f"{self.site_label}{view}, added {at.day:02}.{at.month:02}. {nz_time(at)}"

    @property
    def source(self) -> str:
        return source_of(self.pairing_id)

    @property
    def source_label(self) -> str:
        return "Phone" if self.pairing_id else "Desk"

    @property
    def is_current(self) -> bool:
        return self.consultation_id is not None and self.consultation_id == self.asked.current_id

    @property
    def is_analysed(self) -> bool:
        return self.analysed_at is not None

    @property
    def is_trashed(self) -> bool:
        return self.trashed_at is not None

    @property
    def is_ready(self) -> bool:
        return self.state == READY

    @property
    def is_preparing(self) -> bool:
        return is_preparing(self.state, self.has_derivatives, self.reason)

    @property
    def view_pixels(self) -> int:
        return (self.view_width or 0) * (self.view_height or 0)

    @property
    def day(self) -> date:
        """The New Zealand day it was added on."""
        return self.uploaded_at.astimezone(NZ).date()

    @property
    def thumb_url(self) -> str:
        return self.link(derivative_key(self.id, "thumb"))

    @property
    def view_url(self) -> str:
        """The view; until the worker has made it, the thumbnail."""
        kind = "view" if self.has_derivatives else "thumb"
        return self.link(derivative_key(self.id, kind))

    @property
    def full_url(self) -> str | None:
        return self.link(derivative_key(self.id, "full")) if self.has_derivatives else None

    def link(self, key: str) -> str:
        """A signed link to one of the image's derivatives."""
        return self.asked.store.presign_get(key, now=self.asked.now)

    @property
    def sha256_hex(self) -> str:
        return base64.b64decode(self.sha256).hex()

    @property
    def sha256_short(self) -> str:
        text = self.sha256_hex
        return f"{text[:4]} {text[4:8]} … {text[-4:]}"


COLUMNS = tuple(field.name for field in fields(Shown))[1:-2]  # those of the image's own row
