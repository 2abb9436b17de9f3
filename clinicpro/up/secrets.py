"""The secrets of one instance: made on its first start, kept ever after."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clinicpro.up import StartError
from clinicpro.up.place import Place, read_values, write_private, write_values

UNAMBIGUOUS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: 5 bits a character
CODE_GROUPS = 3
GROUP_LENGTH = 4  # 12 characters in all, 60 bits

MAKERS: Mapping[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "INSTANCE_ID": lambda: secrets.token_hex(4),
    "AWS_ACCESS_KEY_ID": lambda: secrets.token_hex(10).upper(),
    "AWS_SECRET_ACCESS_KEY": lambda: secrets.token_urlsafe(30),
    "STORE_JWT_SIGNING": lambda: secrets.token_urlsafe(32),
    "STORE_JWT_SIGNING_READ": lambda: secrets.token_urlsafe(32),
    "STORE_JWT_FILER_SIGNING": lambda: secrets.token_urlsafe(32),
    "STORE_JWT_FILER_SIGNING_READ": lambda: secrets.token_urlsafe(32),
}


@dataclass(frozen=True)
class Secrets:
    """What the bundled store needs to know; the rest is read by the settings themselves.

    `jwt` goes by the sections of the store's security.toml.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    jwt: Mapping[str, str] = field(repr=False)


def ensure_secrets(place: Place) -> Secrets:
    """Every secret is in the data folder, mode 0600; those that were there stay as they were.

    Raises StartError when they are there and cannot be read.
    """
    kept = read_values(place.secrets_file)
    if not kept and place.secrets_file.exists():
        raise StartError(
            f"{place.secrets_file} is damaged: put it back from a backup, or remove it to sign "
            "everybody out and make new secrets."
        )
    values = {name: kept.get(name) or make() for name, make in MAKERS.items()}
    if {**kept, **values} != kept:
        write_values(place.secrets_file, {**kept, **values})
    place.secrets_file.chmod(0o600)
    return Secrets(
        access_key_id=values["AWS_ACCESS_KEY_ID"],
        secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        jwt={
            "jwt.signing": values["STORE_JWT_SIGNING"],
            "jwt.signing.read": values["STORE_JWT_SIGNING_READ"],
            "jwt.filer_signing": values["STORE_JWT_FILER_SIGNING"],
            "jwt.filer_signing.read": values["STORE_JWT_FILER_SIGNING_READ"],
        },
    )


def new_setup_code(place: Place) -> str:
    """A one-time code for the first account; only its SHA-256 is kept in the data folder."""
    groups = (
        "".join(secrets.choice(UNAMBIGUOUS) for _ in range(GROUP_LENGTH))
        for _ in range(CODE_GROUPS)
    )
    code = "-".join(groups)
    write_private(place.setup_code_file, hash_of_code(code) + "\n")
    return code


def hash_of_code(code: str) -> str:
    """Hex SHA-256 of the code's letters, however it was typed: dashes, blanks, small letters."""
    letters = code.replace("-", "").replace(" ", "").upper()
    return hashlib.sha256(letters.encode()).hexdigest()
