"""The image store: S3 through boto3, which is imported here only."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clinicpro.gateways import SignedPut, StorageError
from clinicpro.gateways.links import PUT_GOOD_FOR, Links, half_hour, put_headers
from clinicpro.gateways.signing import Signer
from clinicpro.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOT_ANSWERING = (
    "The image store isn't answering. Images you choose are kept in this tab and sent when it is "
    "back."
)
REFUSED = (
    "The image store refused the request. Nothing was lost; the person who looks after ClinicPro "
    "can see why under Practice, Health."
)
NOT_THERE = "This image is not in the store. The record of it is kept; please report this."
NOT_DURABLE = "The image store's disk could not be secured. The image is not saved yet; try again."

KEPT_LINKS = 4096  # about 2 MB

NOT_FOUND = ("404", "NoSuchKey", "NotFound")  # no bucket is the store's trouble, not the image's
ALREADY_THERE = ("412", "PreconditionFailed")

# AWS needs longer than a store on the same machine, nobody should wait longer than this.
PATIENT = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=64,
    retries={"mode": "standard", "total_max_attempts": 2},
    response_checksum_validation="when_required",  # who needs it knows the hash and checks it
)
HASTY = PATIENT.merge(
    Config(connect_timeout=0.9, read_timeout=0.9, retries={"total_max_attempts": 1})
)


class S3Store:
    """Bytes by key in one bucket; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.s3_bucket
        self._lock = threading.Lock()
        self._clients: dict[int, S3Client] = {}
        self.endpoint = settings.s3_endpoint_url or f"https://s3.{settings.s3_region}.amazonaws.com"
        signer = Signer(
            self.endpoint,
            settings.s3_region,
            settings.s3_access_key_id,
            settings.s3_secret_access_key,
        )
        self._links = Links(signer, self._bucket)
        self._get_link = lru_cache(KEPT_LINKS)(self._links.get)  # a gallery shows the same again

    def presign_put(
        self, key: str, *, content_type: str, size: int, sha256: str, now: datetime
    ) -> SignedPut:
        """A PUT of exactly these bytes, good for 5 minutes, once (sha256 in base64)."""
        headers = put_headers(content_type, sha256)
        path = self._links.put(key, headers, size, now)
        return SignedPut(path=path, headers=headers, expires_at=now + PUT_GOOD_FOR)

    def presign_get(self, key: str, *, now: datetime, download_name: str | None = None) -> str:
        """Path and query to GET `key`: the same text for half an hour, in every process."""
        return self._get_link(key, half_hour(now), download_name)

    def presign_look(self, key: str, *, now: datetime) -> str:
        """Path and query to GET `key` within 5 minutes, of which no browser keeps a copy."""
        return self._links.look(key, now)

    def find(self, key: str) -> bytes | None:
        """All bytes of `key`, or None. Raises StorageError when the store does not answer."""
        with _plain_words():
            try:
                return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if _code(error) in NOT_FOUND:
                    return None
                raise

    def read(self, key: str) -> bytes:
        """All bytes of `key`. Raises StorageError, also when it is not there."""
        found = self.find(key)
        if found is None:
            raise StorageError(NOT_THERE)
        return found

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Store `content`; a key that is there already keeps what it has."""
        with _plain_words():
            try:
                self._client().put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=content,
                    ContentType=content_type,
                    ChecksumSHA256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if _code(error) not in ALREADY_THERE:
                    raise

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens when it is not there."""
        with _plain_words():
            self._client().delete_object(Bucket=self._bucket, Key=key)

    def make_durable(self) -> None:
        """Return when the bundled store's files are on the disk; other stores do it themselves.

        The bundled one answers a PUT before it syncs. Raises StorageError.
        """
        if self._settings.store == "bundled":
            _sync_file_system(self._settings.store_folder)

    def is_up(self) -> bool:
        """Whether the store answers for our bucket right now (within 2 s)."""
        try:
            self._client(HASTY).head_bucket(Bucket=self._bucket)
        except (BotoCoreError, ClientError):
            return False
        return True

    def set_up(self, origins: Sequence[str]) -> None:
        """Make the bucket if it is missing, and let browsers at `origins` use it directly."""
        with _plain_words():
            client = self._client()
            try:
                client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if _code(error) not in NOT_FOUND:
                    raise
                self._make_bucket(client)
            client.put_bucket_cors(
                Bucket=self._bucket,
                CORSConfiguration={
                    "CORSRules": [
                        {
                            "AllowedOrigins": list(origins),
                            "AllowedMethods": ["GET", "PUT"],
                            "AllowedHeaders": ["*"],
                            "MaxAgeSeconds": int(timedelta(hours=1).total_seconds()),
                        }
                    ]
                },
            )

    def _make_bucket(self, client: S3Client) -> None:
        region = self._settings.s3_region
        if self._settings.s3_endpoint_url or region == "us-east-1":
            client.create_bucket(Bucket=self._bucket)
        else:
            client.create_bucket(
                Bucket=self._bucket,
                CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
            )

    def _client(self, config: Config = PATIENT) -> S3Client:
        with self._lock:  # making a client is not thread-safe, using one is
            client = self._clients.get(id(config))
            if client is None:
                client = boto3.Session().client(
                    "s3",
                    endpoint_url=self.endpoint,
                    region_name=self._settings.s3_region,
                    aws_access_key_id=self._settings.s3_access_key_id,
                    aws_secret_access_key=self._settings.s3_secret_access_key,
                    config=config,
                )
                self._clients[id(config)] = client
            return client


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) in NOT_FOUND:
            raise StorageError(NOT_THERE) from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        is_unready = status >= 500 or _code(error) == "NoSuchBucket"
        raise StorageError(NOT_ANSWERING if is_unready else REFUSED) from error
    except BotoCoreError as error:
        raise StorageError(NOT_ANSWERING) from error


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _sync_file_system(folder: os.PathLike[str]) -> None:
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StorageError(NOT_DURABLE) from error
    try:
        if _SYNCFS(fd) != 0:
            raise StorageError(NOT_DURABLE) from OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(fd)


# ctypes lets other threads run meanwhile (CDLL, not PyDLL).
_SYNCFS = ctypes.CDLL(None, use_errno=True).syncfs
