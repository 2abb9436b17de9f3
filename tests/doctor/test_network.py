"""The doctor asks as a phone would: does the name lead here, is the certificate good, how long."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest

from clinicpro.doctor import network
from clinicpro.up import lan
from tests.instance import free_port
from tests.trust.authority import authority_of, make_authority
from tests.up.settings import some_settings

NOW = datetime.now(UTC)


class Secure:
    """Shakes hands on loopback with one certificate, and hangs up."""

    def __init__(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            try:
                self._context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def serve():
    running = []

    def start(certificate):
        running.append(Secure(certificate))
        return running[-1].port

    yield start
    for one in running:
        one.close()


@pytest.fixture
def public(tmp_path, monkeypatch):
    """A public authority, which this computer knows."""
    found = make_authority(tmp_path / "public", "Public authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(found.certificate))
    return found


def named(findings):
    return {finding.name: finding for finding in findings}


def with_files(certificate, port):
    return some_settings(
        https_port=port,
        public_url=f"https://localhost:{port}",
        tls_cert_file=certificate,
        tls_key_file=certificate.with_suffix(".key"),
    )


def test_our_own_authority_is_judged_by_its_root(tmp_path, serve):
    certificate = authority_of(tmp_path).sign("localhost", days=90)
    settings = some_settings(tmp_path, https_port=serve(certificate), lan_hosts=("localhost",))
    found = named(network.phones(settings))
    assert found["Certificate"].level == "ok"
    assert f"http://localhost:{settings.port}/trust" in found["Certificate"].words
    assert "the root until" in found["Expiry"].words


def test_a_certificate_of_another_root_is_not_trusted(tmp_path, serve):
    authority_of(tmp_path)
    foreign = make_authority(tmp_path / "foreign").sign("localhost")
    settings = some_settings(tmp_path, https_port=serve(foreign), lan_hosts=("localhost",))
    assert named(network.phones(settings))["Certificate"].level == "fail"


@pytest.mark.parametrize(("days", "level"), [(60, "ok"), (10, "warn")])
def test_a_real_certificate_is_told_before_it_ends(public, serve, days, level):
    certificate = public.sign("localhost", days=days)
    found = named(network.phones(with_files(certificate, serve(certificate))))
    assert "by themselves" in found["Certificate"].words
    assert found["Expiry"].level == level


@pytest.mark.parametrize(
    ("name", "begins", "problem"),
    [
        ("localhost", NOW - timedelta(days=90), "it has expired"),
        ("localhost", NOW + timedelta(days=5), "it is not valid yet, or this computer's clock"),
        ("images.example.nz", None, "it is for another name"),
    ],
)
def test_a_certificate_that_phones_refuse(public, serve, name, begins, problem):
    certificate = public.sign(name, begins=begins)
    found = named(network.phones(with_files(certificate, serve(certificate))))
    assert (found["Certificate"].level, problem in found["Certificate"].words) == ("fail", True)


def test_nothing_that_answers_is_a_failure(tmp_path):
    authority_of(tmp_path)
    settings = some_settings(tmp_path, lan_hosts=("localhost",))
    assert "nothing answers at port" in named(network.phones(settings))["Certificate"].words
    assert network.desk(settings).level == "fail"


def test_an_address_that_changed_since_the_start_is_told(tmp_path):
    settings = some_settings(tmp_path, lan_hosts=("203.0.113.77",))
    found = named(network.phones(settings))["Name"]
    assert found.level == "warn"
    assert "Start ClinicPro again, and give it a fixed address in the router." in found.words


def test_a_name_that_leads_nowhere_is_a_failure(tmp_path):
    settings = some_settings(tmp_path, public_url="https://nowhere.invalid")
    assert named(network.phones(settings))["Name"].level == "fail"


def test_without_a_network_no_phone_comes(tmp_path):
    (finding,) = network.phones(some_settings(tmp_path))
    assert (finding.level, "none can reach this computer" in finding.words) == ("warn", True)


def test_phones_need_https(tmp_path):
    (finding,) = network.phones(some_settings(tmp_path, public_url="http://desk.lan"))
    assert finding.level == "fail"


@pytest.mark.skipif(not lan.find_addresses(), reason="no network here")
def test_an_inner_port_that_the_network_reaches_is_a_failure(tmp_path):
    settings = some_settings(tmp_path)
    assert network.inner_ports(settings).level == "ok"
    port = free_port()
    (tmp_path / "runtime.json").write_text(f'{{"STORE_S3_PORT": "{port}"}}')
    with socket.create_server(("0.0.0.0", port)):
        found = network.inner_ports(settings)
    assert (found.level, f":{port}" in found.words) == ("fail", True)
    assert network.inner_ports(settings).level == "ok"
