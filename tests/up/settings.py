"""Settings for the tests of start-up."""

import dataclasses
from pathlib import Path

from clinicpro.settings import Settings
from tests.instance import free_port


def some_settings(data: Path = Path("/nowhere"), **changes: object) -> Settings:
    plain = Settings(
        data=data,
        runtime=data / "run",
        secret_key="secret",
        instance_id="0123abcd",
        database_url=f"sqlite:///{data}/clinicpro.sqlite3",
        s3_access_key_id="key",
        s3_secret_access_key="secret",
        port=free_port(),
        https_port=free_port(),
    )
    return dataclasses.replace(plain, **changes)
