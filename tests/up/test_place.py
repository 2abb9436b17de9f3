"""The data folder: made private, refused in one sentence, held by one run at a time."""

import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from clinicpro.up import StartError
from clinicpro.up.place import (
    lock,
    make_runtime,
    open_place,
    read_values,
    remove_runtime,
    write_values,
)


@pytest.fixture
def short():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(StartError) as refused:
        open_place(tmp_path / "taken")
    assert str(refused.value) == (
        f"The data folder {tmp_path}/taken cannot be written (File exists): make it writable, "
        "or set CLINICPRO_DATA to another folder."
    )


def test_two_runs_cannot_hold_one_folder(tmp_path):
    place = open_place(tmp_path)
    with lock(place), pytest.raises(StartError, match=r"already runs on .* set CLINICPRO_DATA"):
        lock(place)
    lock(place).close()


def test_sockets_live_in_the_data_folder_where_its_path_is_short(short):
    runtime = make_runtime(open_place(short))
    assert runtime == short / "run"
    assert (runtime / "wake").is_dir()


def test_a_long_data_folder_gets_a_short_private_one_elsewhere(short):
    runtime = make_runtime(open_place(short / ("long" * 20)))
    assert len(str(runtime)) < 40
    assert runtime.stat().st_mode & 0o777 == 0o700
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(runtime / "wake" / ("w" * 38)))
    remove_runtime(runtime)
    assert not runtime.exists()


def test_sockets_of_an_earlier_run_are_gone(short):
    place = open_place(short)
    (make_runtime(place) / "old.sock").touch()
    assert list(make_runtime(place).iterdir()) == [short / "run" / "wake"]


def test_values_are_kept_whole_and_a_broken_file_counts_as_none(tmp_path):
    path = tmp_path / "values.json"
    write_values(path, {"PORT": "1", "NAME": "Pōneke"})
    assert read_values(path) == {"PORT": "1", "NAME": "Pōneke"}
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"PORT": ')
    assert read_values(path) == {}
    assert list(tmp_path.iterdir()) == [path]
