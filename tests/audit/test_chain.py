"""The record can only grow: every way of changing it afterwards is named."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from clinicpro.audit.models import AuditEvent
from clinicpro.audit.operations import SYSTEM, By, record, verify
from clinicpro.db import db, transaction


@pytest.fixture
def chain(app: Flask) -> None:
    for number in range(1, 8):
        with transaction():
            record("test", SYSTEM, objects=[f"row {number}"], details={"count": str(number)})


def change(*statements: str) -> None:
    for statement in statements:
        db.session.execute(text(statement))
    db.session.commit()


def edit() -> None:
    change("UPDATE audit_event SET outcome = 'refused' WHERE seq = 4")


def edit_details() -> None:
    change(f"UPDATE audit_event SET details = '{json.dumps({'count': '5'})}' WHERE seq = 4")


def edit_actor() -> None:
    change("UPDATE audit_event SET actor = 'somebody' WHERE seq = 4")


def backdate() -> None:
    change("UPDATE audit_event SET at = '2020-01-01 00:00:00.000000' WHERE seq = 4")


def delete() -> None:
    change("DELETE FROM audit_event WHERE seq = 4")


def delete_and_close_the_gap() -> None:
    change("DELETE FROM audit_event WHERE seq = 4", "UPDATE audit_event SET seq = seq - 1 "
           "WHERE seq > 4")  # fmt: skip


def reorder() -> None:
    change(
        "UPDATE audit_event SET seq = 99 WHERE seq = 4",
        "UPDATE audit_event SET seq = 4 WHERE seq = 5",
        "UPDATE audit_event SET seq = 5 WHERE seq = 99",
    )


def forge_without_the_key() -> None:
    """Edit an event and hash it and all after it anew, as far as one can without the secret."""
    row = db.session.get_one(AuditEvent, 4)
    row.outcome = "forged"
    previous = row.previous_hash
    for seq in range(4, 8):
        row = db.session.get_one(AuditEvent, seq)
        row.previous_hash = previous
        previous = row.hash = row.computed_hash(b"a guess")
    db.session.commit()


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(
    "tamper",
    [edit, edit_details, edit_actor, backdate, delete, delete_and_close_the_gap, reorder,
     forge_without_the_key],
)  # fmt: skip
def test_the_first_bad_event_is_named(tamper: Callable[[], None]) -> None:
    assert verify().is_whole
    tamper()
    db.session.expire_all()
    verdict = verify()
    assert (verdict.bad_seq, verdict.is_whole) == (4, False)
    assert verdict.problem


@pytest.mark.usefixtures("chain")
def test_a_cut_off_tail_is_noticed() -> None:
    change("DELETE FROM audit_event WHERE seq > 5")
    assert verify().bad_seq == 6


@pytest.mark.usefixtures("chain")
def test_a_cut_off_tail_with_the_head_set_back_is_noticed() -> None:
    hashed = db.session.get_one(AuditEvent, 5).hash
    db.session.rollback()
    change(
        "DELETE FROM audit_event WHERE seq > 5",
        f"UPDATE audit_head SET seq = 5, hash = '{hashed}'",
    )
    verdict = verify()
    assert not verdict.is_whole
    assert verdict.problem == "the head of the chain was changed"


@pytest.mark.usefixtures("chain")
def test_without_its_head_the_chain_is_not_believed() -> None:
    change("DELETE FROM audit_head")
    assert not verify().is_whole


@pytest.mark.usefixtures("chain")
def test_an_event_played_again_at_the_end_is_named() -> None:
    columns = "at, actor, roles, action, objects, subject, outcome, reason, details, request_id"
    change(
        f"INSERT INTO audit_event (seq, {columns}, previous_hash, hash) "
        f"SELECT 8, {columns}, previous_hash, hash FROM audit_event WHERE seq = 3"
    )
    assert verify().bad_seq == 8


def test_what_was_rolled_back_is_not_in_the_record(app: Flask) -> None:
    def fail() -> None:
        with transaction():
            record("test", SYSTEM)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction():
        record("kept", SYSTEM)
    assert verify().events == 1
    assert db.session.get_one(AuditEvent, 1).action == "kept"


def test_an_event_needs_the_transaction_of_what_it_tells(app: Flask) -> None:
    with pytest.raises(RuntimeError):
        record("test", By(None))


def test_an_empty_record_is_whole(app: Flask) -> None:
    assert verify().is_whole
