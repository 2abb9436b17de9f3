"""Certificates: the root of this practice's own authority, and what a browser thinks of one."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

AUTHORITY = Path("caddy/caddy/pki/authorities/local")  # in the data folder, where Caddy keeps it
# X509_V_ERR_* of OpenSSL's x509_vfy.h
NOT_YET, EXPIRED, OTHER_NAME, OTHER_ADDRESS = 9, 10, 62, 64
NOT_SIGNED = "no authority that browsers know by themselves has signed it"
REASONS = {
    NOT_YET: "it is not valid yet, or this computer's clock is slow",
    EXPIRED: "it has expired",
    OTHER_NAME: "it is for another name",
    OTHER_ADDRESS: "it is for another address",
}


@dataclass(frozen=True)
class Root:
    """The certificate that a phone is told to trust."""

    pem: str
    name: str
    begins: datetime
    ends: datetime

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.pem)

    @property
    def fingerprint(self) -> str:
        """SHA-256 in capitals, in pairs, as phones and computers show it."""
        return hashlib.sha256(self.der).digest().hex(":").upper()

    @property
    def fingerprint_lines(self) -> list[str]:
        """Eight pairs a line, so that it can be compared by eye and fits a phone."""
        pairs = self.fingerprint.split(":")
        return [":".join(pairs[start : start + 8]) for start in range(0, len(pairs), 8)]


@dataclass(frozen=True)
class Seen:
    """What a browser would think of a certificate: `problem` is None where all is well."""

    ends: datetime | None
    problem: str | None


def root_of(data: Path) -> Root | None:
    """The root of the authority in the data folder; None before Caddy has made it."""
    try:
        pem = (data / AUTHORITY / "root.crt").read_text(encoding="ascii")
        known = trusting(pem).get_ca_certs()[0]
    except (OSError, ValueError, IndexError):
        return None
    subject = dict(pair[0] for pair in known.get("subject", ()))  # type: ignore[misc]
    begins, ends = (moment_of(str(known[name])) for name in ("notBefore", "notAfter"))
    return Root(pem, str(subject.get("commonName", "ClinicPro")), begins, ends)


def trusting(pem: str) -> ssl.SSLContext:
    """A client that trusts this one root and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return context


def seen_in_files(certificate: Path, key: Path, host: str) -> Seen:
    """What a browser that opens `host` would think of the certificate in these files.

    A handshake in memory, with the authorities that this computer trusts. Raises OSError when a
    file cannot be read, and ssl.SSLError when the two are no certificate and its key.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key, password="")  # never ask on the console
    try:
        return Seen(_handshake(server, ssl.create_default_context(), host), None)
    except ssl.SSLCertVerificationError as error:
        return Seen(None, reason(error))


def reason(error: ssl.SSLCertVerificationError) -> str:
    """Why a browser would warn, to be read after "because"."""
    return REASONS.get(error.verify_code, NOT_SIGNED)


def moment_of(text: str) -> datetime:
    """A time as the ssl module writes it."""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> datetime:
    """When the server's certificate ends. Raises SSLCertVerificationError where it is refused."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    behind = server.wrap_bio(to_server, to_client, server_side=True)
    before = client.wrap_bio(to_client, to_server, server_hostname=host)
    for side in (before, behind, before):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    known = before.getpeercert()
    return moment_of(str((known or {})["notAfter"]))
