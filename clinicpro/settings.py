"""Settings: read once from the environment, `.env` and the data folder; nonsense is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from clinicpro import addresses
from clinicpro.addresses import LOOPBACK_NAME, in_url
from clinicpro.addresses import SettingsError as SettingsError

DEFAULT_MODEL = "claude-sonnet-5-5"
SECRETS_FILE = "secrets.json"  # made on the first start, mode 0600
RUNTIME_FILE = "runtime.json"  # inner ports and the socket folder of the running instance


@dataclass(frozen=True)
class Settings:
    """Everything the program was told.

    `data` holds database, store and secrets; `runtime` is a short folder for unix sockets (their
    paths are limited to about 100 bytes). `s3_endpoint_url` is None for AWS itself. `lan_hosts`
    are this machine's address and names on the practice's network, the phones' one first; `up`
    finds them and hands them down.
    """

    data: Path
    runtime: Path
    secret_key: str = field(repr=False)
    instance_id: str
    database_url: str = field(repr=False)
    s3_access_key_id: str = field(repr=False)
    s3_secret_access_key: str = field(repr=False)
    s3_endpoint_url: str | None = None
    s3_bucket: str = "clinicpro"
    s3_region: str = "us-east-1"
    store: Literal["bundled", "external"] = "bundled"
    port: int = 8000
    https_port: int = 8443
    public_url: str | None = None
    lan_hosts: tuple[str, ...] = ()
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    acme_email: str | None = None
    acme_directory: str | None = None
    web_concurrency: int = 2
    anthropic_api_key: str | None = field(default=None, repr=False)
    anthropic_base_url: str | None = None
    claude_model: str = DEFAULT_MODEL
    claude_region: Literal["us", "global"] | None = None
    practice_name: str = "Our practice"
    is_demo: bool = False

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def phone_origin(self) -> str:
        """What a phone opens: scheme, host and port, without a slash at the end."""
        if self.public_url:
            return self.public_url
        host = self.lan_hosts[0] if self.lan_hosts else LOOPBACK_NAME
        return f"https://{in_url(host)}:{self.https_port}"

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin that is answered, this machine's own first."""
        loopback = (f"http://{LOOPBACK_NAME}:{self.port}",)
        if self.certificate != "own":
            return (*loopback, self.phone_origin)
        hosts = (LOOPBACK_NAME, *self.lan_hosts)
        own = (f"https://{in_url(host)}:{self.https_port}" for host in hosts)
        return tuple(dict.fromkeys((*loopback, *own, self.phone_origin)))

    @property
    def is_on_network(self) -> bool:
        """Whether a phone can reach this program at all; without a network it cannot."""
        return bool(self.public_url or self.lan_hosts)

    @property
    def certificate(self) -> Literal["own", "files", "acme", "proxy"]:
        """Where the certificate of `phone_origin` comes from.

        "own": Caddy's authority in the data folder, which a phone must be told to trust.
        "proxy": whoever stands in front of PORT and ends TLS there.
        """
        if self.tls_cert_file:
            return "files"
        if self.acme_email:
            return "acme"
        return "own" if self.serves_phones else "proxy"

    @property
    def serves_phones(self) -> bool:
        """Whether Caddy itself answers `phone_origin` on HTTPS_PORT, and no proxy before it."""
        if not self.public_url or self.tls_cert_file or self.acme_email:
            return True
        parts = urlsplit(self.public_url)
        return parts.scheme == "https" and (parts.port or 443) == self.https_port

    @property
    def decoder_socket(self) -> Path:
        return self.runtime / "decoder.sock"

    @property
    def wake_folder(self) -> Path:
        """Each process's datagram socket lives here (see live.py)."""
        return self.runtime / "wake"

    @property
    def store_folder(self) -> Path:
        """Where the bundled store keeps its bytes; the durability barrier syncs this folder."""
        return self.data / "store"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """What the environment says, then `.env`, then the data folder.

        Raises SettingsError with one clear sentence when a value is missing or cannot be meant.
        """
        return _Reader(os.environ if environ is None else environ).settings()


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where this instance lives: known before its first start, when it has no secrets yet."""
    return _Reader(os.environ if environ is None else environ).data


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values = {**_dotenv(Path(".env")), **environ}
        self.data = Path(self.values.get("CLINICPRO_DATA") or "instance").resolve()
        self.values = {
            **_json(self.data / SECRETS_FILE),
            **_json(self.data / RUNTIME_FILE),
            **{name: value for name, value in self.values.items() if value},
        }

    def settings(self) -> Settings:
        store = self.choice("STORE", ("bundled", "external"), "bundled")
        addresses.check_certificate(self.values)
        return Settings(
            data=self.data,
            runtime=Path(self.values.get("CLINICPRO_RUNTIME") or self.data / "run"),
            secret_key=self.required("SECRET_KEY"),
            instance_id=self.required("INSTANCE_ID"),
            database_url=self.database_url(),
            s3_access_key_id=self.required("AWS_ACCESS_KEY_ID"),
            s3_secret_access_key=self.required("AWS_SECRET_ACCESS_KEY"),
            s3_endpoint_url=self.url("S3_ENDPOINT_URL"),
            s3_bucket=self.values.get("S3_BUCKET_NAME", "clinicpro"),
            s3_region=self.values.get("AWS_REGION", "us-east-1"),
            store="external" if store == "external" else "bundled",
            port=self.number("PORT", 8000, 1, 65535),
            https_port=self.number("HTTPS_PORT", 8443, 1, 65535),
            public_url=addresses.origin("PUBLIC_URL", self.values.get("PUBLIC_URL")),
            lan_hosts=addresses.hosts("LAN_HOSTS", self.values.get("LAN_HOSTS", "")),
            tls_cert_file=self.path("TLS_CERT_FILE"),
            tls_key_file=self.path("TLS_KEY_FILE"),
            acme_email=addresses.email("ACME_EMAIL", self.values.get("ACME_EMAIL")),
            acme_directory=self.url("ACME_DIRECTORY"),
            web_concurrency=self.number("WEB_CONCURRENCY", 2, 1, 64),
            anthropic_api_key=self.secret("ANTHROPIC_API_KEY"),
            anthropic_base_url=self.url("ANTHROPIC_BASE_URL"),
            claude_model=self.values.get("CLAUDE_MODEL", DEFAULT_MODEL),
            claude_region=self.region(),
            practice_name=self.values.get("PRACTICE_NAME", "Our practice"),
            is_demo=self.choice("CLINICPRO_DEMO", ("0", "1"), "0") == "1",
        )

    def secret(self, name: str) -> str | None:
        """The value of `name`, or the content of the file that `NAME_FILE` points at."""
        path = self.values.get(f"{name}_FILE")
        if path is None:
            return self.values.get(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE: cannot read {path} ({error.strerror}).") from error

    def required(self, name: str) -> str:
        value = self.secret(name)
        if value:
            return value
        raise SettingsError(
            f"{name} is not set and {self.data} has never been started: start it once with "
            f"'make run', or set {name}."
        )

    def database_url(self) -> str:
        url = self.secret("DATABASE_URL") or f"sqlite:///{self.data / 'clinicpro.sqlite3'}"
        scheme = url.split(":", 1)[0]
        if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
            return "postgresql+psycopg" + url[len(scheme) :]
        if scheme == "sqlite":
            return url
        raise SettingsError(f"DATABASE_URL: '{scheme}' is neither sqlite nor postgresql.")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.values.get(name, str(default))
        if not text.isdecimal() or not low <= int(text) <= high:
            raise SettingsError(f"{name}: '{text}' is not a number from {low} to {high}.")
        return int(text)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.values.get(name, default)
        if value not in allowed:
            raise SettingsError(f"{name}: '{value}' is not one of {', '.join(allowed)}.")
        return value

    def region(self) -> Literal["us", "global"] | None:
        """Where Claude may compute; a server in the house has no such choice."""
        found = self.choice("CLAUDE_REGION", ("", "us", "global"), "")
        if found and self.values.get("ANTHROPIC_BASE_URL"):
            raise SettingsError("CLAUDE_REGION: only Anthropic has regions, not your own server.")
        return "us" if found == "us" else "global" if found else None

    def url(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else addresses.url(name, value)

    def path(self, name: str) -> Path | None:
        value = self.values.get(name)
        return Path(value).resolve() if value else None


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs}


def _json(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    return {str(name): str(value) for name, value in content.items()}
