"""The address that phones open: what was set, or what this machine is called on the network."""

import pytest

from clinicpro.settings import Settings, SettingsError
from clinicpro.up import lan
from clinicpro.up.place import open_place
from clinicpro.up.secrets import ensure_secrets
from tests.network import Network


@pytest.fixture
def told(tmp_path):
    """Settings from what the environment says, on a data folder that was started before."""
    ensure_secrets(open_place(tmp_path))
    return lambda **environ: Settings.from_env({"CLINICPRO_DATA": str(tmp_path), **environ})


@pytest.mark.parametrize(
    ("environ", "origin", "certificate"),
    [
        ({}, "https://localhost:8443", "own"),
        ({"LAN_HOSTS": "10.0.0.7 desk.local"}, "https://10.0.0.7:8443", "own"),
        ({"LAN_HOSTS": "fd00::2", "HTTPS_PORT": "9443"}, "https://[fd00::2]:9443", "own"),
        ({"PUBLIC_URL": "https://Desk.lan:8443/"}, "https://desk.lan:8443", "own"),
        ({"PUBLIC_URL": "https://images.example.nz:443"}, "https://images.example.nz", "proxy"),
        (
            {"PUBLIC_URL": "https://images.example.nz", "ACME_EMAIL": "it@example.nz"},
            "https://images.example.nz",
            "acme",
        ),
        (
            {"PUBLIC_URL": "https://a.nz", "TLS_CERT_FILE": "/c", "TLS_KEY_FILE": "/k"},
            "https://a.nz",
            "files",
        ),
    ],
)
def test_the_phones_address_and_its_certificate(told, environ, origin, certificate):
    settings = told(**environ)
    assert (settings.phone_origin, settings.certificate) == (origin, certificate)
    assert settings.is_on_network == bool(environ)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PUBLIC_URL": "https://a.nz/clinic"}, "must be scheme, host and port alone"),
        ({"PUBLIC_URL": "https://a.nz:port"}, "a port that is no port"),
        ({"PUBLIC_URL": "https://a{b}.nz"}, "neither a name nor an address"),
        ({"LAN_HOSTS": "a.nz {"}, "neither a name nor an address"),
        ({"TLS_CERT_FILE": "/c"}, "TLS_CERT_FILE is set alone"),
        ({"TLS_CERT_FILE": "/c", "TLS_KEY_FILE": "/k"}, "TLS_CERT_FILE needs PUBLIC_URL"),
        ({"ACME_EMAIL": "a@b.nz", "PUBLIC_URL": "http://a.nz"}, "ACME_EMAIL needs PUBLIC_URL"),
    ],
)
def test_addresses_that_cannot_be_meant(told, environ, words):
    with pytest.raises(SettingsError, match=words):
        told(**environ)


def test_a_machine_on_a_network_is_found_by_its_address_first():
    with Network() as network, network.inside():
        assert lan.find_hosts() == ()
        network.join("172.17.0.1", "docker0")  # no phone is in there
        assert lan.find_hosts() == ()
        network.join("10.9.8.7")
        address, *names = lan.find_hosts()
        assert lan.find_addresses() == (address,) == ("10.9.8.7",)
        assert not {"localhost", "127.0.0.1", "172.17.0.1"} & set(names)
        network.join("192.168.1.20", "lan1")
        assert set(lan.find_addresses()) == {"10.9.8.7", "192.168.1.20"}
