"""Times, dates and sizes as people in New Zealand read them; the templates' filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

NZ = ZoneInfo("Pacific/Auckland")


def nz_time(moment: datetime) -> str:
    local = moment.astimezone(NZ)
    return f"{local.hour:02}:{local.minute:02}"


def nz_today() -> date:
    return datetime.now(UTC).astimezone(NZ).date()


def as_nz_date(moment: date) -> date:
    return moment.astimezone(NZ).date() if isinstance(moment, datetime) else moment


def nz_date(moment: date) -> str:
    day = as_nz_date(moment)
    return f"{day:%A} {day.day} {day:%B %Y}"


def nz_day(moment: date) -> str:
    day = as_nz_date(moment)
    ago = (nz_today() - day).days
    if ago in (0, 1):
        return ("Today", "Yesterday")[ago]
    return f"{day:%A} {day.day} {day:%B}"


def short_date(moment: date) -> str:
    day = as_nz_date(moment)
    return f"{day.day} {day:%b %Y}"


def age(born: date) -> int:
    """Whole years at today's date in New Zealand."""
    today = nz_today()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def megabytes(size: int) -> str:
    """Bytes as people read them: 412 kB, 3.4 MB (decimal, as phones and portals count)."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{size / 1_000_000:.1f} MB"


def short_id(row_id: UUID) -> str:
    return str(row_id)[:8]


FILTERS: dict[str, Callable[..., object]] = {
    "nz_time": nz_time,
    "nz_date": nz_date,
    "nz_day": nz_day,
    "short_date": short_date,
    "age": age,
    "megabytes": megabytes,
    "short_id": short_id,
}
