"""The power goes, or the store stops: nothing that was called Saved is lost."""

from __future__ import annotations

import signal
import time

import pytest

from tests.corpus import skin_jpeg
from tests.faults.conftest import BACK_WITHIN, reads_back, wait_until
from tests.instance import Instance, kill
from tests.visitor import Visitor, unlike

pytestmark = pytest.mark.faults

JPEG = skin_jpeg(1600, 1200)


def test_a_power_cut_loses_no_saved_image_and_no_sent_one(
    instance: Instance, gp: Visitor, again: Visitor
) -> None:
    images = [unlike(JPEG, number) for number in range(4)]
    saved = {gp.save(content): content for content in images[:3]}
    saved_and_sent = {gp.begin(images[3]): images[3], **saved}
    instance.kill_all()

    instance.start()
    deadline = time.monotonic() + BACK_WITHIN
    again.sign_in()
    listed = again.listed()
    assert {listed.get(image_id) for image_id in saved} == {"ready"}
    for image_id, content in saved.items():
        assert reads_back(again, image_id, deadline) == content
    wait_until(
        lambda: [again.listed().get(one) for one in saved_and_sent] == ["ready"] * 4, deadline
    )
    for image_id, content in saved_and_sent.items():
        assert reads_back(again, image_id, deadline) == content


def test_a_power_cut_in_the_very_moment_of_saved_loses_nothing(
    instance: Instance, gp: Visitor, again: Visitor
) -> None:
    image_id = gp.save(JPEG)
    instance.kill_all()
    instance.start()
    deadline = time.monotonic() + BACK_WITHIN
    again.sign_in()
    assert again.listed() == {image_id: "ready"}
    assert reads_back(again, image_id, deadline) == JPEG


def test_the_gallery_lists_while_the_store_hangs(instance: Instance, gp: Visitor) -> None:
    image_id = gp.save(JPEG)
    stores = instance.children("/weed -logtostderr")
    assert stores
    for pid in stores:
        kill(pid, signal.SIGSTOP)
    try:
        for path in ("/", "/images", f"/images/{image_id}"):
            started = time.monotonic()
            answer = gp.get(path)
            assert answer.status == 200
            assert image_id.encode() in answer.content
            assert time.monotonic() - started < 5
    finally:
        for pid in stores:
            kill(pid, signal.SIGCONT)
    assert gp.original(image_id) == JPEG
