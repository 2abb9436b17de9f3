"""A whole instance: it starts, its parts come back, it ends, and it leaves nothing behind."""

import contextlib
import http.client
import json
import shutil
import socket
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.instance import Instance, command_line, kill
from tests.seaweed import Seaweed

pytestmark = pytest.mark.faults

PARTS = {
    "web": "gunicorn",
    "store": "/weed -logtostderr",
    "caddy": "/caddy run",
    "worker": "clinicpro worker",
    "decoder": "clinicpro decoder",
}
SECRETS = ("SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "STORE_JWT_SIGNING", "STORE_JWT_FILER_SIGNING")


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def instance():
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(path, ANTHROPIC_API_KEY="canary-key") as running:
        yield running
        running.assert_alive()
    shutil.rmtree(path)


def is_ready(instance: Instance) -> bool:
    try:
        with urllib.request.urlopen(f"{instance.url}/readyz", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_until(happens, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def main_process(instance: Instance, part: str) -> int | None:
    """That part's process under the supervisor: gunicorn's master, the decoder's parent."""
    supervisors = instance.children("supervisord")
    for pid in instance.children(PARTS[part]):
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).ppid() in supervisors:
                return pid
    return None


def test_it_is_ready_and_offers_the_first_account(instance):
    assert is_ready(instance)
    assert instance.setup_code is not None
    assert f"First account: {instance.url}/setup  one-time code: " in instance.said[-1]
    with urllib.request.urlopen(f"{instance.url}/healthz", timeout=5) as answer:
        assert answer.status == 200


def test_every_port_but_the_phones_one_is_on_loopback(instance):
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for pid in instance.children()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    outside = {(ip, port) for ip, port in listening if ip not in ("127.0.0.1", "::1")}
    assert len(listening) >= 5
    assert {port for _, port in outside} == {instance.https_port}


def test_nobody_else_can_read_the_data_folder(instance):
    assert instance.data.stat().st_mode & 0o777 == 0o700
    for name in ("secrets.json", "runtime.json", "setup-code"):
        assert (instance.data / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("part", ["store", "caddy", "decoder"])
def test_a_part_that_needs_no_key_has_none(instance, part):
    environment = Path(f"/proc/{main_process(instance, part)}/environ").read_text()
    assert "canary-key" not in environment
    assert "SECRET" not in environment


def test_no_secret_stands_in_a_log_or_a_command(instance):
    values = json.loads((instance.data / "secrets.json").read_text())
    logs = [path.read_text() for path in (instance.data / "logs").iterdir()]
    commands = [command_line(pid) for pid in instance.children()]
    for secret in (*(values[name] for name in SECRETS), "canary-key", instance.setup_code):
        assert not any(secret in text for text in (*logs, *commands))


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back_while_the_others_go_on(instance, part):
    others = {name: main_process(instance, name) for name in PARTS if name != part}
    killed = main_process(instance, part)
    kill(killed)
    wait_until(lambda: main_process(instance, part) not in (None, killed))
    wait_until(lambda: is_ready(instance))
    assert {name: main_process(instance, name) for name in others} == others


def test_a_killed_supervisor_comes_back_and_leaves_no_orphan(instance):
    before = set(instance.children())
    (supervisor,) = instance.children("supervisord")
    kill(supervisor)
    wait_until(lambda: not before & set(instance.children()))
    wait_until(lambda: is_ready(instance))
    assert None not in [main_process(instance, part) for part in PARTS]
    assert instance.process.poll() is None


def test_a_part_that_fails_again_and_again_is_never_given_up(instance):
    conf = instance.data / "conf" / "Caddyfile"
    good = conf.read_text()
    conf.write_text("nonsense {")
    kill(main_process(instance, "caddy"))
    log = instance.data / "logs" / "supervisor.log"
    before = log.read_text().count("exited: caddy")
    wait_until(lambda: log.read_text().count("exited: caddy") > before + 6, 40)
    conf.write_text(good)
    wait_until(lambda: is_ready(instance), 30)


def test_a_second_run_on_the_same_folder_is_refused(instance):
    with pytest.raises(AssertionError, match=r"already runs on .*\(process \d+\): stop it first"):
        Second(instance.data)
    assert is_ready(instance)


class Second(Instance):
    """Another run on the folder of a running one: when it is refused, the first goes on."""

    def kill_all(self) -> None:
        self.process.wait(10)
        self._close()


def test_another_instance_runs_beside_it(instance, folder):
    with Instance(folder) as other:
        assert is_ready(other)
        assert is_ready(instance)
        assert other.setup_code != instance.setup_code
        assert not set(other.children()) & set(instance.children())


def test_sigterm_ends_everything_within_ten_seconds(folder):
    instance = Instance(folder)
    children = instance.children()
    hanging = socket.create_connection(("127.0.0.1", instance.port))
    hanging.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")  # and never the rest
    began = time.monotonic()
    assert instance.stop() == 0
    took = time.monotonic() - began
    hanging.close()
    assert took < 10
    assert instance.children() == []
    assert not any(psutil.pid_exists(pid) for pid in children)
    assert not (folder / "run").exists()


def test_the_next_start_keeps_secrets_and_offers_another_code(folder):
    with Instance(folder) as instance:
        secrets, code = (folder / "secrets.json").read_text(), instance.setup_code
        instance.restart()
        assert (folder / "secrets.json").read_text() == secrets
        assert instance.setup_code not in (None, code)


def test_a_killed_up_takes_its_children_with_it(folder):
    instance = Instance(folder)
    instance.kill()
    wait_until(lambda: instance.children() == [], 12)
    instance.start()
    assert is_ready(instance)
    instance.stop()


def test_a_start_right_after_a_kill_recovers(folder):
    instance = Instance(folder)
    before = set(instance.children())
    instance.kill()
    instance.start()
    assert is_ready(instance)
    assert not before & set(instance.children())
    instance.stop()


def test_a_power_cut_is_survived(folder):
    instance = Instance(folder)
    instance.kill_all()
    instance.start()
    assert is_ready(instance)
    instance.stop()


def test_orphans_of_a_run_that_lost_up_and_supervisor_are_cleared_away(folder):
    instance = Instance(folder)
    instance.process.kill()
    for pid in instance.children("supervisord"):
        kill(pid)
    instance.kill()
    assert instance.children("weed")
    orphans = set(instance.children())
    instance.start()
    assert is_ready(instance)
    assert not orphans & set(instance.children())
    instance.stop()


def test_a_folder_with_an_awkward_name_is_as_good_as_any(folder):
    with Instance(folder / "Dr Smith's 100% über-data") as instance:
        assert is_ready(instance)


def test_an_external_store_starts_none_here(folder):
    store = Seaweed(folder / "elsewhere")
    store.start()
    try:
        external = {
            "STORE": "external",
            "S3_ENDPOINT_URL": store.endpoint,
            "S3_BUCKET_NAME": store.bucket,
            "AWS_ACCESS_KEY_ID": store.access_key,
            "AWS_SECRET_ACCESS_KEY": store.secret_key,
        }
        with Instance(folder / "data", **external) as instance:
            assert is_ready(instance)
            assert instance.children("weed") == []
            connection = http.client.HTTPConnection("localhost", instance.port, timeout=10)
            connection.request("GET", f"/{store.bucket}/nobody/may/list")
            answer = connection.getresponse()
            assert answer.status == 403
            assert b"AccessDenied" in answer.read()
            connection.close()
    finally:
        store.stop()
