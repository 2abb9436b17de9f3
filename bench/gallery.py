"""The gallery over 10,000 images: the median of 200 signed-in requests, the store standing still.

Run by hand: python -m bench.gallery [requests].
"""

from __future__ import annotations

import shutil
import signal
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from clinicpro.accounts.models import User
from clinicpro.consultations.models import Consultation
from clinicpro.images.models import READY, Image, original_key
from clinicpro.patients.models import Patient
from tests.instance import Instance, kill
from tests.visitor import Visitor, settings_of

IMAGES, PER_CONSULTATION, PER_PATIENT = 10_000, 4, 3  # consultations per patient
GOAL = 12  # ms


def fill(url: str) -> None:
    """A gp's two years: a patient for every 12 images."""
    engine = create_engine(url)
    with Session(engine) as session:
        owner_id = session.query(User).one().id
        now = datetime.now(UTC)
        patient: Patient | None = None
        for number in range(IMAGES // PER_CONSULTATION):
            at = now - timedelta(hours=7 * number)
            if patient is None or number % PER_PATIENT == 0:
                patient = Patient(
                    id=uuid4(), nhi=f"BEN{number:04}", name=f"Person {number}", created_by=owner_id
                )
                session.add(patient)
                session.flush()
            consultation = Consultation(
                id=uuid4(), owner_id=owner_id, patient_id=patient.id, started_at=at, ended_at=at
            )
            session.add(consultation)
            session.flush()
            session.add_all(
                image(owner_id, consultation.id, at + timedelta(minutes=minute))
                for minute in range(PER_CONSULTATION)
            )
        session.commit()
    engine.dispose()


def image(owner_id: UUID, consultation_id: UUID, at: datetime) -> Image:
    image_id = uuid4()
    return Image(
        id=image_id,
        owner_id=owner_id,
        consultation_id=consultation_id,
        key=original_key(image_id, consultation_id),
        filename="IMG_1.jpg",
        mime_type="image/jpeg",
        size=3_000_000,
        sha256=str(image_id),
        state=READY,
        width=4000,
        height=3000,
        uploaded_at=at,
        signed_at=at,
        changed_at=at,
        ready_at=at,
        has_derivatives=True,
    )


def median_ms(visitor: Visitor, path: str, requests: int) -> float:
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        answer = visitor.get(path)
        times.append((time.perf_counter() - started) * 1000)
        assert answer.status == 200
    return statistics.median(times)


def main(requests: int) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(folder) as instance:
        visitor = Visitor(instance.url)
        visitor.set_up(instance.setup_code or "")
        fill(settings_of(instance).database_url)
        stores = instance.children("/weed -logtostderr")
        for pid in stores:
            kill(pid, signal.SIGSTOP)  # a request that asked it would hang
        for path in ("/healthz", "/", "/images"):
            print(f"{path:9} {median_ms(visitor, path, requests):6.1f} ms (goal {GOAL})")
        print(f"bytes     {len(visitor.get('/images').content):6}")
        for pid in stores:
            kill(pid, signal.SIGCONT)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
