"""The machine: its data folder, its disk, its clock."""

from __future__ import annotations

import ctypes
import shutil
from datetime import datetime, timedelta

from clinicpro.db import utc_now
from clinicpro.doctor.findings import Finding, fail, ok, warn
from clinicpro.images.expecting import LEAST_FREE
from clinicpro.settings import SECRETS_FILE, Settings
from clinicpro.trust.certificates import AUTHORITY

LITTLE_FREE = 2 * LEAST_FREE  # share of the disk at which there is still time to act
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
TIMEX_BYTES = 512  # more than struct timex takes; all zero asks and changes nothing
TOLERANCE = timedelta(minutes=1)


def data_folder(settings: Settings) -> Finding:
    """Nobody but its owner can read it, nor the keys in it."""
    data = settings.data
    keys = (data / SECRETS_FILE, data / AUTHORITY / "root.key")
    try:
        paths = (data, *(key for key in keys if key.exists()))
        is_open = any(path.stat().st_mode & 0o077 for path in paths)
    except OSError as error:
        return fail("Data", f"{data} cannot be read ({error.strerror}). Run this as its owner.")
    if is_open:
        return fail("Data", f"others can read {data}. Run: chmod -R go= '{data}'")
    return ok("Data", f"in {data}, readable by its owner alone.")


def disk(settings: Settings) -> Finding:
    usage = shutil.disk_usage(settings.data)
    share, left = usage.free / usage.total, f"{usage.free / 1e9:.1f} GB"
    if share < LEAST_FREE:
        return fail("Disk", f"only {left} free, so images are refused. Make room.")
    if share < LITTLE_FREE:
        return warn("Disk", f"{left} free; images are refused below {LEAST_FREE:.0%}. Make room.")
    return ok("Disk", f"{left} free.")


def clock(latest_event: datetime | None) -> Finding:
    """Certificates, codes and links go by it, and so does the record."""
    now = utc_now()
    said = f"{now:%d %B %Y, %H:%M} UTC"
    todo = "Set it by the network: timedatectl set-ntp true"
    if latest_event and latest_event > now + TOLERANCE:
        return fail("Clock", f"it says {said}, before the latest event in the record. {todo}")
    if ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) == TIME_ERROR:
        return warn("Clock", f"it says {said}, but nothing keeps it right. {todo}")
    return ok("Clock", f"{said}, kept right by the network.")
