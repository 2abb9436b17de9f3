"""What the manager sees: health, people, and the audit in words."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from clinicpro.accounts.models import SignIn, User
from clinicpro.accounts.permissions import PHONE, Actor
from clinicpro.accounts.queries import users
from clinicpro.analyses.pricing import CENT, dollars, list_price
from clinicpro.analyses.queries import policy, used_this_month
from clinicpro.audit.models import AuditEvent, AuditHead
from clinicpro.db import db, utc_now
from clinicpro.formats import megabytes
from clinicpro.gateways import Store
from clinicpro.health import LATE, last_beat
from clinicpro.images.models import READY, Image
from clinicpro.jobs import Job
from clinicpro.practice.words import deed
from clinicpro.settings import Settings

TRAIL = 50  # events on one page
FULL = 90  # percent of the disk from which on the manager is told


@dataclass(frozen=True)
class Fact:
    """One thing that is well or not; `percent` draws a gauge."""

    label: str
    value: str
    note: str = ""
    percent: int | None = None
    is_well: bool = True


@dataclass(frozen=True)
class Health:
    checked_at: datetime
    facts: list[Fact]

    @property
    def is_well(self) -> bool:
        return all(fact.is_well for fact in self.facts)


def health(settings: Settings, store: Store) -> Health:
    """How the practice's machine is; asks the store, which may take 2 s."""
    facts = [_disk(settings), _images(), _store(store), _worker(), _jobs(), _record()]
    return Health(utc_now(), [*facts, _place(settings)])


def _disk(settings: Settings) -> Fact:
    usage = shutil.disk_usage(settings.data)
    percent = round(100 * (1 - usage.free / usage.total))
    return Fact(
        "Disk",
        f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB free",
        "Uploads stop at 5 % free, so that the record never runs out of room.",
        percent,
        percent < FULL,
    )


def _images() -> Fact:
    count, size = db.session.execute(
        select(func.count(Image.id), func.coalesce(func.sum(Image.size), 0)).where(
            Image.state == READY
        )
    ).one()
    return Fact("Images", f"{count:,}", f"{megabytes(size)} of originals" if count else "")


def _store(store: Store) -> Fact:
    if store.is_up():
        return Fact("Image store", "Answers")
    return Fact("Image store", "No answer", "Images can’t be added or shown.", is_well=False)


def _worker() -> Fact:
    beaten = last_beat()
    if beaten is not None and utc_now() - beaten <= LATE:
        return Fact("Worker", "Works")
    note = "Descriptions wait, and so do images whose sender left. Restart ClinicPro."
    return Fact("Worker", "Stands still", note, is_well=False)


def _jobs() -> Fact:
    waiting, failed = db.session.execute(
        select(
            func.count(Job.id).filter(Job.subject != "", Job.failed_at.is_(None)),
            func.count(Job.id).filter(Job.failed_at.is_not(None)),
        )
    ).one()
    note = f"{failed} could not be done" if failed else ""
    return Fact("Work waiting", f"{waiting:,}", note, is_well=not failed)


def _record() -> Fact:
    return Fact("Audit record", f"{chain_length():,} events", "Check the chain below.")


def _place(settings: Settings) -> Fact:
    database = "SQLite" if settings.is_sqlite else "PostgreSQL"
    if settings.store == "bundled":
        return Fact("Where the data lives", "This server", f"{settings.data}, {database}")
    where = settings.s3_endpoint_url or f"AWS S3, {settings.s3_region}"
    return Fact("Where the data lives", "Elsewhere too", f"Images: {where}. Database: {database}.")


def chain_length() -> int:
    return db.session.scalar(select(AuditHead.seq)) or 0


@dataclass(frozen=True)
class Person:
    """One row of the table of people."""

    id: UUID
    name: str
    email: str
    initials: str
    roles: frozenset[str]
    role_labels: list[str]
    disabled_at: datetime | None
    last_seen_at: datetime | None

    dom_name = "user"


def people() -> list[Person]:
    """Everybody with an account, by name."""
    last_seen = select(SignIn.user_id, func.max(SignIn.last_seen_at)).group_by(SignIn.user_id)
    seen = {user_id: at for user_id, at in db.session.execute(last_seen)}  # noqa: C416  (rows)
    return [_person(user, seen.get(user.id)) for user in users()]


def _person(user: User, last_seen_at: datetime | None) -> Person:
    return Person(
        id=user.id,
        name=user.name,
        email=user.email,
        initials=Actor(id=user.id, name=user.name).initials,
        roles=user.roles,
        role_labels=user.role_labels,
        disabled_at=user.disabled_at,
        last_seen_at=last_seen_at,
    )


@dataclass(frozen=True)
class Switch:
    """Whether images may be described, by whom, and on which recorded basis."""

    is_on: bool
    basis: str
    recorded_by: str
    recorded_at: datetime | None
    usage: str
    recipient: str
    is_paused: bool
    listed: str


def switch(recipient: str, settings: Settings) -> Switch:
    """The practice's AI switch; `recipient` says who the images go to."""
    now = policy()
    by = db.session.get(User, now.recorded_by) if now.recorded_by else None
    used = used_this_month()
    listed = list_price(settings)
    usage = f"{used.runs} of {now.monthly_runs} runs used this month"
    if used.cost:
        usage += f", {dollars(used.cost)} of {dollars(now.monthly_cents * CENT)}"
    return Switch(
        is_on=now.is_on,
        basis=now.basis,
        recorded_by=by.name if by else "The command line",
        recorded_at=now.recorded_at,
        usage=usage if used.runs else "",
        recipient=recipient,
        is_paused=now.paused_at is not None,
        listed=f"{listed.tokens_in / 100:.2f} and {listed.tokens_out / 100:.2f}",
    )


@dataclass(frozen=True)
class Told:
    """One audit event in words: names of people, ids of everything else."""

    seq: int
    at: datetime
    who: str
    what: str
    why: str
    objects: list[str]


@dataclass(frozen=True)
class Trail:
    """One page of the audit, the latest first; `earlier` is where the next page begins."""

    events: list[Told]
    earlier: int | None


def trail(before: int | None = None) -> Trail:
    """The latest events, or those before event number `before`."""
    query = select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(TRAIL)
    if before is not None:
        query = query.where(AuditEvent.seq < before)
    names = {str(user.id): user.name for user in users()}
    events = [_told(one, names) for one in db.session.scalars(query)]
    last = events[-1].seq if events else 1
    return Trail(events, last if last > 1 else None)


def _told(one: AuditEvent, names: dict[str, str]) -> Told:
    who = names.get(one.actor, "Somebody") if one.actor else "The program"
    if PHONE in one.roles.split():
        who += "’s phone"
    if one.action == "sign_in" and one.outcome != "ok":
        what = "could not sign in"
    else:
        what = deed(one.action)
    count = len(one.objects)
    if one.action == "gallery.view":
        what = "saw 1 image card" if count == 1 else f"saw {count} image cards"
    why = one.reason or ""
    objects = [f"{text[:8]}" for text in one.objects[:3]]
    return Told(one.seq, one.at, who, what, why, objects)
