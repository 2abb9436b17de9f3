"""PostgreSQL for tests: a throw-away server on a unix socket, a fresh database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Self

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, QueuePool, create_engine

from clinicpro import ROOMS
from clinicpro.db import db

OWNER = "postgres"
ROOM = 1 << 30  # bytes
# Nothing here outlives the run, so nothing has to reach the disk.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
}


class Postgres:
    """A server of our own; it refuses root, so root runs it as the user that Debian made."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir=quickest_folder()))
        self._numbers = count(1)
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(OWNER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def start(self, timeout: float = 60) -> None:
        data = self.folder / "data"
        with (self.folder / "initdb.log").open("wb") as log:
            subprocess.run(
                [program("initdb"), "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "-N"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                check=True,
                **self._as,  # type: ignore[call-overload]
            )
        settings = [word for pair in OPTIONS.items() for word in ("-c", "=".join(pair))]
        with (self.folder / "postgres.log").open("wb") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", data, "-k", self.folder, *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as,  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.say("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "postgres.log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
        self._process.wait(30)
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def make_database(self, template: str = "template0") -> str:
        """A database like `template`, to which nobody may be connected; gives its name."""
        name = f"test_{next(self._numbers)}"
        self.say(
            "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY",
            sql.Identifier(name),
            sql.Identifier(template),
        )
        return name

    def drop_database(self, name: str) -> None:
        self.say("DROP DATABASE {} WITH (FORCE)", sql.Identifier(name))

    def say(self, statement: str, *names: sql.Identifier) -> None:
        address = f"postgresql://{OWNER}@/postgres?host={self.folder}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*names))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def quickest_folder() -> str:
    """Memory, where there is enough of it: a database is 300 small files, made for each test."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    return str(memory) if has_room else "/tmp"


def program(name: str) -> Path:
    """Debian keeps the server's programs off the PATH; the newest version there is."""
    found = shutil.which(name) or max(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[-3]),
        default=None,
    )
    assert found, f"{name} is missing: apt-get install postgresql"
    return Path(found)


def make_tables(url: str) -> None:
    for room in ROOMS:
        import_module(f"clinicpro.{room}")  # from here on every table is known
    engine = create_engine(url)
    db.metadata.create_all(engine)
    engine.dispose()


def only_new_to_a_database(items: list[pytest.Item]) -> list[pytest.Item]:
    """Those with an app, and of each the first parameter: further ones ask the same again, but
    for what is tried on the database itself."""
    kept: dict[str, pytest.Item] = {}
    for item in items:
        if {"app", "postgres"} & set(item.fixturenames):  # type: ignore[attr-defined]
            is_about_it = {"audit", "migrations", "live", "jobs"} & set(item.nodeid.split("/"))
            name = item.nodeid if is_about_it else item.nodeid.partition("[")[0]
            kept.setdefault(name, item)
    return list(kept.values())


def wait_for_threads(engine: Engine) -> None:
    """A connection that a thread still holds is no longer closed by dispose()."""
    deadline = time.monotonic() + 5
    while isinstance(engine.pool, QueuePool) and engine.pool.checkedout():
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)
