"""A practice's own certificate: served, trusted or not, renewed while it runs, refused in words."""

import http.client
import shutil
import ssl
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from clinicpro.up import StartError, certificate
from tests.instance import Instance, free_port
from tests.trust.authority import make_authority, openssl
from tests.up.settings import some_settings


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path / "public", "Public authority")


def settings_with(path, key=None):
    return some_settings(
        public_url="https://localhost:9443",
        tls_cert_file=path,
        tls_key_file=key or path.with_suffix(".key"),
    )


def test_files_that_cannot_be_read_are_one_sentence(authority):
    made = authority.sign("localhost")
    with pytest.raises(StartError) as refused:
        certificate.look(settings_with(made, Path("/nowhere/key.pem")))
    assert str(refused.value) == (
        "TLS_KEY_FILE: /nowhere/key.pem cannot be read (No such file or directory)."
    )


def test_a_key_that_does_not_fit_is_one_sentence(authority):
    one, other = authority.sign("localhost"), authority.sign("other.nz")
    with pytest.raises(StartError, match="are no certificate and its key"):
        certificate.look(settings_with(one, other.with_suffix(".key")))


def test_without_files_there_is_nothing_to_look_at():
    assert certificate.look(some_settings()) is None


def test_a_renewal_counts_once_and_only_when_it_is_whole(authority):
    made = authority.sign("localhost")
    watch = certificate.Watch(settings_with(made))
    assert watch.renewed() is None
    key = made.with_suffix(".key").read_bytes()
    authority.sign("localhost")
    renewed = made.with_suffix(".key").read_bytes()
    made.with_suffix(".key").write_bytes(key)  # the old key with the new certificate
    assert watch.renewed() is None
    made.with_suffix(".key").write_bytes(renewed)
    assert watch.renewed() is not None
    assert watch.renewed() is None


@pytest.fixture(scope="module")
def running():
    """An instance whose certificate comes from an authority that this computer trusts."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    public = make_authority(folder / "public", "Public authority")
    made = public.sign("localhost")
    port = free_port()
    given = {
        "HTTPS_PORT": str(port),
        "PUBLIC_URL": f"https://localhost:{port}",
        "TLS_CERT_FILE": str(made),
        "TLS_KEY_FILE": str(made.with_suffix(".key")),
        "SSL_CERT_FILE": str(public.certificate),
    }
    with Instance(folder / "data", **given) as instance:
        instance.https_port = port
        instance.public = public
        yield instance
    shutil.rmtree(folder)


def serial(instance):
    """Of the certificate that is served."""
    pem = ssl.get_server_certificate(("localhost", instance.https_port))
    path = instance.data / "seen.pem"
    path.write_text(pem)
    return openssl("x509", "-in", path, "-noout", "-serial")


def secure(instance):
    context = ssl.create_default_context(cafile=instance.public.certificate)
    return http.client.HTTPSConnection(
        "localhost", instance.https_port, timeout=10, context=context
    )


@pytest.mark.faults
def test_a_trusted_certificate_is_served_and_browsers_are_told_to_insist(running):
    said = "".join(running.said)
    connection = secure(running)
    connection.request("GET", "/trust")
    answer = connection.getresponse()
    assert f"Phones: https://localhost:{running.https_port} (they trust its certificate)" in said
    assert answer.headers["Strict-Transport-Security"] == f"max-age={30 * 86400}"
    assert b"There is nothing to install" in answer.read()
    connection.close()


@pytest.mark.faults
def test_a_renewed_certificate_counts_without_a_start(running):
    before = serial(running)
    running.public.sign("localhost")
    deadline = time.monotonic() + 20
    while serial(running) == before:
        assert time.monotonic() < deadline, "the new certificate was not taken"
        time.sleep(0.2)


@pytest.mark.faults
def test_one_that_nobody_vouches_for_is_told_and_browsers_may_still_go_on(tmp_path):
    made = make_authority(tmp_path / "own").sign("localhost")
    port = free_port()
    given = {
        "HTTPS_PORT": str(port),
        "PUBLIC_URL": f"https://localhost:{port}",
        "TLS_CERT_FILE": str(made),
        "TLS_KEY_FILE": str(made.with_suffix(".key")),
    }
    data = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(data, **given) as instance:
        warning = "they will warn of its certificate, because no authority that browsers know"
        assert warning in "".join(instance.said)
        context = ssl.create_default_context(cafile=tmp_path / "own/root.crt")
        connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
        connection.request("GET", "/trust")
        assert "Strict-Transport-Security" not in connection.getresponse().headers
        connection.close()
    shutil.rmtree(data)


@pytest.mark.faults
def test_behind_a_proxy_nothing_of_ours_is_on_the_network():
    data = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(data, PUBLIC_URL="https://images.example.nz") as instance:
        said = "its certificate is the business of the proxy there"
        assert f"Phones: https://images.example.nz ({said})" in "".join(instance.said)
        listening = {
            (one.laddr.ip, one.laddr.port)
            for pid in instance.children()
            for one in psutil.Process(pid).net_connections("inet")
            if one.status == psutil.CONN_LISTEN
        }
        assert {ip for ip, _ in listening} <= {"127.0.0.1", "::1"}
    shutil.rmtree(data)
