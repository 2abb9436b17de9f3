"""The demonstration's practice: its people, its patients, and pictures sent the real way."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from uuid import UUID

from clinicpro import create_app
from clinicpro.accounts.models import Practice
from clinicpro.accounts.operations import NewUser, create_user
from clinicpro.accounts.permissions import Actor
from clinicpro.accounts.queries import has_accounts
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.consultations.operations import start_consultation
from clinicpro.db import db, transaction
from clinicpro.gateways import Gateways
from clinicpro.images.expecting import Sending, expect_image
from clinicpro.images.operations import Words, describe_image
from clinicpro.images.receiving import receive
from clinicpro.patients.operations import Identity
from clinicpro.settings import Settings
from clinicpro.up.demo import EMAIL, PASSWORD
from clinicpro.up.samples import Sample, samples
from clinicpro.web import gateways

NURSE_EMAIL = "hana@demo.example"
BASIS = "Demonstration: a stand-in on this machine answers, nothing leaves it."
PATIENTS = (  # NHI numbers of the range that is kept for tests
    Identity("ZZZ0016", "Mere Tāmati", date(1979, 3, 12)),
    Identity("ZZZ00AC", "Hemi Parata", date(1958, 11, 2)),
)


def add_practice(settings: Settings) -> None:
    """Accounts, patients and sample images are there; nothing happens when there are accounts.

    The store and the decoder must be up. What was begun and broke off is not taken up again.
    """
    app = create_app(settings)
    with app.app_context():
        if has_accounts():
            return
        gp = _add_people()
        _name_practice()
        consultations = [start_consultation(gp, patient) for patient in reversed(PATIENTS)]
        consultations.reverse()  # the first patient's was started last: it is the current one
        for sample in samples():
            _send(gp, sample, consultations[sample.patient], gateways())


def _add_people() -> Actor:
    """The nurse, and the GP who also manages the practice and owns the images."""
    roles = frozenset({"gp", "manager"})
    create_user(NewUser(NURSE_EMAIL, "Hana Wiremu", PASSWORD), {"nurse"})
    gp_id = create_user(NewUser(EMAIL, "Dr Aroha Ngata", PASSWORD), set(roles))
    return Actor(id=gp_id, roles=roles, name="Dr Aroha Ngata", email=EMAIL)


def _name_practice() -> None:
    with transaction():
        db.session.merge(Practice(id=1, name="Kōwhai Street Medical"))
    set_policy(SYSTEM, is_on=True, basis=BASIS)


def _send(gp: Actor, sample: Sample, consultation_id: UUID, gateways: Gateways) -> None:
    """One picture goes the way of every image: expected, stored, verified, labelled."""
    content = sample.jpeg()
    sha256 = base64.b64encode(hashlib.sha256(content).digest()).decode()
    sending = Sending(sample.filename, "image/jpeg", len(content), sha256, consultation_id)
    expected = expect_image(gp, sending, gateways.store, None)
    gateways.store.write(expected.key, content, "image/jpeg")
    receive(gp, expected.image_id, gateways)
    words = Words(sample.body_site, sample.laterality, sample.view, sample.label, None)
    describe_image(gp, expected.image_id, words)
