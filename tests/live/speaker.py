"""Another process of the practice: announces a topic for each line it reads, then says so."""

from __future__ import annotations

import sys
from pathlib import Path

from clinicpro import create_app
from clinicpro.db import transaction
from clinicpro.gateways import Gateways
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.imaging.client import DecoderClient
from clinicpro.live import announce
from clinicpro.settings import Settings


def main(data: str, runtime: str, database_url: str) -> None:
    settings = Settings(
        data=Path(data),
        runtime=Path(runtime),
        secret_key="of the tests alone",
        instance_id="0badcafe",
        database_url=database_url,
        s3_access_key_id="test",
        s3_secret_access_key="test",
    )
    decoder = DecoderClient(settings.decoder_socket)
    app = create_app(settings, Gateways(FakeStore(), FakeDescriber([]), decoder))
    with app.app_context():
        for line in sys.stdin:
            with transaction():
                announce(line.strip())
            print("announced", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
