"""A whole instance on a practice's network, made for it: what phones reach there, and what not."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from clinicpro.trust.certificates import AUTHORITY, root_of, trusting
from tests.corpus import skin_jpeg
from tests.instance import ROOT, Instance
from tests.network import Network
from tests.visitor import EMAIL, PASSWORD, Visitor

pytestmark = pytest.mark.faults

HERE, LATER = "10.9.8.7", "10.9.8.44"
ADMIN = 2019  # Caddy's own, where it is not turned off


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        network.join(HERE)
        yield network


@pytest.fixture(scope="module")
def instance(network):
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with network.inside(), Instance(folder) as running:
        with Visitor(running.url) as manager:
            manager.set_up(running.setup_code)
        yield running
    shutil.rmtree(folder)


class Phone(Visitor):
    """A browser that trusts the practice's root and comes over the network."""

    def __init__(self, instance: Instance, host: str = HERE) -> None:
        super().__init__(f"https://{host}:{instance.https_port}")
        context = trusting(root_of(instance.data).pem)
        self.opened = http.client.HTTPSConnection(
            host, instance.https_port, timeout=20, context=context
        )
        self._local.connection = self.opened

    def close(self) -> None:
        self.opened.close()


def doctor(instance):
    """What `flask doctor` says, by name, and its exit status."""
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "doctor"],
        cwd=ROOT,
        env=instance.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line.split(maxsplit=2) for line in ended.stdout.splitlines()[:-1]]
    return {name.rstrip(":"): (level, words) for level, name, words in lines}, ended


def test_the_console_says_where_phones_go_and_that_they_must_be_told(instance):
    said = "".join(instance.said)
    trust = f"each must be told once to trust it: {instance.url}/trust"
    assert f"Phones: https://{HERE}:{instance.https_port} ({trust})\n" in said


def test_a_scan_from_the_network_finds_the_phones_port_alone(network, instance):
    assert network.open_ports(HERE) == {instance.https_port}


def test_on_the_machine_itself_there_is_no_way_to_steer_the_proxy(network, instance):
    ports = network.open_ports("127.0.0.1")
    assert {instance.port, instance.https_port} <= ports
    assert ADMIN not in ports


def test_plain_http_at_the_phones_port_is_refused(instance):
    connection = http.client.HTTPConnection(HERE, instance.https_port, timeout=10)
    connection.request("GET", "/trust")
    assert connection.getresponse().status == 400
    connection.close()


def test_an_image_goes_the_whole_way_over_https(instance):
    content = skin_jpeg(640, 480, seed=5)
    with Phone(instance) as phone:
        phone.sign_in(EMAIL, PASSWORD)
        ticket = phone.presign(content).json()
        assert ticket["uploadUrl"].startswith(phone.url + "/clinicpro/")
        assert phone.put(ticket, content) == 200
        receipt = phone.send("POST", f"/api/uploads/{ticket['imageId']}/receipt").json()
        assert receipt["image"]["thumbnailUrl"].startswith(phone.url)
        assert phone.original(ticket["imageId"]) == content


def test_cookies_over_https_are_for_this_host_and_https_alone(instance):
    with Phone(instance) as phone:
        answer = phone.open("GET", "/login/token")
        answer.read()
        cookies = answer.headers.get_all("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-clinicpro-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("host", ["evil.example", f"localhost.{HERE}", "10.9.8.8"])
def test_a_strange_host_is_refused_over_https_too(instance, host):
    with Phone(instance) as phone:
        answer = phone.open("GET", "/login", headers={"Host": f"{host}:{instance.https_port}"})
        assert answer.status == 400
        assert b"evil" not in answer.read()


def test_a_strange_name_gets_no_certificate_of_its_own(instance):
    context = trusting(root_of(instance.data).pem)
    connection = http.client.HTTPSConnection(HERE, instance.https_port, context=context)
    connection.connect()
    own = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((HERE, instance.https_port)))
    assert connection.sock.getpeercert(binary_form=True) == own
    connection.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        trusting(root_of(instance.data).pem).wrap_socket(
            socket.create_connection((HERE, instance.https_port)),
            server_hostname="evil.example",
        )


def test_a_root_of_our_own_makes_no_browser_insist_on_https(instance):
    with Phone(instance) as phone:
        answer = phone.open("GET", "/trust")
        answer.read()
    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers


def test_the_phone_gets_the_root_from_both_sides(instance):
    with Phone(instance) as phone, Visitor(instance.url) as desk:
        der = root_of(instance.data).der
        assert phone.get("/trust/certificate").content == der
        assert desk.get("/trust/certificate").content == der


def test_the_phones_page_is_there_on_loopback_too(instance):
    with Visitor(instance.url) as desk, Phone(instance) as phone:
        assert (desk.get("/m").status, phone.get("/m").status) == (200, 200)


def test_the_keys_of_the_authority_are_its_owners_alone(instance):
    keys = list((instance.data / "caddy").rglob("*.key"))
    assert instance.data / AUTHORITY / "root.key" in keys
    assert {os.stat(key).st_mode & 0o777 for key in keys} == {0o600}


def test_the_doctor_finds_everything_well(instance):
    found, ended = doctor(instance)
    assert ended.returncode == 0, ended.stdout
    levels = {name: level for name, (level, _) in found.items()}
    assert levels.pop("Clock") in ("ok", "warn")  # this machine's own
    assert set(levels.values()) == {"ok"}, ended.stdout
    assert set(levels) == {
        *("Data", "Disk", "Database", "Store", "Worker", "Audit"),
        *("Desk", "Name", "Certificate", "Expiry", "Ports"),
    }


def test_another_address_is_told_and_counts_from_the_next_start(network, instance):
    root = root_of(instance.data)
    network.join(LATER)
    try:
        found, ended = doctor(instance)
        assert ended.returncode == 0
        level, words = found["Name"]
        assert (level, f"but this computer is now at {LATER}" in words) == ("warn", True)
        instance.restart()
        assert f"Phones: https://{LATER}:{instance.https_port} " in "".join(instance.said)
        with Phone(instance, LATER) as phone:
            assert phone.get("/login").status == 200
        assert root_of(instance.data) == root  # what phones were told still holds
    finally:
        network.join(HERE)


def test_without_a_network_it_runs_and_says_that_no_phone_comes():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with Network() as alone, alone.inside(), Instance(folder) as instance:
        said = "Phones: none can reach this computer, because it is on no network.\n"
        assert said in instance.said
        with Visitor(instance.url) as desk:
            assert b"No phone can reach this computer" in desk.get("/trust").content
        found, ended = doctor(instance)
        assert ended.returncode == 0, ended.stdout
        assert found["Phones"][0] == "warn"
    shutil.rmtree(folder)
