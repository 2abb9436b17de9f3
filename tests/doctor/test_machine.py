"""The doctor looks at the machine: who can read the data, room on the disk, the clock."""

import dataclasses
import shutil
from collections import namedtuple
from datetime import timedelta

import pytest

from clinicpro.db import utc_now
from clinicpro.doctor import machine
from clinicpro.trust.certificates import AUTHORITY
from tests.trust.authority import authority_of
from tests.up.settings import some_settings

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "secrets.json").touch(0o600)
    authority_of(data)
    (data / AUTHORITY / "root.key").chmod(0o600)
    return some_settings(data)


@pytest.mark.parametrize("opened", [".", "secrets.json", AUTHORITY / "root.key"])
def test_what_others_can_read_is_named_with_the_way_to_close_it(settings, opened):
    assert machine.data_folder(settings).level == "ok"
    path = settings.data / opened
    path.chmod(path.stat().st_mode | 0o040)
    found = machine.data_folder(settings)
    assert (found.level, "Run: chmod -R go= " in found.words) == ("fail", True)


def test_a_folder_that_is_not_there(settings):
    gone = dataclasses.replace(settings, data=settings.data / "gone")
    assert machine.data_folder(gone).level == "fail"


@pytest.mark.parametrize(("free", "level"), [(4, "fail"), (7, "warn"), (50, "ok")])
def test_a_full_disk_is_told_before_images_are_refused(settings, monkeypatch, free, level):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100 - free, free))
    assert machine.disk(settings).level == level


def test_a_clock_behind_the_record_is_wrong():
    assert machine.clock(utc_now() + timedelta(hours=1)).level == "fail"
    assert machine.clock(utc_now()).level in ("ok", "warn")
