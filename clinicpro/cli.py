"""The flask command's own words: people, the audit, AI, the store, and a doctor."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from clinicpro.accounts.models import ROLES
from clinicpro.accounts.operations import AccountError, NewUser
from clinicpro.accounts.operations import create_user as add_user
from clinicpro.analyses.operations import missing_setting
from clinicpro.analyses.queries import policy
from clinicpro.analyses.switching import set_policy
from clinicpro.answers import Refusal
from clinicpro.audit.operations import SYSTEM, Verdict, verify
from clinicpro.doctor.visit import examine
from clinicpro.gateways import StorageError
from clinicpro.web import app_settings, gateways

ai = AppGroup("ai", help="Descriptions by the model: on, off, status.")
audit = AppGroup("audit", help="The record of who did what.")
store = AppGroup("store", help="The image store.")


def install(app: Flask) -> None:
    """Give `flask --app wsgi` these commands."""
    app.cli.add_command(ai)
    app.cli.add_command(audit)
    app.cli.add_command(store)
    app.cli.add_command(create_user)
    app.cli.add_command(doctor)


@click.command("create-user")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(list(ROLES)))
@click.option("--name", help="As colleagues know the person; the address's first part if left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def create_user(email: str, roles: tuple[str, ...], name: str | None, password_stdin: bool) -> None:
    """Add a person."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        add_user(NewUser(email, name or email.partition("@")[0], password), set(roles))
    except AccountError as error:
        raise click.ClickException(f"{error.field}: {error}") from error
    click.echo(f"{email.strip().lower()} can sign in now.")


@audit.command("verify")
def verify_audit() -> None:
    """Walk the whole chain; exit 1 and name the first bad event."""
    verdict = verify()
    click.echo(_chain(verdict))
    if not verdict.is_whole:
        sys.exit(1)


def _chain(verdict: Verdict) -> str:
    if verdict.is_whole:
        return f"The chain is unbroken: {verdict.events} events."
    return f"The chain is broken at event {verdict.bad_seq}: {verdict.problem}."


@ai.command("enable")
@click.option("--basis", required=True, help="Why the practice may send images to the model.")
def enable_ai(basis: str) -> None:
    """Let images be described; the basis is recorded."""
    now = policy()
    caps = now.daily_runs, now.monthly_runs
    try:
        set_policy(SYSTEM, is_on=True, basis=basis, daily_runs=caps[0], monthly_runs=caps[1])
    except Refusal as error:
        raise click.ClickException(f"{error.title}. {error.advice}") from error
    click.echo(_switch())


@ai.command("disable")
def disable_ai() -> None:
    """Stop new descriptions at once; what was accepted stays in the notes."""
    now = policy()
    caps = now.daily_runs, now.monthly_runs
    set_policy(SYSTEM, is_on=False, basis=now.basis, daily_runs=caps[0], monthly_runs=caps[1])
    click.echo(_switch())


@ai.command("status")
def show_ai() -> None:
    """Whether images may be described, and whether the model can be asked."""
    click.echo(_switch())


def _switch() -> str:
    now, missing = policy(), missing_setting()
    words = f"AI descriptions are {'on' if now.is_on else 'off'}."
    if now.is_on:
        words += f" Basis: {now.basis}"
    return f"{words}\n{missing}" if now.is_on and missing else words


@store.command("setup")
def set_up_store() -> None:
    """Make the bucket of an external store, and let browsers of our origins use it."""
    from clinicpro.gateways.storage import S3Store

    settings = app_settings()
    if settings.store == "bundled":
        click.echo("The bundled store is set up at every start. Nothing to do.")
        return
    found = gateways().store
    if not isinstance(found, S3Store):
        raise click.ClickException("This store needs no setting up.")
    origins = list(settings.origins)
    try:
        found.set_up(origins)
    except StorageError as error:
        raise click.ClickException(error.advice) from error
    click.echo(f"Bucket {settings.s3_bucket} is there. Browsers may use it at {origins}.")


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Look at everything the program needs, a line each; exit 1 when something fails."""
    levels = []
    for finding in examine(app_settings(), gateways().store):
        click.echo(str(finding))
        levels.append(finding.level)
    if "fail" in levels:
        sys.exit(1)
    click.echo("All is well." if "warn" not in levels else "It works, but see the warnings.")
