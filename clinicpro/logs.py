"""Log lines: one JSON object each, of ids and small facts; never what somebody typed."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from clinicpro.settings import SettingsError

FACTS = ("request", "job", "image", "analysis", "trial")  # the `extra` that a line may carry
PLACES = 8  # of a traceback: the innermost of our own, beside where it was raised
HOUSE = Path(__file__).parent

log = logging.getLogger(__name__)


def install() -> None:
    """From here on this process logs JSON lines to its standard error, its last words too."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _on_end
    threading.excepthook = _on_thread_end


def what(error: BaseException) -> str:
    """Type and place of `error`, not what it says: messages may quote what people typed."""
    steps = traceback.extract_tb(error.__traceback__)
    before = steps[:-1]
    ours = [step for step in before if Path(step.filename).is_relative_to(HOUSE)] or before
    shown = [*ours[-PLACES:], *steps[-1:]]
    places = " ".join(f"{Path(step.filename).name}:{step.lineno}" for step in shown)
    return f"{type(error).__name__} at {places or 'no place'}"


class JsonLines(logging.Formatter):
    """Our own words in full; of a library's the place and the sentence without what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "said": _said(record),
        }
        for name in FACTS:
            if (value := getattr(record, name, None)) is not None:
                line[name] = str(value)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = what(record.exc_info[1])
        return json.dumps(line)


def _said(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] == "clinicpro":
        return record.getMessage()
    place = f"{record.module}:{record.lineno}"
    return f"{place} {record.msg}" if record.args else place


def _on_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, SettingsError):
        sys.stderr.write(f"{error}\n")  # written for the person who set it
    elif issubclass(kind, Exception):
        log.critical("the process ends: %s", what(error.with_traceback(trace)))
    else:
        sys.__excepthook__(kind, error, trace)


def _on_thread_end(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None:
        log.error("a thread ends: %s", what(given.exc_value))
