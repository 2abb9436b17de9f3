"""What changed since an earlier image: which may be chosen, what is sent, what is recorded."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from clinicpro.analyses.comparing import dates_of, moment_of
from clinicpro.analyses.models import Analysis, SendConsent
from clinicpro.analyses.pricing import dollars
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db, transaction
from clinicpro.gateways import Area
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.images.covering import cover, covering_of
from clinicpro.images.models import Image
from clinicpro.notes.accepting import accept
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, recorded, the_run
from tests.corpus import skin_jpeg
from tests.factories import Person, make_consultation, send_image

WEEK_AGO = datetime.now(UTC) - timedelta(days=7)


@pytest.fixture
def pair(app: Flask, gp: Person, store: FakeStore) -> tuple[UUID, UUID]:
    """An earlier and a later image of Mere Tāmati's left forearm, from two consultations."""
    set_policy(SYSTEM, is_on=True, basis="Assessed")
    earlier = add(gp, store, 1)
    age(earlier)
    later = add(gp, store, 2)
    run_due(app)
    return earlier, later


def add(person: Person, store: FakeStore, seed: int, nhi: str = "ZZZ0016") -> UUID:
    session = make_consultation(person, nhi)
    image_id = UUID(send_image(person, store, skin_jpeg(seed=seed), sessionId=str(session)))
    label(image_id, body_site="forearm", laterality="left", taken_at=None)
    return image_id


def label(image_id: UUID, **values: object) -> None:
    with transaction():
        image = db.session.get_one(Image, image_id)
        for name, value in values.items():
            setattr(image, name, value)


def age(image_id: UUID, at: datetime = WEEK_AGO) -> None:
    label(image_id, uploaded_at=at)


def compare(person: Person, later: UUID, earlier: UUID | None) -> int:
    return ask(person, later, prompt="change", earlier=str(earlier or "")).status_code


def runs() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Analysis.id))) or 0


def test_both_are_sent_the_earlier_first_each_with_its_date(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber, store: FakeStore
) -> None:
    earlier, later = pair
    assert compare(gp, later, earlier) == 201
    run_due(app)
    [question] = describer.saw
    views = [store.read(f"derivatives/{one}/view") for one in pair]
    assert views[0] != views[1]
    assert [image.jpeg for image in question.images] == views
    images = [db.session.get_one(Image, one) for one in pair]
    then, now = dates_of(*images)
    assert then != now
    assert [image.label for image in question.images] == [
        f"Image 1 of 2, the earlier one, of {then}:",
        f"Image 2 of 2, the later one, of {now}:",
    ]
    assert "Compare the two photographs of the forearm" in question.text


def test_both_hashes_are_kept_and_audited(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber
) -> None:
    earlier, later = pair
    compare(gp, later, earlier)
    run_due(app)
    then, now = (image.jpeg for image in describer.saw[0].images)
    run = the_run()
    assert run.earlier_image_id == earlier
    assert run.earlier_sha256 == hashlib.sha256(then).hexdigest()
    assert run.derivative_sha256 == hashlib.sha256(now).hexdigest()
    by_action = {event.action: event for event in recorded()}
    sent = by_action["analysis.send"]
    assert sent.objects == [str(run.id), str(later), str(earlier)]
    assert sent.details["earlier_sha256"] == run.earlier_sha256
    assert (sent.details["earlier_bytes"], sent.details["bytes"]) == (str(len(then)), str(len(now)))
    assert str(earlier) in by_action["analysis.ask"].objects


def test_the_panel_shows_the_two_side_by_side(
    app: Flask, gp: Person, pair: tuple[UUID, UUID]
) -> None:
    earlier, later = pair
    compare(gp, later, earlier)
    run_due(app)
    for page in (
        gp.get(f"/analyses/{the_run().id}", headers=HTMX).text,
        gp.get(f"/images/{later}").text,
    ):
        assert page.count('class="pair__one"') == 2
        assert page.index(f"derivatives/{earlier}/view") < page.rindex(f"derivatives/{later}/view")
        assert all(when in page for when in dates_of(*(db.session.get_one(Image, i) for i in pair)))


def test_the_note_and_the_text_file_name_both(
    app: Flask, gp: Person, pair: tuple[UUID, UUID]
) -> None:
    compare(gp, pair[1], pair[0])
    run_due(app)
    run_id = the_run().id
    made = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert "AI-assisted description of two images." in made
    assert "Change since earlier, version 1; rules, version 2" in made
    told = f"compared with image {pair[0]}"
    assert told in gp.get(f"/analyses/{run_id}/text").text
    consultation_id = accept(gp.actor, run_id, "Larger than before.")
    note = gp.get(f"/consultations/{consultation_id}").text
    assert f"compared with image {str(pair[0])[:8]}" in note
    assert "Change since earlier v1" in note


def test_of_one_image_there_is_no_pair(app: Flask, gp: Person, pair: tuple[UUID, UUID]) -> None:
    ask(gp, pair[1])
    run_due(app)
    assert "pair__one" not in gp.get(f"/analyses/{the_run().id}", headers=HTMX).text


def test_the_same_place_is_offered_first_and_later_ones_not_at_all(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], store: FakeStore
) -> None:
    earlier, later = pair
    elsewhere, tomorrow, trashed = (add(gp, store, seed) for seed in (3, 4, 5))
    stranger = add(gp, store, 6, nhi="ZZZ0024")
    run_due(app)
    label(elsewhere, body_site="knee")
    age(elsewhere, WEEK_AGO + timedelta(days=3))
    age(tomorrow, datetime.now(UTC) + timedelta(days=1))
    for one in (trashed, stranger):
        age(one)
    gp.post(f"/images/{trashed}/trash")
    form = gp.get(f"/images/{later}/analyses/words?prompt=change").text
    assert form.index(str(earlier)) < form.index(str(elsewhere))
    for one in (later, tomorrow, trashed, stranger):
        assert f'value="{one}"' not in form


def test_what_is_chosen_is_shown_before_it_is_sent(gp: Person, pair: tuple[UUID, UUID]) -> None:
    earlier, later = pair
    words = f"/images/{later}/analyses/words"
    shown = gp.get(f"{words}?prompt=change&earlier={earlier}").text
    assert f"derivatives/{earlier}/view" in shown
    assert "Both are sent as they are here" in shown
    assert "Compare the two photographs" in shown
    assert "pair__one" not in gp.get(f"{words}?prompt=wound&earlier={earlier}").text


def what_goes(text: str) -> str:
    """The part that says what will be sent."""
    return text[text.index('<div id="sent"') :]


def test_bytes_shown_are_bytes_sent_are_bytes_audited(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber, store: FakeStore
) -> None:
    """With both covered, so that what is shown is neither image's view."""
    earlier, later = pair
    cover(gp.actor, earlier, [Area(0, 0, 5000, 5000)], app.extensions["gateways"])
    chosen = {"prompt": "change", "earlier": str(earlier)}
    covered = gp.post(
        f"/images/{later}/covering", data={**chosen, "areas": "[[0, 0, 2500, 2500]]"}, headers=HTMX
    ).text
    asked = gp.get(f"/images/{later}/analyses/words?prompt=change&earlier={earlier}").text
    for page in (what_goes(covered), what_goes(asked)):
        assert page.count(", 1 part covered") == 2
        keys = re.findall(r'class="pair__image" src="[^"]*(derivatives/[^"?]*)', page)
        names = dict(re.findall(r'name="((?:earlier_)?shown)" value="([^"]*)"', page))
        shown = [store.read(key) for key in keys]
        assert len(shown) == len(set(shown)) == 2
        assert set(names) == {"shown", "earlier_shown"}
    assert ask(gp, later, **chosen, **names).status_code == 201
    run_due(app)
    assert [image.jpeg for image in describer.saw[0].images] == shown
    sent = {event.action: event for event in recorded()}["analysis.send"].details
    hashes = [hashlib.sha256(jpeg).hexdigest() for jpeg in shown]
    assert [sent["earlier_sha256"], sent["sha256"]] == hashes
    assert [sent["earlier_bytes"], sent["bytes"]] == [str(len(jpeg)) for jpeg in shown]


def test_what_two_can_cost_is_said_before_and_is_what_the_practice_reserves(
    app: Flask, gp: Person, manager: Person, pair: tuple[UUID, UUID]
) -> None:
    earlier, later = pair
    page = gp.get(f"/images/{later}/analyses/words?prompt=change").text
    assert re.search(
        r"This image at \d+ px \(.*? and the earlier one that you choose", what_goes(page)
    )
    page = gp.get(f"/images/{later}/analyses/words?prompt=change&earlier={earlier}").text
    assert re.search(r"Both images .*?the earlier one at \d+ px \(.*; this one at \d+ px", page)
    found = re.search(r"at most ([\d.]+) US cents for the two images", page)
    one = re.search(
        r"at most ([\d.]+) US cents for this one", gp.get(f"/images/{later}/analyses/new").text
    )
    assert found
    assert one
    assert float(found[1]) > float(one[1])
    words = {"context": "c" * 2000, "question": "q" * 500}  # the most that can be typed
    ask(gp, later, prompt="change", earlier=str(earlier), **words)
    assert dollars(the_run().cost or 0) == f"{found[1]} US cents"
    assert f"1 of 1000 runs used this month, {found[1]} US cents" in manager.get("/practice").text


def test_without_an_earlier_image_the_form_says_so(gp: Person, pair: tuple[UUID, UUID]) -> None:
    answer = ask(gp, pair[1], prompt="change", context="growing")
    assert answer.status_code == 422
    assert "Choose the earlier image." in answer.text
    assert "growing" in answer.text
    assert runs() == 0


def test_a_prompt_for_one_image_sends_one_whatever_was_chosen_before(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber
) -> None:
    ask(gp, pair[1], prompt="wound", earlier=str(pair[0]))
    run_due(app)
    assert len(describer.saw[0].images) == 1


def test_consent_is_kept_for_each(gp: Person, pair: tuple[UUID, UUID]) -> None:
    compare(gp, pair[1], pair[0])
    consents = db.session.scalars(select(SendConsent)).all()
    assert {one.image_id for one in consents} == set(pair)
    assert {one.recorded_by for one in consents} == {gp.user_id}


def test_what_is_covered_of_the_earlier_one_does_not_go(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber, store: FakeStore
) -> None:
    earlier, later = pair
    cover(gp.actor, earlier, [Area(0, 0, 5000, 5000)], app.extensions["gateways"])
    covering = covering_of(earlier)
    assert covering is not None
    form = gp.get(f"/images/{later}/analyses/words?prompt=change&earlier={earlier}").text
    assert covering.key in form
    seen = {"prompt": "change", "earlier": str(earlier), "earlier_shown": str(covering.id)}
    stale = ask(gp, later, **{**seen, "earlier_shown": ""})
    assert (stale.status_code, "has changed" in stale.text) == (409, True)
    assert ask(gp, later, **seen).status_code == 201
    run_due(app)
    assert describer.saw[0].images[0].jpeg == store.read(covering.key)
    assert the_run().earlier_sha256 == covering.sha256
    sent = {event.action: event for event in recorded()}["analysis.send"].details
    assert (sent["earlier_covered"], sent["covered"]) == ("1", "0")
    assert covering.key in gp.get(f"/analyses/{the_run().id}", headers=HTMX).text


def test_it_must_be_ones_own_and_of_the_same_patient_and_earlier(
    app: Flask, gp: Person, colleague: Person, pair: tuple[UUID, UUID], store: FakeStore
) -> None:
    earlier, later = pair
    theirs, other = add(colleague, store, 7), add(gp, store, 8, nhi="ZZZ0024")
    loose = UUID(send_image(gp, store, skin_jpeg(seed=9)))
    run_due(app)
    for one in (theirs, other, loose):
        age(one)
    assert compare(gp, later, theirs) == 404
    assert compare(gp, later, uuid4()) == 404
    for image, one in ((later, other), (later, loose), (later, later), (earlier, later)):
        assert compare(gp, image, one) == 422
    assert compare(colleague, later, earlier) == 404
    gp.post(f"/images/{earlier}/trash")
    assert compare(gp, later, earlier) == 409
    assert runs() == 0


def test_one_that_was_moved_to_another_patient_meanwhile_is_not_sent(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber
) -> None:
    earlier, later = pair
    compare(gp, later, earlier)
    label(earlier, consultation_id=make_consultation(gp, "ZZZ0024"))
    run_due(app)
    assert describer.saw == []
    assert (the_run().state, the_run().earlier_sha256) == ("failed", None)
    assert "no longer of one patient" in (the_run().message or "")


def test_a_camera_is_believed_unless_its_clock_cannot_be(
    gp: Person, pair: tuple[UUID, UUID]
) -> None:
    image = db.session.get_one(Image, pair[0])
    db.session.expunge(image)
    added = image.uploaded_at
    for taken, is_believed in (
        (datetime.fromisoformat("2020-05-01T12:00"), True),
        (datetime.fromisoformat("1980-01-01T00:00"), False),
        (added.replace(tzinfo=None) + timedelta(days=3), False),
    ):
        image.taken_at = taken
        assert (moment_of(image) != added) is is_believed


def test_two_of_one_day_are_told_apart_by_the_time(gp: Person, pair: tuple[UUID, UUID]) -> None:
    one, other = (db.session.get_one(Image, image_id) for image_id in pair)
    for image in (one, other):
        db.session.expunge(image)
    one.uploaded_at = datetime(2026, 5, 3, 1, 5, tzinfo=UTC)
    other.uploaded_at = datetime(2026, 5, 3, 2, 45, tzinfo=UTC)
    one.taken_at = other.taken_at = None
    assert dates_of(one, other) == ("3 May 2026, 13:05", "3 May 2026, 14:45")
