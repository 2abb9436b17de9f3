"""An image as screens show it: its row, its patient's name, and links that the store signs."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from clinicpro.formats import NZ
from clinicpro.gateways import Store
from clinicpro.images.models import READY, Image
from clinicpro.images.vocabulary import VIEWS, place


@dataclass(frozen=True)
class Asked:
    """Who looks, when, and in which consultation: what a card depends on beside its row."""

    store: Store
    now: datetime
    current_id: UUID | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One image for the templates and the API. Links are computed, never fetched."""

    row: Image
    patient_name: str | None
    nhi: str | None
    asked: Asked

    dom_name = "image"

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def site_label(self) -> str:
        row = self.row
        return place(row.body_site, row.laterality) or row.label or row.filename

    @property
    def view_label(self) -> str:
        return VIEWS.get(self.row.view or "", "")

    @property
    def alt_text(self) -> str:
        label = self.site_label + (f", {self.view_label}" if self.view_label else "")
        return f"{label}, added {self.uploaded_at.astimezone(NZ):%d.%m. %H:%M}"

    @property
    def source(self) -> str:
        return self.row.source

    @property
    def source_label(self) -> str:
        return "Phone" if self.row.pairing_id else "Desk"

    @property
    def is_current(self) -> bool:
        return (
            self.row.consultation_id is not None
            and self.row.consultation_id == self.asked.current_id
        )

    @property
    def is_analysed(self) -> bool:
        return self.row.analysed_at is not None

    @property
    def uploaded_at(self) -> datetime:
        return self.row.uploaded_at

    @property
    def day(self) -> date:
        """The New Zealand day it was added on."""
        return self.row.uploaded_at.astimezone(NZ).date()

    @property
    def thumb_url(self) -> str:
        return self.link(self.row.thumb_key)

    @property
    def view_url(self) -> str:
        """The view; until the worker has made it, the thumbnail."""
        return self.link(self.row.view_key if self.row.has_derivatives else self.row.thumb_key)

    @property
    def full_url(self) -> str | None:
        return self.link(self.row.full_key) if self.row.has_derivatives else None

    def link(self, key: str) -> str:
        """A signed link to one of the image's derivatives."""
        return self.asked.store.presign_get(key, now=self.asked.now)

    @property
    def sha256_hex(self) -> str:
        return base64.b64decode(self.row.sha256).hex()

    @property
    def sha256_short(self) -> str:
        text = self.sha256_hex
        return f"{text[:4]} {text[4:8]} … {text[-4:]}"

    @property
    def is_preparing(self) -> bool:
        return self.row.is_preparing

    @property
    def is_ready(self) -> bool:
        return self.row.state == READY

    # What the row says as it is.
    @property
    def state(self) -> str:
        return self.row.state

    @property
    def reason(self) -> str | None:
        return self.row.reason

    @property
    def filename(self) -> str:
        return self.row.filename

    @property
    def size(self) -> int:
        return self.row.size

    @property
    def width(self) -> int | None:
        return self.row.width

    @property
    def height(self) -> int | None:
        return self.row.height

    @property
    def taken_at(self) -> datetime | None:
        return self.row.taken_at

    @property
    def is_trashed(self) -> bool:
        return self.row.is_trashed

    @property
    def consultation_id(self) -> UUID | None:
        return self.row.consultation_id

    @property
    def remark(self) -> str | None:
        return self.row.remark
