"""The bundled store: new enough, and shut on every side but the one that we use."""

import http.client
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.config import Config

from clinicpro.up import StartError, ports, programs, store
from clinicpro.up.place import make_runtime, open_place
from clinicpro.up.secrets import ensure_secrets
from tests.up.settings import some_settings

PORTS = store.StorePorts(1, 2, 3, 4, 5, 6, 7, 8, 9)


def weed_that_says(folder: Path, words: str) -> Path:
    script = folder / "weed"
    script.write_text(f"#!/bin/sh\necho '{words}'\n")
    script.chmod(0o700)
    return script


def test_an_old_store_is_refused_with_both_versions(tmp_path):
    weed = weed_that_says(tmp_path, "version 8000GB 4.47 linux amd64")
    with pytest.raises(StartError, match=r"is version 4\.47, but at least 4\.48 is needed"):
        store.check_version(weed)


@pytest.mark.parametrize("version", ["4.48", "4.100", "5.0"])
def test_the_oldest_and_newer_ones_are_welcome(tmp_path, version):
    store.check_version(weed_that_says(tmp_path, f"version 8000GB {version} pypi linux amd64"))


def test_a_store_that_says_nothing_is_refused(tmp_path):
    with pytest.raises(StartError, match="does not say its version"):
        store.check_version(weed_that_says(tmp_path, "hello"))


def test_a_missing_program_is_one_sentence(tmp_path):
    with pytest.raises(StartError, match="The program 'weed' is missing: run 'make run'"):
        programs.binary("weed", search=str(tmp_path))


def test_it_is_started_on_loopback_with_every_unused_door_shut(tmp_path):
    place = open_place(tmp_path)
    command = store.command(Path("weed"), place, some_settings(tmp_path, port=8000), PORTS)
    assert {
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-disableHttp",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.iam=false",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-s3.allowedOrigins=http://localhost:8000",
        "-filer.allowedOrigins=http://localhost:8000",
    } <= set(command)
    numbers = [word.split("=")[1] for word in command if ".port" in word and word[-2:] != "=0"]
    assert numbers == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10009"]


def test_no_key_stands_in_the_command(tmp_path):
    place = open_place(tmp_path)
    secrets = ensure_secrets(place)
    words = " ".join(store.command(Path("weed"), place, some_settings(tmp_path), PORTS))
    assert secrets.secret_access_key not in words
    assert not any(key in words for key in secrets.jwt.values())


def test_one_identity_may_use_one_bucket_and_the_rest_wants_tokens(tmp_path):
    place = open_place(tmp_path)
    secrets = ensure_secrets(place)
    store.write_configuration(place, some_settings(tmp_path, s3_bucket="images"), secrets)
    (identity,) = json.loads((place.conf / "identities.json").read_text())["identities"]
    security = (place.conf / "security.toml").read_text()
    assert identity["actions"] == ["Read:images", "Write:images", "List:images"]
    assert all(f'[{section}]\nkey = "{key}"' in security for section, key in secrets.jwt.items())
    assert {path.stat().st_mode & 0o777 for path in place.conf.iterdir()} == {0o600}


class Running:
    """The store as `up` starts it."""

    def __init__(self, folder: Path) -> None:
        self.place = open_place(folder)
        secrets = ensure_secrets(self.place)
        picked = ports.pick_inner({}, store.PORT_NAMES)
        self.ports = store.StorePorts(*(picked[name] for name in store.PORT_NAMES))
        settings = some_settings(folder, runtime=make_runtime(self.place))
        store.write_configuration(self.place, settings, secrets)
        command = store.command(programs.binary("weed"), self.place, settings, self.ports)
        with self.place.log("store").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.place.conf, stdout=subprocess.DEVNULL, stderr=log
            )
        self.s3 = boto3.client(
            "s3",
            endpoint_url=self.ports.s3_url,
            aws_access_key_id=secrets.access_key_id,
            aws_secret_access_key=secrets.secret_access_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def wait(self) -> None:
        for _ in range(400):
            if self.get(self.ports.s3, "/clinicpro/") == 403:
                try:
                    self.s3.head_bucket(Bucket="clinicpro")
                except self.s3.exceptions.ClientError:
                    pass
                else:
                    return
            time.sleep(0.05)
        raise AssertionError(self.place.log("store").read_text()[-2000:])

    def get(self, port: int, path: str) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


@pytest.fixture(scope="module")
def running():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    store_ = Running(folder)
    store_.wait()
    yield store_
    store_.process.terminate()
    store_.process.wait(15)
    shutil.rmtree(folder)


@pytest.mark.store
def test_no_web_page_can_erase_the_images_through_a_port_of_the_store(running):
    running.s3.put_object(Bucket="clinicpro", Key="derivatives/1/thumb", Body=b"pixels")
    p = running.ports
    for port in (p.master, p.volume, p.filer, p.s3, p.admin):
        for path in (
            "/col/delete?collection=clinicpro",
            "/col/delete?collection=",
            "/vol/vacuum",
            "/dir/assign",
            "/dir/status",
            "/buckets/clinicpro/derivatives/1/thumb",
            "/clinicpro/derivatives/1/thumb",
        ):
            assert running.get(port, path) in (401, 403, 404), (port, path)
    body = running.s3.get_object(Bucket="clinicpro", Key="derivatives/1/thumb")["Body"]
    assert body.read() == b"pixels"


@pytest.mark.store
def test_it_listens_on_loopback_alone(running):
    found = {
        connection.laddr.ip
        for connection in psutil.Process(running.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert found == {"127.0.0.1"}


@pytest.mark.store
def test_other_buckets_are_refused(running):
    for call in (running.s3.create_bucket, running.s3.list_objects_v2):
        with pytest.raises(running.s3.exceptions.ClientError, match="AccessDenied"):
            call(Bucket="another")


@pytest.mark.store
def test_its_log_holds_no_signature(running):
    running.s3.put_object(Bucket="clinicpro", Key="a/b", Body=b"x")
    link = running.s3.generate_presigned_url(
        "get_object", Params={"Bucket": "clinicpro", "Key": "a/b"}
    )
    path = link.split(str(running.ports.s3), 1)[1]
    assert running.get(running.ports.s3, path) == 200
    assert running.get(running.ports.s3, path[:-4] + "0000") == 403
    log = running.place.log("store").read_text()
    assert "Signature=" not in log
    assert path.rsplit("=", 1)[1] not in log
