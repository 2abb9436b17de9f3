"""/trust: the root for phones and computers, the steps, and when there is nothing to do."""

import dataclasses
import hashlib
import plistlib
import ssl

import pytest

from tests.trust.authority import authority_of

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/131.0 Mobile Safari/537.36"


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, lan_hosts=("192.168.1.20", "desk.local"))


@pytest.fixture
def root(settings):
    return authority_of(settings.data).certificate.read_text()


def test_the_certificate_is_the_root_itself(nobody, root):
    der = nobody.get("/trust/certificate")
    pem = nobody.get("/trust/certificate-pem")
    assert (der.status_code, der.mimetype) == (200, "application/x-x509-ca-cert")
    assert der.data == ssl.PEM_cert_to_DER_cert(root)
    assert (pem.text, pem.mimetype) == (root, "application/x-pem-file")
    assert der.headers["Content-Disposition"] == 'inline; filename="clinicpro-desk-0badcafe.crt"'


def test_an_iphone_gets_a_profile_that_installs_the_root(nobody, root):
    answer = nobody.get("/trust/profile")
    assert answer.mimetype == "application/x-apple-aspen-config"
    profile = plistlib.loads(answer.data)
    (payload,) = profile["PayloadContent"]
    assert (profile["PayloadType"], payload["PayloadType"]) == (
        "Configuration",
        "com.apple.security.root",
    )
    assert payload["PayloadContent"] == ssl.PEM_cert_to_DER_cert(root)
    assert profile["PayloadOrganization"] == "Our practice"
    assert plistlib.loads(nobody.get("/trust/profile").data) == profile  # it replaces itself


def test_the_fingerprint_is_the_roots(nobody, root):
    page = nobody.get("/trust").text
    pairs = hashlib.sha256(ssl.PEM_cert_to_DER_cert(root)).hexdigest().upper()
    shown = page.split('class="trust__print">')[1].split("</dd>")[0]
    letters = shown.replace("<span>", "").replace("</span>", "").replace(":", "")
    assert letters == pairs
    assert "ClinicPro desk 0badcafe" in page


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(("browser", "first"), [(IPHONE, "iPhone and iPad"), (ANDROID, "Android")])
def test_the_steps_that_fit_are_open(nobody, browser, first):
    page = nobody.get("/trust", headers={"User-Agent": browser}).text
    opened = [
        part.split("<summary>")[1].split("<")[0]
        for part in page.split("<details")[1:]
        if part.split(">")[0].endswith(" open")
    ]
    assert opened == [first]


@pytest.mark.usefixtures("root")
def test_the_code_for_the_phone_is_shown_everywhere_but_there(nobody):
    words = "QR code of https://192.168.1.20:8443/trust"
    assert words in nobody.get("/trust").text
    assert words not in nobody.get("/trust", base_url="https://192.168.1.20:8443").text


@pytest.mark.usefixtures("app")
def test_before_caddy_has_made_it_there_is_none(nobody):
    assert "not there yet" in nobody.get("/trust").text
    for path in ("/trust/certificate", "/trust/certificate-pem", "/trust/profile"):
        assert nobody.get(path).status_code == 404


class TestARealCertificate:
    @pytest.fixture
    def settings(self, settings):
        return dataclasses.replace(settings, public_url="https://images.example.nz")

    @pytest.mark.usefixtures("root")
    def test_needs_nothing(self, nobody):
        page = nobody.get("/trust").text
        assert "There is nothing to install" in page
        assert nobody.get("/trust/certificate").status_code == 404


class TestNoNetwork:
    @pytest.fixture
    def settings(self, settings):
        return dataclasses.replace(settings, lan_hosts=())

    @pytest.mark.usefixtures("root")
    def test_is_said(self, nobody):
        assert "No phone can reach this computer" in nobody.get("/trust").text
