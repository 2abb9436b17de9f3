"""Who may what: one table of permissions, one of routes, and `authorize()`.

A route without a row is refused; a generated test walks every route, role and ownership.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from clinicpro.accounts.models import ROLES
from clinicpro.audit.operations import By

GP, NURSE, MANAGER, AUDITOR = "gp", "nurse", "manager", "auditor"
PHONE = "phone"  # no person's role: what a paired phone may
CLINICAL = frozenset({GP, NURSE})
EVERYONE = frozenset({GP, NURSE, MANAGER, AUDITOR})


@dataclass(frozen=True)
class Permission:
    """`roles` hold it by themselves; `on_grant` once a manager has given it to the person.

    `deed` completes "You can't …".
    """

    roles: frozenset[str]
    deed: str
    on_grant: frozenset[str] = frozenset()


# Places of later capabilities are kept: sharing, break-glass, grants, prompts.
PERMISSIONS: dict[str, Permission] = {
    "patient.find": Permission(CLINICAL, "look up patients"),
    "consultation.keep": Permission(CLINICAL, "start or finish consultations"),
    "consultation.share": Permission(CLINICAL, "share a consultation"),
    "image.add": Permission(CLINICAL | {PHONE}, "add images"),
    "image.view": Permission(CLINICAL, "see clinical images"),
    "record.break_glass": Permission(CLINICAL, "open a colleague's images"),
    "image.edit": Permission(CLINICAL, "change images"),
    "image.export": Permission(frozenset({GP}), "download originals", frozenset({NURSE})),
    "analysis.run": Permission(frozenset({GP}), "have images described", frozenset({NURSE})),
    "note.write": Permission(CLINICAL, "write notes"),
    "phone.pair": Permission(CLINICAL, "pair a phone"),
    "phone.leave": Permission(frozenset({PHONE}), "leave a pairing"),
    "phone.revoke_any": Permission(frozenset({MANAGER}), "end a colleague's pairing"),
    "prompt.keep": Permission(CLINICAL | {MANAGER}, "keep prompts"),  # one's own or the practice's
    "prompt.manage_own": Permission(CLINICAL, "keep prompts"),
    "prompt.manage": Permission(frozenset({MANAGER}), "change the practice's prompts"),
    "account.manage": Permission(EVERYONE, "change your account"),
    "practice.manage": Permission(frozenset({MANAGER}), "manage people and policies"),
    "audit.read_own": Permission(EVERYONE, "read your own trail"),
    "audit.read": Permission(frozenset({MANAGER, AUDITOR}), "read the practice's audit"),
}

PUBLIC = "public"  # no sign-in
# Every endpoint and what it takes; ids in the URL are scoped by their room's finder besides.
ROUTES: dict[str, str] = {
    "static": PUBLIC,
    "health.healthz": PUBLIC,
    "health.readyz": PUBLIC,
    "accounts.sign_in": PUBLIC,
    "accounts.create_sign_in": PUBLIC,
    "accounts.token": PUBLIC,
    "accounts.setup": PUBLIC,
    "accounts.create_first": PUBLIC,
    "capture.show": PUBLIC,
    "capture.service_worker": PUBLIC,
    "capture.state": PUBLIC,
    "capture.redeem": PUBLIC,
    "capture.leave": "phone.leave",
    "phones.index": "phone.pair",
    "phones.create": "phone.pair",
    "phones.show": "phone.pair",
    "phones.confirm": "phone.pair",
    "phones.end": "phone.pair",
    "phones.ghost_offer": "phone.pair",
    "phones.show_ghost": "phone.pair",
    "phones.end_ghost": "phone.pair",
    "accounts.account": "account.manage",
    "accounts.update": "account.manage",
    "accounts.sign_out": "account.manage",
    "trust.index": PUBLIC,
    "trust.certificate": PUBLIC,
    "trust.certificate_pem": PUBLIC,
    "trust.apple_profile": PUBLIC,
    "live.stream": "image.view",
    "desk.index": "image.view",
    "desk.consultation": "image.view",
    "desk.image": "image.view",
    "desk.stage": "image.view",
    "desk.move": "image.edit",
    "patients.show": "patient.find",
    "patients.update": "patient.find",
    "consultations.index": "consultation.keep",
    "consultations.start_form": "patient.find",
    "consultations.create": "consultation.keep",
    "consultations.switch": "consultation.keep",
    "consultations.finish": "consultation.keep",
    "images.index": "image.view",
    "images.changes": "image.view",
    "images.card": "image.view",
    "images.update": "image.edit",
    "images.trash": "image.edit",
    "images.restore": "image.edit",
    "images.original": "image.export",
    "analyses.new": "analysis.run",
    "analyses.create": "analysis.run",
    "analyses.words": "analysis.run",
    "analyses.cover": "image.edit",
    "analyses.show": "image.view",
    "analyses.stream": "image.view",
    "analyses.stop": "analysis.run",
    "analyses.reject": "analysis.run",
    "analyses.text": "analysis.run",
    "analyses.typed_text": "analysis.run",
    "prompts.index": "prompt.keep",
    "prompts.new": "prompt.keep",
    "prompts.create": "prompt.keep",
    "prompts.show": "prompt.keep",
    "prompts.update": "prompt.keep",
    "prompts.retire": "prompt.keep",
    "prompts.restore": "prompt.keep",
    "prompts.move": "prompt.keep",
    "prompts.choose": "prompt.keep",
    "prompts.try_out": "prompt.keep",
    "prompts.trial": "prompt.keep",
    "prompts.stop_trying": "prompt.keep",
    "notes.accept": "analysis.run",
    "notes.update": "note.write",
    "notes.edit_finding": "note.write",
    "notes.remove_finding": "note.write",
    "practice.index": "audit.read",
    "practice.verify": "audit.read",
    "practice.update_ai": "practice.manage",
    "practice.update_consent": "practice.manage",
    "practice.end_pairing": "phone.revoke_any",
    "practice.create_user": "practice.manage",
    "practice.update_user": "practice.manage",
    "api.list_images": "image.view",
    "api.presign": "image.add",
    "api.receipt": "image.add",
    "api.download": "image.export",
    "api.analyze": "analysis.run",
    "api.analysis": "image.view",
    "api.stop": "analysis.run",
    "api.openapi": "account.manage",
}


@dataclass(frozen=True)
class Actor(By):
    """Who asks: loaded anew for each request, so that a role change counts at once.

    A phone asks with its owner's id, the one role `phone`, and its pairing.
    """

    id: UUID
    name: str = ""
    email: str = ""
    sign_in_id: UUID | None = None
    pairing_id: UUID | None = None
    has_hot_keys: bool = True
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def is_phone(self) -> bool:
        return PHONE in self.roles

    @property
    def is_clinical(self) -> bool:
        return bool(self.roles & CLINICAL)

    @property
    def is_manager(self) -> bool:
        return MANAGER in self.roles

    @property
    def reads_practice(self) -> bool:
        return self.may("audit.read")

    @property
    def first_name(self) -> str:
        words = [word for word in self.name.split() if word.rstrip(".") not in ("Dr", "Prof")]
        return words[0] if words else self.name

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word.rstrip(".") not in ("Dr", "Prof")]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def role_labels(self) -> list[str]:
        return [label for role, label in ROLES.items() if role in self.roles]

    def may(self, permission: str) -> bool:
        return bool(self.roles & PERMISSIONS[permission].roles)


class Forbidden(Exception):  # noqa: N818  (an answer, not a fault)
    """A missing permission; `advice` says what was refused and who can grant it, no more."""

    def __init__(self, actor: By, permission: str) -> None:
        self.actor = actor
        self.permission = permission
        super().__init__(permission)

    @property
    def advice(self) -> str:
        entry = PERMISSIONS[self.permission]
        own = " and ".join(ROLES[role] for role in sorted(self.actor.roles)) or "none"
        able = " or ".join(ROLES[role] for role in ROLES if role in entry.roles)
        return (
            f"You can't {entry.deed} with the role {own}. It takes the role {able}, which a "
            "practice manager can give. Nothing was changed."
        )


def authorize(actor: Actor, permission: str) -> None:
    """Return when `actor` holds `permission` through a role; raises Forbidden otherwise.

    Whose row it is about was settled when it was loaded: finders take the actor.
    """
    if not actor.may(permission):
        raise Forbidden(actor, permission)
