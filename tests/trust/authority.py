"""Certificates for tests, made by openssl: a root, and what it signs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinicpro.trust.certificates import AUTHORITY

# `openssl ca` alone takes a beginning and an end.
CONFIGURATION = """[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
certificate = {folder}/root.crt
private_key = {folder}/root.key
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Authority:
    """A root in `folder`, as root.crt and root.key."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "root.crt"

    def sign(self, name: str, *, begins: datetime | None = None, days: int = 30) -> Path:
        """A certificate for `name`; gives its path, its key's ends in .key."""
        kind = "IP" if name.replace(".", "").isdecimal() else "DNS"
        begins = begins or datetime.now(UTC) - timedelta(minutes=1)
        request, made = self.folder / f"{name}.csr", self.folder / f"{name}.crt"
        openssl(
            *("req", "-new", *KEY, "-keyout", made.with_suffix(".key"), "-out", request),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}"),
        )
        (self.folder / "index.txt").write_text("")
        configuration = self.folder / "ca.cnf"
        configuration.write_text(CONFIGURATION.format(folder=self.folder))
        openssl(
            *("ca", "-batch", "-notext", "-config", configuration, "-in", request, "-out", made),
            *("-startdate", f"{begins:%Y%m%d%H%M%SZ}"),
            *("-enddate", f"{begins + timedelta(days=days):%Y%m%d%H%M%SZ}"),
        )
        return made


def make_authority(folder: Path, name: str = "ClinicPro desk 0badcafe") -> Authority:
    folder.mkdir(parents=True, exist_ok=True)
    openssl(
        *("req", "-x509", *KEY, "-days", "3650", "-subj", f"/CN={name}"),
        *("-keyout", folder / "root.key", "-out", folder / "root.crt"),
    )
    return Authority(folder)


def authority_of(data: Path) -> Authority:
    """The root lies where Caddy keeps it in the data folder."""
    return make_authority(data / AUTHORITY)


def openssl(*arguments: str | Path) -> str:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
