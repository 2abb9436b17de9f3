"""What the stand-ins can be told to do, beyond the contract."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from clinicpro.gateways import Answer, DescriberError, Question, StorageError
from clinicpro.gateways.fakes import FakeDescriber, FakeStore, sha256_of

JPEG = b"\xff\xd8 an arm"
NINE = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


def test_a_fake_store_that_is_down_answers_nothing_and_keeps_what_it_had() -> None:
    store = FakeStore()
    store.write("k", JPEG, "image/jpeg")
    link = store.presign_get("k", now=datetime.now(UTC))
    store.down = True
    assert not store.is_up()
    assert store.get(link).status == 503
    calls = [
        lambda: store.find("k"),
        lambda: store.read("k"),
        lambda: store.write("other", JPEG, "image/jpeg"),
        lambda: store.delete("k"),
        lambda: store.make_durable(),
    ]
    for call in calls:
        with pytest.raises(StorageError):
            call()
    store.down = False
    assert store.read("k") == JPEG
    assert store.find("other") is None


def test_its_clock_ends_a_link() -> None:
    moment = NINE
    store = FakeStore(clock=lambda: moment)
    signed = store.presign_put(
        "k", content_type="image/jpeg", size=len(JPEG), sha256=sha256_of(JPEG), now=NINE
    )
    moment = NINE + timedelta(minutes=5, seconds=1)
    assert store.put(signed.path, signed.headers, JPEG) == 403
    moment = NINE + timedelta(minutes=4)
    assert store.put(signed.path, signed.headers, JPEG) == 200


def test_a_fake_describer_fails_after_its_words(question: Question) -> None:
    describer = FakeDescriber(pieces=["Left "], fails=DescriberError("Broke off.", "cut"))
    heard: list[str | Answer] = []
    with pytest.raises(DescriberError):
        heard.extend(describer.describe(question, threading.Event()))
    assert heard == ["Left "]
    assert describer.saw == [question]


def test_a_fake_describer_waits_until_it_is_let_go(question: Question) -> None:
    gate = threading.Event()
    describer = FakeDescriber(waits_before={1: gate})
    heard: list[str | Answer] = []
    reader = threading.Thread(
        target=lambda: heard.extend(describer.describe(question, threading.Event()))
    )
    reader.start()
    reader.join(0.1)
    assert reader.is_alive()
    gate.set()
    reader.join(2)
    assert len(heard) == 3


def test_stop_ends_its_wait(question: Question) -> None:
    describer, stop = FakeDescriber(waits_before={0: threading.Event()}), threading.Event()
    threading.Timer(0.1, stop.set).start()
    assert list(describer.describe(question, stop)) == []
    assert describer.stopped == 1


def test_it_can_end_without_a_reason(question: Question) -> None:
    *_, answer = FakeDescriber(stop_reason=None).describe(question, threading.Event())
    assert isinstance(answer, Answer)
    assert answer.stop_reason is None
