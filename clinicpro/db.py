"""The database: model base, UTC times, and `transaction()`, the one way to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
WRITES = "clinicpro_writes"  # execution option: this transaction is going to write


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)
migrate = Migrate(directory="migrations", render_as_batch=True, compare_type=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model  # what Flask-SQLAlchemy wants; its type fails mypy strict


Row = TypeVar("Row", bound=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both engines; SQLite itself gives back naive times."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def transaction() -> Iterator[None]:
    """One short write: everything inside is committed together, or nothing is.

    On SQLite it begins with BEGIN IMMEDIATE: a transaction that reads first and writes later is
    refused with "database is locked" when another wrote in between, whatever the busy timeout.
    Rows loaded before are read anew inside. Never call a gateway in here.
    """
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("rows were changed outside the transaction")
    session.rollback()
    session.connection(execution_options={WRITES: True})
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def locked_row(model: type[Row], key: object, **first: object) -> Row:
    """In the caller's transaction: the row under `key`, made of `first` where there was none.

    Nobody else has it until the commit: on PostgreSQL two who make it at once would collide, and
    of two who count in it one would be lost.
    """
    session = db.session()
    is_postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if is_postgres else sqlite.insert
    (column,) = inspect(model).primary_key
    values = {column.name: key, **first}
    session.execute(insert(model).values(values).on_conflict_do_nothing())
    return session.get_one(model, key, with_for_update=True, populate_existing=True)


def in_transaction(session: Session) -> bool:
    """Whether `session` is inside `transaction()`; joiners such as the audit check it."""
    return session.in_transaction() and bool(
        session.connection().get_execution_options().get(WRITES)
    )


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: object, _entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL may lose the last commits at a power cut
        "foreign_keys=ON",
        "busy_timeout=5000",
        "cache_size=-8000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def engine_options(is_sqlite: bool) -> dict[str, object]:
    """Options of the engine; statement parameters never reach an error message or a log."""
    options: dict[str, object] = {"hide_parameters": True, "pool_size": 10, "max_overflow": 20}
    if not is_sqlite:
        options["pool_pre_ping"] = True
    return options
