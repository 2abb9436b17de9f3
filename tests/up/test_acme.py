"""A certificate by ACME: asked for at HTTPS_PORT itself, from an authority of the test's."""

import http.client
import shutil
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from clinicpro.up.programs import binary
from tests.instance import Instance
from tests.network import Network

pytestmark = pytest.mark.faults

AUTHORITY = """{
	admin off
	persist_config off
	auto_https disable_redirects
	skip_install_trust
}
https://localhost:9999 {
	bind 127.0.0.1
	tls internal
	acme_server
}
"""


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def network():
    with Network() as found, found.inside():
        yield found


@pytest.fixture
def root(network, folder):
    """The root of an authority that runs."""
    (folder / "Caddyfile").write_text(AUTHORITY)
    place = {"XDG_DATA_HOME": str(folder), "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        command = [str(binary("caddy")), "run", "--config", str(folder / "Caddyfile")]
        authority = subprocess.Popen(command, env=place, stdout=log, stderr=log)
    root = folder / "caddy/pki/authorities/local/root.crt"
    wait_until(root.exists)
    yield root
    authority.terminate()
    authority.wait(10)


def wait_until(happens, seconds=20):
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def answer_to(root):
    """The headers of an answer over HTTPS at 443, which checks ACME's certificate by `root`."""
    context = ssl.create_default_context(cafile=root)
    connection = http.client.HTTPSConnection("localhost", 443, timeout=10, context=context)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
    except OSError:
        return None
    finally:
        connection.close()
    return answer.headers if answer.status == 200 else None


def test_a_certificate_comes_by_itself(root, folder):
    given = {
        "HTTPS_PORT": "443",
        "PUBLIC_URL": "https://localhost",
        "ACME_EMAIL": "it@practice.example",
        "ACME_DIRECTORY": "https://localhost:9999/acme/local/directory",
        "SSL_CERT_FILE": str(root),
    }
    with Instance(folder / "data", **given) as instance:
        assert (
            "Phones: https://localhost (they trust its certificate as soon as it has come)\n"
            in (instance.said)
        )
        wait_until(lambda: answer_to(root) is not None)
        assert "Strict-Transport-Security" in answer_to(root)
