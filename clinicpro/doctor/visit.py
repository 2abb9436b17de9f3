"""The whole visit, in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Iterator

from clinicpro.doctor import machine, network, parts
from clinicpro.doctor.findings import Finding
from clinicpro.gateways import Store
from clinicpro.settings import Settings


def examine(settings: Settings, store: Store) -> Iterator[Finding]:
    """Every finding, as it is made; takes a few seconds where something does not answer."""
    yield machine.data_folder(settings)
    yield machine.disk(settings)
    database = parts.database()
    yield database
    yield parts.store(settings, store)
    if database.level != "fail":
        yield parts.worker()
        yield parts.record()
        yield machine.clock(parts.latest_event())
    yield network.desk(settings)
    yield from network.phones(settings)
    yield network.inner_ports(settings)
