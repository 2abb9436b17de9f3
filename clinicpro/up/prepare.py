"""Everything that must hold before the first child starts; what does not is one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from clinicpro.settings import Settings, SettingsError, data_folder
from clinicpro.trust.certificates import Seen
from clinicpro.up import StartError, certificate, demo, lan, ports, programs, proxy, store
from clinicpro.up.place import (
    Place,
    lock,
    make_runtime,
    open_place,
    read_values,
    remove_runtime,
    write_values,
)
from clinicpro.up.programs import MARK, Program
from clinicpro.up.secrets import Secrets, ensure_secrets
from clinicpro.up.supervisor import sweep

LEFTOVER_PATIENCE = 6.0  # seconds that children of a killed run get to end in good order
# The bundled store has keys of its own: those of somebody's cloud account must not shadow them.
# An empty value hides one in `.env` too.
NOT_FOR_BUNDLED = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID_FILE",
    "AWS_SECRET_ACCESS_KEY_FILE",
)
OF_THE_RUN = (
    "CLINICPRO_RUNTIME",
    "S3_ENDPOINT_URL",
    "LAN_HOSTS",
)  # in runtime.json, true for one run only


@dataclass(frozen=True)
class Prepared:
    """One run, ready to start. The data folder is held as long as `held` is open."""

    place: Place
    settings: Settings
    environment: Mapping[str, str]
    programs: tuple[Program, ...]
    supervisor_conf: Path
    held: TextIO
    certificate: Seen | None


def prepare(environ: Mapping[str, str]) -> Prepared:
    """Secrets, inner ports and every child's configuration are in the data folder.

    Raises StartError or SettingsError; nothing of ours runs in that case.
    """
    place = open_place(data_folder(environ))
    held = lock(place)
    sweep(place.data, LEFTOVER_PATIENCE)
    secrets = ensure_secrets(place)
    previous = _forget_last_run(place)
    environment = {**environ, "CLINICPRO_DATA": str(place.data), MARK: str(place.data)}
    settings = Settings.from_env(environment)
    _check_store_settings(settings, secrets)
    if settings.store == "bundled":
        environment |= dict.fromkeys(NOT_FOR_BUNDLED, "")
    ports.check_public(settings)
    seen = certificate.look(settings)
    kept = _pick_ports(settings, previous)
    runtime = make_runtime(place)
    try:
        settings = _settings_of_the_run(place, settings, environment, kept, runtime)
        children = _children(place, settings, kept)
        _write_configuration(place, settings, secrets, seen)
    except (StartError, SettingsError):
        remove_runtime(runtime)
        raise
    conf = programs.write_supervisor(place, settings, children)
    return Prepared(place, settings, environment, children, conf, held, seen)


def _settings_of_the_run(
    place: Place,
    settings: Settings,
    environment: dict[str, str],
    kept: Mapping[str, str],
    runtime: Path,
) -> Settings:
    """What was picked for this run is in the data folder, and so in everybody's settings."""
    values = {**kept, "CLINICPRO_RUNTIME": str(runtime)}
    if settings.store == "bundled":
        values["S3_ENDPOINT_URL"] = _store_ports(kept).s3_url
    if settings.is_demo:
        environment["ANTHROPIC_BASE_URL"] = demo.model_url(int(kept[demo.PORT_NAME]))
    if not settings.lan_hosts and not settings.public_url:
        values["LAN_HOSTS"] = " ".join(lan.find_hosts())
    write_values(place.runtime_file, values)
    return Settings.from_env(environment)


def _forget_last_run(place: Place) -> Mapping[str, str]:
    """What an earlier run wrote is no setting of this one; its ports are kept for choice."""
    previous = read_values(place.runtime_file)
    if runtime := previous.get("CLINICPRO_RUNTIME"):
        remove_runtime(Path(runtime))
    ports_alone = {name: value for name, value in previous.items() if name not in OF_THE_RUN}
    write_values(place.runtime_file, ports_alone)
    return ports_alone


def _check_store_settings(settings: Settings, secrets: Secrets) -> None:
    if settings.store == "bundled" and settings.s3_endpoint_url:
        raise StartError(
            "S3_ENDPOINT_URL is set, but STORE is not: set STORE=external to use that store, or "
            "unset S3_ENDPOINT_URL to use the bundled one."
        )
    own_keys = (secrets.access_key_id, secrets.secret_access_key)
    for name, value, own in (
        ("AWS_ACCESS_KEY_ID", settings.s3_access_key_id, own_keys[0]),
        ("AWS_SECRET_ACCESS_KEY", settings.s3_secret_access_key, own_keys[1]),
    ):
        if settings.store == "external" and value == own:
            raise StartError(f"STORE=external needs {name}: set it, or {name}_FILE.")


def _pick_ports(settings: Settings, previous: Mapping[str, str]) -> dict[str, str]:
    names = store.PORT_NAMES if settings.store == "bundled" else ()
    if settings.is_demo:
        names = (*names, demo.PORT_NAME)
    return {name: str(port) for name, port in ports.pick_inner(previous, names).items()}


def _store_ports(kept: Mapping[str, str]) -> store.StorePorts:
    return store.StorePorts(*(int(kept[name]) for name in store.PORT_NAMES))


def _children(place: Place, settings: Settings, kept: Mapping[str, str]) -> tuple[Program, ...]:
    children = [
        programs.decoder(settings),
        programs.caddy(place),
        programs.web(settings),
        programs.worker(),
    ]
    if settings.store == "bundled":
        weed = programs.binary("weed")
        store.check_version(weed)
        command = store.command(weed, place, settings, _store_ports(kept))
        children.append(programs.store(place, command))
    if settings.is_demo:
        children.append(demo.model_server(int(kept[demo.PORT_NAME])))
    return tuple(children)


def _write_configuration(
    place: Place, settings: Settings, secrets: Secrets, seen: Seen | None
) -> None:
    store.write_configuration(place, settings, secrets)
    proxy.forget_leaves(place)
    proxy.write(place, settings, seen)
    place.setup_code_file.unlink(missing_ok=True)
