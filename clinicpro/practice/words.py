"""The audit in plain words: what each action is called on the manager's screen."""

from __future__ import annotations

DEEDS: dict[str, str] = {
    "sign_in": "signed in",
    "sign_out": "signed out",
    "password.change": "changed their password",
    "account.hot_keys": "changed their shortcuts",
    "user.create": "added a person",
    "user.disable": "shut a person out",
    "user.enable": "let a person in again",
    "role.change": "changed a person’s roles",
    "patient.find": "looked up an NHI",
    "patient.view": "opened a patient to correct them",
    "patient.create": "added a patient",
    "patient.correct": "corrected a patient",
    "consultation.start": "started a consultation",
    "consultation.switch": "switched to a consultation",
    "consultation.reopen": "opened a consultation again",
    "consultation.finish": "finished a consultation",
    "gallery.view": "saw image cards",
    "image.view": "viewed an image",
    "image.original": "downloaded an original",
    "image.presign": "began to add an image",
    "image.ready": "added an image",
    "image.rejected": "sent something that was not kept",
    "image.trash": "moved an image to the trash",
    "image.restore": "restored an image",
    "image.relabel": "changed an image’s words",
    "image.move": "moved an image",
    "image.cover": "covered parts of an image for sending",
    "analysis.ask": "asked for a description, consent recorded",
    "analysis.send": "sent an image to the model",
    "analysis.end": "noted how a description ended",
    "analysis.stop": "stopped a description",
    "analysis.accept": "accepted a description into the note",
    "analysis.reject": "rejected a description",
    "note.save": "wrote in a note",
    "note.remove_finding": "took a description out of a note",
    "ai.pause": "paused descriptions, the key was refused",
    "ai.resume": "let descriptions go on after a restart",
    "ai.switch": "changed the AI switch",
    "audit.verify": "checked the record",
    "cleanup.presigns": "gave up images that never arrived",
    "refused": "was refused something",
}


def deed(action: str) -> str:
    """What was done, in words; an action without words is named as it is."""
    return DEEDS.get(action, action.replace(".", " ").replace("_", " "))
