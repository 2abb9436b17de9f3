"""Which images a gallery page shows: read from the URL, written back into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_

from clinicpro.db import utc_now
from clinicpro.formats import NZ
from clinicpro.images.models import Image
from clinicpro.images.vocabulary import BODY_SITES
from clinicpro.patients.models import Patient

DAYS = {"today": 0, "week": 6, "month": 29}  # how many days before today are in it


@dataclass(frozen=True)
class Filters:
    """Every field empty means all of one's images. `since` and `until` are New Zealand days."""

    scope: str = "everyone"  # everyone, consultation, patient, tray
    source: str = ""
    body_site: str = ""
    analysed: str = ""
    dates: str = ""
    q: str = ""
    consultation_id: UUID | None = None
    patient_id: UUID | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def from_args(
        cls, args: Mapping[str, str], consultation_id: UUID | None, patient_id: UUID | None
    ) -> Filters:
        """What the URL asks for; what it cannot mean is left out. The ids are the current ones."""
        scope = _one_of(args.get("scope"), ("consultation", "patient", "tray")) or "everyone"
        return cls(
            scope=scope,
            source=_one_of(args.get("source"), ("consultation", "mobile")),
            body_site=_one_of(args.get("body_site"), tuple(BODY_SITES)),
            analysed=_one_of(args.get("analysed"), ("yes", "no")),
            dates=_one_of(args.get("dates"), tuple(DAYS)),
            q=args.get("q", "").strip()[:100],
            consultation_id=consultation_id if scope == "consultation" else None,
            patient_id=patient_id if scope == "patient" else None,
        )

    @property
    def query(self) -> str:
        """The URL's query for these filters, empty for none."""
        named = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in ("scope", "source", "body_site", "analysed", "dates", "q")
        }
        if named["scope"] == "everyone":
            del named["scope"]
        return urlencode({name: value for name, value in named.items() if value})

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the rows must fulfil; Patient is joined in."""
        return [
            *self._whose(),
            *self._what(),
            *([] if not self.q else [_matches(self.q)]),
            *self._when(),
        ]

    def _whose(self) -> list[ColumnElement[bool]]:
        match self.scope:
            case "tray":
                return [Image.consultation_id.is_(None)]
            case "consultation":
                return [
                    Image.consultation_id == self.consultation_id
                    if self.consultation_id
                    else false()
                ]
            case "patient":
                return [Patient.id == self.patient_id if self.patient_id else false()]
        return []

    def _what(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.source:
            is_phone = Image.pairing_id.is_not(None)
            found.append(is_phone if self.source == "mobile" else ~is_phone)
        if self.body_site:
            found.append(Image.body_site == self.body_site)
        if self.analysed:
            is_analysed = Image.analysed_at.is_not(None)
            found.append(is_analysed if self.analysed == "yes" else ~is_analysed)
        return found

    def _when(self) -> list[ColumnElement[bool]]:
        today = utc_now().astimezone(NZ).date()
        since = today - timedelta(days=DAYS[self.dates]) if self.dates else self.since
        found: list[ColumnElement[bool]] = []
        if since:
            found.append(Image.uploaded_at >= _midnight(since))
        if self.until:
            found.append(Image.uploaded_at < _midnight(self.until + timedelta(days=1)))
        return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NZ)


def _one_of(value: str | None, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else ""


def _matches(text: str) -> ColumnElement[bool]:
    """Name, NHI, label, file name or body site hold the text; % and _ stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    columns = (Patient.name, Patient.nhi, Image.label, Image.filename, Image.remark)
    sites = [slug for slug, (label, _) in BODY_SITES.items() if text.casefold() in label.casefold()]
    return or_(
        *(column.ilike(f"%{escaped}%", escape="\\") for column in columns),
        Image.body_site.in_(sites),
    )
