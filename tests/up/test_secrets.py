"""Secrets are made once, kept, and readable by their owner alone."""

import hashlib
import json
import stat

import pytest

from clinicpro.settings import Settings
from clinicpro.up import StartError
from clinicpro.up.place import Place, open_place
from clinicpro.up.secrets import ensure_secrets, new_setup_code


@pytest.fixture
def place(tmp_path) -> Place:
    return open_place(tmp_path / "data")


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_secrets_that_only_their_owner_can_read(place):
    ensure_secrets(place)
    settings = Settings.from_env({"CLINICPRO_DATA": str(place.data)})
    assert mode(place.secrets_file) == 0o600
    assert mode(place.data) == 0o700
    assert len(settings.secret_key) >= 64
    assert len(settings.instance_id) == 8
    assert int(settings.instance_id, 16) >= 0


def test_the_second_start_keeps_them(place):
    first = ensure_secrets(place)
    before = place.secrets_file.read_text()
    assert ensure_secrets(place) == first
    assert place.secrets_file.read_text() == before


def test_a_missing_one_is_added_and_the_others_stay(place):
    ensure_secrets(place)
    values = json.loads(place.secrets_file.read_text())
    lost = values.pop("STORE_JWT_SIGNING")
    place.secrets_file.write_text(json.dumps({**values, "MINE": "too"}))
    ensure_secrets(place)
    after = json.loads(place.secrets_file.read_text())
    assert {**values, "MINE": "too"}.items() <= after.items()
    assert after["STORE_JWT_SIGNING"] not in ("", lost)


def test_secrets_left_open_to_others_are_closed(place):
    ensure_secrets(place)
    place.secrets_file.chmod(0o644)
    ensure_secrets(place)
    assert mode(place.secrets_file) == 0o600


def test_damaged_secrets_are_not_quietly_made_anew(place):
    ensure_secrets(place)
    place.secrets_file.write_text("{")
    with pytest.raises(StartError, match="is damaged: put it back from a backup"):
        ensure_secrets(place)
    assert place.secrets_file.read_text() == "{"


def test_no_two_instances_share_a_secret(tmp_path):
    one, two = (ensure_secrets(open_place(tmp_path / name)) for name in ("one", "two"))
    assert one.secret_access_key != two.secret_access_key
    assert set(one.jwt.values()).isdisjoint(two.jwt.values())
    assert len(set(one.jwt.values())) == 4


def test_the_setup_code_is_kept_as_its_hash_alone(place):
    code = new_setup_code(place)
    letters = code.replace("-", "")
    kept = place.setup_code_file.read_text().strip()
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert not set(letters) & set("IO01")
    assert kept == hashlib.sha256(letters.encode()).hexdigest()
    assert mode(place.setup_code_file) == 0o600


def test_every_start_has_another_code(place):
    assert len({new_setup_code(place) for _ in range(50)}) == 50


def test_what_is_secret_does_not_show_in_a_traceback(place):
    secrets = ensure_secrets(place)
    assert secrets.secret_access_key not in repr(secrets)
    assert not any(key in repr(secrets) for key in secrets.jwt.values())
