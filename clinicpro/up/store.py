"""The bundled image store: SeaweedFS on loopback, with every door shut that we do not use."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from clinicpro.settings import Settings
from clinicpro.up import StartError
from clinicpro.up.place import Place, write_private
from clinicpro.up.ports import GRPC_OFFSET
from clinicpro.up.secrets import Secrets

OLDEST = (4, 48)  # the flags below were checked with this one
PORT_NAMES = (
    "STORE_MASTER_PORT",
    "STORE_MASTER_GRPC_PORT",
    "STORE_VOLUME_PORT",
    "STORE_VOLUME_GRPC_PORT",
    "STORE_FILER_PORT",
    "STORE_FILER_GRPC_PORT",
    "STORE_S3_PORT",
    "STORE_S3_GRPC_PORT",
    "STORE_ADMIN_PORT",
)
JWT_SECONDS = 60
# Without -disableHttp a plain GET of /col/delete?collection=BUCKET on the master's port, which any
# web page can make a browser on this machine send, erases every image (seen with 4.48). Our own
# traffic goes through S3 and gRPC, which stay.
SHUT_DOORS = (
    "-disableHttp",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.iam=false",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.telemetry=false",
    "-volume.preStopSeconds=0",
)


@dataclass(frozen=True)
class StorePorts:
    """Every port the store opens, so that no two instances ever meet."""

    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    s3: int
    s3_grpc: int
    admin: int

    @property
    def s3_url(self) -> str:
        return f"http://127.0.0.1:{self.s3}"

    def flags(self) -> list[str]:
        """Each port named to the store: what is not given it would choose itself."""
        numbers = {
            "master.port": self.master,
            "master.port.grpc": self.master_grpc,
            "volume.port": self.volume,
            "volume.port.grpc": self.volume_grpc,
            "filer.port": self.filer,
            "filer.port.grpc": self.filer_grpc,
            "s3.port": self.s3,
            "s3.port.grpc": self.s3_grpc,
            "admin.port": self.admin,
            "admin.port.grpc": self.admin + GRPC_OFFSET,
        }
        return [f"-{name}={number}" for name, number in numbers.items()]


def command(weed: Path, place: Place, settings: Settings, ports: StorePorts) -> tuple[str, ...]:
    """How the store is started; its working directory must be `place.conf`."""
    origin = f"http://localhost:{settings.port}"
    return (
        str(weed),
        "-logtostderr=true",  # or it fills the temporary folder with logs of its own
        "mini",
        f"-dir={place.store}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.config={place.conf / 'identities.json'}",
        f"-bucket={settings.s3_bucket}",
        f"-s3.allowedOrigins={origin}",
        f"-filer.allowedOrigins={origin}",
        f"-s3.localSocket={settings.runtime / 's3.sock'}",
        f"-filer.localSocket={settings.runtime / 'filer.sock'}",
        *SHUT_DOORS,
        *ports.flags(),
    )


def write_configuration(place: Place, settings: Settings, secrets: Secrets) -> None:
    """The store knows one identity, for one bucket; its inner servers want tokens."""
    write_private(place.conf / "identities.json", _identities(settings.s3_bucket, secrets))
    write_private(place.conf / "security.toml", _security(secrets))


def check_version(weed: Path) -> None:
    """`weed` is as new as the hardening needs. Raises StartError."""
    try:
        run = subprocess.run(  # noqa: S603  (our own command)
            [str(weed), "version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError(f"The image store {weed} does not run ({error}).") from error
    found = re.search(r"\b(\d+)\.(\d+)\b", run.stdout)
    if found is None:
        raise StartError(f"The image store {weed} does not say its version.")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise StartError(
            f"The image store {weed} is version {found[0]}, but at least "
            f"{OLDEST[0]}.{OLDEST[1]} is needed: run 'make run' to install it."
        )


def _identities(bucket: str, secrets: Secrets) -> str:
    identity = {
        "name": "clinicpro",
        "credentials": [
            {"accessKey": secrets.access_key_id, "secretKey": secrets.secret_access_key}
        ],
        "actions": [f"Read:{bucket}", f"Write:{bucket}", f"List:{bucket}"],
    }
    return json.dumps({"identities": [identity]})


def _security(secrets: Secrets) -> str:
    return "\n".join(
        f'[{section}]\nkey = "{key}"\nexpires_after_seconds = {JWT_SECONDS}'
        for section, key in secrets.jwt.items()
    )
