"""The worker process: jobs, analyses, adoption, sweep, and its heartbeat."""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from clinicpro import create_app, logs, memory
from clinicpro.analyses.switching import resume
from clinicpro.cleaning import clean_up
from clinicpro.db import db, transaction, utc_now
from clinicpro.health import BEAT, beat
from clinicpro.images import receiving
from clinicpro.jobs import Handler, Worker
from clinicpro.live import Event
from clinicpro.settings import Settings
from clinicpro.web import gateways

log = logging.getLogger(__name__)

A_DAY = 300  # tries, five minutes apart: a store that is away over night is no reason to give up
KEEP_EVENTS = timedelta(days=1)


def handlers() -> dict[str, Handler]:
    """Every kind of job, by name."""
    from clinicpro.analyses.running import give_up_job, run_analysis_job
    from clinicpro.analyses.trying import give_up_trial_job, run_trial_job

    return {
        "derive": Handler(_derive, threads=1, most_tries=A_DAY, give_up=_give_up_deriving),
        "describe": Handler(run_analysis_job, threads=64, most_tries=1, give_up=give_up_job),
        "try": Handler(run_trial_job, threads=4, most_tries=1, give_up=give_up_trial_job),
        "adopt": Handler(_adopt, every=timedelta(seconds=10)),
        "sweep": Handler(_sweep, every=timedelta(hours=1)),
    }


def _derive(subject: str) -> None:
    receiving.derive(UUID(subject), gateways())


def _give_up_deriving(subject: str) -> None:
    log.error("no derivatives could be made", extra={"image": subject})
    receiving.stay_small(UUID(subject), "It could not be prepared. Add the image again.")


def _adopt(_subject: str) -> None:
    receiving.adopt(gateways())


def _sweep(_subject: str) -> None:
    clean_up(gateways())
    with transaction():
        db.session.execute(delete(Event).where(Event.at < utc_now() - KEEP_EVENTS))


def run(settings: Settings) -> None:
    """Work until SIGTERM."""
    logs.install()
    os.nice(10)  # after what people wait for
    app = create_app(settings)
    with app.app_context():
        resume()
    worker = Worker(app, handlers())
    beating = threading.Thread(target=_beat, args=(app, worker.stopping), daemon=True)

    def stop(*_: object) -> None:
        threading.Thread(target=worker.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    memory.settle()
    beating.start()
    worker.run()
    os._exit(0)  # an analysis under way is taken up as interrupted; do not wait for its model


def _beat(app: Flask, stopping: threading.Event) -> None:
    while True:
        with app.app_context(), suppress(OperationalError):
            beat("worker")
        if stopping.wait(BEAT.total_seconds()):
            return


def run_due(app: Flask, times: int = 20) -> None:
    """Run what is due, here and now: for tests and for the command line."""
    from clinicpro.jobs import do, take

    kinds = handlers()
    with app.app_context():
        for _ in range(times):
            taken = take([kind for kind, one in kinds.items() if one.every is None], "here")
            if taken is None:
                return
            do(taken, kinds[taken.kind])
