"""/trust: this practice's root certificate, and the steps by which a phone learns to trust it."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.queries import practice_name
from clinicpro.answers import NotHere
from clinicpro.phones.codes import code_of
from clinicpro.trust.certificates import Root, root_of
from clinicpro.trust.profile import profile
from clinicpro.web import app_settings, own_origin, path_for

bp = Blueprint("trust", __name__)
# What a browser says of its system, and the steps that fit; the phones' own words come first, as
# Android says Linux too. An iPad calls itself a Macintosh: its steps stand beside the Mac's.
SYSTEMS = {"iPhone": "apple", "iPad": "apple", "Android": "android", "Windows": "windows"}
SYSTEMS |= {"Macintosh": "mac"}


@bp.get("/trust")
def index() -> ResponseReturnValue:
    settings = app_settings()
    root = root_of(settings.data) if settings.certificate == "own" else None
    address = settings.phone_origin
    is_elsewhere = root is not None and settings.is_on_network and own_origin() != address
    response = Response(
        render_template(
            "trust/index.html",
            root=root,
            address=address,
            is_own=settings.certificate == "own",
            is_on_network=settings.is_on_network,
            code=code_of(address + path_for("trust.index")) if is_elsewhere else None,
            system=_system(),
        )
    )
    response.vary.add("User-Agent")
    return response


@bp.get("/trust/certificate")
def certificate() -> ResponseReturnValue:
    root = _root()
    return _file(root.der, "application/x-x509-ca-cert", f"{_file_name(root)}.crt")


@bp.get("/trust/certificate-pem")
def certificate_pem() -> ResponseReturnValue:
    root = _root()
    return _file(root.pem.encode("ascii"), "application/x-pem-file", f"{_file_name(root)}.pem")


@bp.get("/trust/profile")
def apple_profile() -> ResponseReturnValue:
    root = _root()
    content = profile(root, practice_name(app_settings().practice_name))
    name = f"{_file_name(root)}.mobileconfig"
    return _file(content, "application/x-apple-aspen-config", name)


def _root() -> Root:
    settings = app_settings()
    root = root_of(settings.data) if settings.certificate == "own" else None
    if root is None:
        raise NotHere
    return root


def _system() -> str:
    said = request.headers.get("User-Agent", "")
    return next((system for word, system in SYSTEMS.items() if word in said), "")


def _file(content: bytes, kind: str, name: str) -> Response:
    """Inline: Safari on an iPhone offers to install what is no attachment."""
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _file_name(root: Root) -> str:
    return "-".join(root.name.lower().split())
