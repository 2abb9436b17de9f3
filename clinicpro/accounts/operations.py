"""Create people, sign in and out."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import update

from clinicpro.accounts import throttling
from clinicpro.accounts.models import ROLES, Practice, SignIn, User, UserRole
from clinicpro.accounts.passwords import hash_password, is_right, weakness
from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.accounts.queries import has_accounts, hash_token, managers, user_by_email
from clinicpro.answers import NotHere
from clinicpro.audit.operations import SYSTEM, By, record
from clinicpro.db import db, transaction, utc_now

SETUP_CODE_FILE = "setup-code"  # SHA-256 of the code that was printed at the start
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class AccountError(ValueError):
    """What was typed cannot be; `field` names where, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TooManyTries(Exception):  # noqa: N818  (an answer, not a fault)
    """Wait `seconds` before the next password."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class NewUser:
    """A person to be added, as typed."""

    email: str
    name: str
    password: str = field(repr=False)


def create_user(new: NewUser, roles: set[str], by: By = SYSTEM) -> UUID:
    """Add a person; gives their id. Raises AccountError when something typed cannot be."""
    email = new.email.strip().lower()
    _check_new(new, roles)
    password_hash = hash_password(new.password)  # slow on purpose: before the write lock
    with transaction():
        if user_by_email(email) is not None:
            raise AccountError("email", "There is an account with this e-mail already.")
        user = User(email=email, name=new.name.strip(), password_hash=password_hash)
        user.role_rows = [UserRole(role=role) for role in sorted(roles)]
        db.session.add(user)
        db.session.flush()
        record("user.create", by, objects=[user.id], details={"roles": " ".join(sorted(roles))})
        return user.id


def _check_new(new: NewUser, roles: set[str]) -> None:
    email = new.email.strip()
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise AccountError("email", "That is not an e-mail address.")
    if not new.name.strip() or len(new.name) > 120:
        raise AccountError("name", "Give the name as colleagues know it.")
    if not roles or not roles <= ROLES.keys():
        raise AccountError("roles", f"Choose from {', '.join(ROLES)}.")
    problem = weakness(new.password, email, new.name)
    if problem:
        raise AccountError("password", problem)


def is_setup_code(data: Path, code: str) -> bool:
    """Whether `code` is the one printed at the start; dashes and case do not matter."""
    path = data / SETUP_CODE_FILE
    if not path.is_file():
        return False
    plain = re.sub(r"[^A-Z0-9]", "", code.upper())
    return hmac.compare_digest(
        hashlib.sha256(plain.encode()).hexdigest(), path.read_text(encoding="utf-8").strip()
    )


def set_up(data: Path, code: str, new: NewUser, *, practice_name: str, is_gp: bool) -> UUID:
    """Make the first account, a manager, with the console's one-time code, which then is void.

    `is_gp` ("I also see patients") makes the person a gp too. Raises AccountError.
    """
    if has_accounts():
        raise AccountError("code", "The first account is there already. Sign in instead.")
    if not is_setup_code(data, code):
        raise AccountError("code", "That is not the code on the server’s console.")
    user_id = create_user(new, {"manager", "gp"} if is_gp else {"manager"})
    with transaction():
        db.session.merge(Practice(id=1, name=practice_name.strip()))
    (data / SETUP_CODE_FILE).unlink(missing_ok=True)
    return user_id


def sign_in(email: str, password: str, address: str, device: str) -> str | None:
    """A new sign-in's token for the cookie, or None when e-mail and password don't match.

    Raises TooManyTries while the account or address has to wait.
    """
    email = email.strip().lower()
    wait = throttling.wait_seconds(email, address)
    if wait:
        raise TooManyTries(wait)
    user = user_by_email(email)
    password_hash = user.password_hash if user is not None else None
    db.session.rollback()  # hold no connection while hashing
    if not is_right(password, password_hash) or user is None:
        _refuse(email, address)
        return None
    with transaction():
        if user.disabled_at is not None:
            record("sign_in", By(user.id, user.roles), outcome="refused", reason="disabled")
            return None
        throttling.forgive(email, address)
        return _open(user, device)


def _refuse(email: str, address: str) -> None:
    with transaction():
        known = user_by_email(email)
        throttling.note_failure(email, address)
        record(
            "sign_in",
            By(known.id, known.roles) if known else By(None),
            outcome="refused",
            reason="wrong password" if known else "unknown account",
        )


def _open(user: User, device: str) -> str:
    token = secrets.token_urlsafe(32)
    row = SignIn(user_id=user.id, token_hash=hash_token(token), device=device[:200])
    db.session.add(row)
    db.session.flush()
    record("sign_in", By(user.id, user.roles), objects=[row.id])
    return token


def sign_out(actor: Actor) -> None:
    """End this sign-in; its cookie and its streams count for nothing from now on."""
    with transaction():
        _end(SignIn.id == actor.sign_in_id)
        record("sign_out", actor, objects=[actor.sign_in_id] if actor.sign_in_id else [])


def _end(which: object) -> None:
    db.session.execute(
        update(SignIn)
        .where(which, SignIn.ended_at.is_(None))  # type: ignore[arg-type]
        .values(ended_at=utc_now())
    )


def touch(sign_in: SignIn) -> None:
    """Note that the person is here; at most once a minute, so that pages do not all write."""
    now = utc_now()
    if (now - sign_in.last_seen_at).total_seconds() < 60:
        return
    with transaction():
        sign_in.last_seen_at = now


def change_roles(actor: Actor, user_id: UUID, roles: set[str]) -> None:
    """Give a person these roles. Nobody changes their own; the last manager stays.

    Raises AccountError, NotHere, Forbidden.
    """
    authorize(actor, "practice.manage")
    if user_id == actor.id:
        raise AccountError("roles", "Your own roles are changed by another manager.")
    if not roles or not roles <= ROLES.keys():
        raise AccountError("roles", f"Choose from {', '.join(ROLES)}.")
    with transaction():
        user = _someone(user_id)
        if user.roles == roles:
            return
        if "manager" not in roles:
            _keep_a_manager(user)
        user.role_rows = [UserRole(role=role) for role in sorted(roles)]
        record("role.change", actor, objects=[user_id], details={"roles": " ".join(sorted(roles))})


def set_disabled(actor: Actor, user_id: UUID, *, disabled: bool) -> None:
    """Shut a person out, from the next request on, or let them in again. Raises AccountError."""
    authorize(actor, "practice.manage")
    if user_id == actor.id:
        raise AccountError("roles", "Your own account is closed by another manager.")
    with transaction():
        user = _someone(user_id)
        if (user.disabled_at is not None) == disabled:
            return
        user.disabled_at = utc_now() if disabled else None
        if disabled:
            _keep_a_manager(user)
            _end(SignIn.user_id == user_id)
        record("user.disable" if disabled else "user.enable", actor, objects=[user_id])


def _someone(user_id: UUID) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        raise NotHere
    return user


def _keep_a_manager(leaving: User) -> None:
    """Two managers who take each other's role away at once: the second one is refused."""
    if all(user.id == leaving.id for user in managers()):
        raise AccountError("roles", "This is the last manager. Make somebody else one first.")


def change_password(actor: Actor, old: str, new: str) -> None:
    """Set a new password and end the person's other sign-ins. Raises AccountError."""
    authorize(actor, "account.manage")
    user = db.session.get_one(User, actor.id)
    password_hash = user.password_hash
    db.session.rollback()
    if not is_right(old, password_hash):
        raise AccountError("old_password", "That is not your password.")
    problem = weakness(new, actor.email, actor.name)
    if problem:
        raise AccountError("new_password", problem)
    new_hash = hash_password(new)
    with transaction():
        db.session.get_one(User, actor.id).password_hash = new_hash
        db.session.execute(
            update(SignIn)
            .where(SignIn.user_id == actor.id, SignIn.id != actor.sign_in_id)
            .values(ended_at=utc_now())
        )
        record("password.change", actor, objects=[actor.id])


def set_hot_keys(actor: Actor, *, is_on: bool) -> None:
    """Single-key shortcuts on or off for this person (WCAG 2.1.4)."""
    authorize(actor, "account.manage")
    with transaction():
        user = db.session.get_one(User, actor.id)
        if user.has_hot_keys != is_on:
            user.has_hot_keys = is_on
            record("account.hot_keys", actor, objects=[actor.id])
