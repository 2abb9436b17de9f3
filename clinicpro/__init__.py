"""ClinicPro Clinical Images: `create_app()`, the one place where everything meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint, Flask

    from clinicpro.gateways import Gateways
    from clinicpro.settings import Settings


def create_app(settings: Settings, gateways: Gateways | None = None) -> Flask:
    """The whole program for these settings; tests hand in gateways of their own.

    Imports are in here so that the decoder, which reads hostile bytes, loads none of it.
    """
    from flask import Flask

    from clinicpro import cli, db, live, problems, web
    from clinicpro.accounts import guard
    from clinicpro.audit import operations as audit_operations
    from clinicpro.desk import routes as desk_routes
    from clinicpro.phones import cookies as phone_cookies

    app = Flask(
        __name__,
        template_folder=str(web.ROOT / "templates"),
        static_folder=str(web.ROOT / "static"),
    )
    app.extensions["settings"] = settings
    app.extensions["gateways"] = gateways or _real_gateways(settings)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = db.engine_options(settings.is_sqlite)
    web.install(app, settings)
    problems.install(app)
    db.db.init_app(app)
    db.migrate.init_app(app, db.db, directory=str(web.ROOT / "migrations"))
    live.install(app, settings)
    audit_operations.install(app)
    guard.install(app, phone_cookies.phone_actor)
    desk_routes.install(app)
    cli.install(app)
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    return app


def _real_gateways(settings: Settings) -> Gateways:
    from clinicpro.gateways import Gateways
    from clinicpro.gateways.describer import ClaudeDescriber
    from clinicpro.gateways.storage import S3Store
    from clinicpro.imaging.client import DecoderClient

    return Gateways(
        store=S3Store(settings),
        describer=ClaudeDescriber(settings),
        decoder=DecoderClient(settings.decoder_socket),
    )


ROOMS = (
    "health",
    "accounts.routes",
    "patients.routes",
    "consultations.routes",
    "images.routes",
    "phones.routes",
    "phones.capture",
    "trust.routes",
    "analyses.routes",
    "analyses.prompt_routes",
    "notes.routes",
    "desk.routes",
    "desk.live",
    "practice.routes",
    "api.routes",
)


def _blueprints() -> list[Blueprint]:
    from importlib import import_module

    return [import_module(f"clinicpro.{room}").bp for room in ROOMS]
