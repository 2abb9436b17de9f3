"""What is thought of a certificate: as a browser would, with the reason in words."""

import ssl
from datetime import UTC, datetime

import pytest

from clinicpro.trust import certificates
from clinicpro.trust.certificates import root_of, seen_in_files
from tests.trust.authority import authority_of, make_authority, openssl


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A public authority, which this computer knows."""
    found = make_authority(tmp_path / "public", "Public authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(found.certificate))
    return found


def test_a_good_certificate_has_no_problem_and_an_end(authority):
    path = authority.sign("images.example.nz", days=30)
    seen = seen_in_files(path, path.with_suffix(".key"), "images.example.nz")
    ends = openssl("x509", "-in", path, "-noout", "-enddate").strip().removeprefix("notAfter=")
    assert seen.problem is None
    assert seen.ends == certificates.moment_of(ends)


def test_an_address_can_have_one_too(authority):
    path = authority.sign("192.168.1.20")
    assert seen_in_files(path, path.with_suffix(".key"), "192.168.1.20").problem is None
    other = seen_in_files(path, path.with_suffix(".key"), "192.168.1.21")
    assert other.problem == "it is for another address"


@pytest.mark.parametrize(
    ("when", "host", "problem"),
    [
        ({"begins": datetime(2020, 1, 1, tzinfo=UTC)}, "a.nz", "it has expired"),
        ({"begins": datetime(2090, 1, 1, tzinfo=UTC)}, "a.nz", "it is not valid yet"),
        ({}, "b.nz", "it is for another name"),
    ],
)
def test_what_a_browser_would_warn_of(authority, when, host, problem):
    path = authority.sign("a.nz", **when)
    assert seen_in_files(path, path.with_suffix(".key"), host).problem.startswith(problem)


def test_one_that_nobody_vouches_for(tmp_path, authority):
    path = make_authority(tmp_path / "own").sign("a.nz")
    seen = seen_in_files(path, path.with_suffix(".key"), "a.nz")
    assert seen.problem == certificates.NOT_SIGNED


def test_a_key_of_another_certificate_is_refused(authority):
    one, other = authority.sign("a.nz"), authority.sign("b.nz")
    with pytest.raises(ssl.SSLError):
        seen_in_files(one, other.with_suffix(".key"), "a.nz")


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(authority, tmp_path):
    path = authority.sign("a.nz")
    locked = tmp_path / "locked.key"
    openssl("ec", "-in", path.with_suffix(".key"), "-out", locked, "-aes256", "-passout", "pass:x")
    with pytest.raises(ssl.SSLError):
        seen_in_files(path, locked, "a.nz")


def test_the_root_is_read_where_caddy_keeps_it(tmp_path):
    assert root_of(tmp_path) is None
    made = authority_of(tmp_path)
    root = root_of(tmp_path)
    told = openssl("x509", "-in", made.certificate, "-noout", "-fingerprint", "-sha256")
    assert told.strip().split("=")[1] == root.fingerprint
    assert root.name == "ClinicPro desk 0badcafe"
    made.certificate.write_text("half a cert")
    assert root_of(tmp_path) is None
