"""Who imports whom, what stays at the edge, how addresses look, what fragments need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import meta

from clinicpro.web import ROOT

PROGRAM = ROOT / "clinicpro"
MODULES = sorted(PROGRAM.rglob("*.py"))
# A room imports from its left; those at the same place know nothing of each other.
FRAGMENTS = sorted((ROOT / "templates").rglob("_*.html"))
ORDER = (
    ("addresses", "answers", "formats", "joined", "memory"),
    ("settings",),
    ("logs",),
    ("db",),
    ("live",),
    ("gateways",),
    ("jobs",),
    ("imaging",),
    ("web",),
    ("problems",),
    ("audit",),
    ("accounts",),
    ("patients",),
    ("consultations",),
    ("images",),
    ("phones",),
    ("trust",),
    ("analyses",),
    ("notes",),
    ("desk",),
    ("practice",),
    ("api",),
)
# What puts the rooms together: the health, the processes, the command line.
OUTERMOST = {"cleaning", "doctor", "health", "worker", "cli", "up", "__main__", ""}
GIVEN = {
    *("current_user", "practice_name", "url_for", "csrf_token", "static_url", "dom_id"),
    *("is_demo", "request", "session", "g", "config", "get_flashed_messages"),
    *("range", "dict", "lipsum", "cycler", "joiner", "namespace"),
}
PLACE = {room: number for number, rooms in enumerate(ORDER) for room in rooms}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


class Imports(ast.NodeVisitor):
    """The modules that a module imports when it runs."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "clinicpro":
            self.found |= {f"clinicpro.{alias.name}" for alias in node.names}
        else:
            self.found.add(node.module or "")


def imports(path: Path) -> set[str]:
    visitor = Imports()
    visitor.visit(ast.parse(path.read_text()))
    return visitor.found


def of_ours(path: Path) -> Iterator[str]:
    for module in imports(path):
        if module.split(".")[0] == "clinicpro" and module != "clinicpro.create_app":
            yield room_of(module)


def test_every_module_is_in_a_room() -> None:
    rooms = {room_of(name_of(path)) for path in MODULES}
    assert rooms - PLACE.keys() - OUTERMOST == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_imports_only_from_its_left(path: Path) -> None:
    own = room_of(name_of(path))
    if own in OUTERMOST:
        return
    wrong = {
        other
        for other in of_ours(path)
        if other != own and (other in OUTERMOST or PLACE[other] >= PLACE[own])
    }
    assert wrong - EXCEPTIONS.get(name_of(path), set()) == set()


EXCEPTIONS: dict[str, set[str]] = {
    "clinicpro.practice.queries": {"health"},  # the manager sees what /readyz sees
}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_flask_stays_at_the_edge(path: Path) -> None:
    if path.stem not in ("operations", "models", "queries", "showing", "vocabulary"):
        return
    flask = {one for one in imports(path) if one.split(".")[0] in ("flask", "flask_wtf")}
    if name_of(path) in HEARS_FLASK:
        return
    assert flask == set()


HEARS_FLASK = {
    "clinicpro.audit.operations",  # the request's reference, and the app's key for the seal
}


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("boto3", {"clinicpro.gateways.storage"}),
        ("botocore", {"clinicpro.gateways.storage", "clinicpro.gateways.signing"}),
        ("PIL", ("clinicpro.imaging.", "clinicpro.up.")),
        ("pillow_heif", ("clinicpro.imaging.",)),
    ],
)
def test_a_library_is_known_in_one_place(library: str, allowed: set[str] | tuple[str, ...]) -> None:
    users = {
        name_of(path)
        for path in MODULES
        if any(one.split(".")[0] == library for one in imports(path))
    }
    if isinstance(allowed, tuple):
        assert {user for user in users if not user.startswith(allowed)} == set()
    else:
        assert users <= allowed


def test_only_the_describer_knows_the_model() -> None:
    users = {
        name_of(path)
        for path in MODULES
        if any(one.split(".")[0] in ("anthropic", "httpx") for one in imports(path))
    }
    assert users
    assert {user for user in users if not user.startswith("clinicpro.gateways.")} == set()


def test_paths_are_kebab_case_and_ids_are_uuids(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        bare = re.sub(r"<uuid:[a-z]+_id>", "x", rule.rule)
        assert re.fullmatch(r"/|(/[a-z0-9]+(-[a-z0-9]+)*(\.js(on)?)?)+", bare), rule.rule


def test_fragments_declare_what_they_need(app: Flask) -> None:
    assert FRAGMENTS
    for path in FRAGMENTS:
        source = path.read_text()
        assert source.startswith("{# needs:"), f"{path.name}: its first line says what it needs"
        used = meta.find_undeclared_variables(app.jinja_env.parse(source)) - GIVEN
        passed_on = {
            name
            for other in re.findall(r'{%-? include "([^"]+)"', source)
            for name in needs_of(ROOT / "templates" / other)
        }
        assert used - needs_of(path) == set(), f"{path.name} uses more than it says"
        assert needs_of(path) - used - passed_on == set(), f"{path.name} says more than it uses"


def needs_of(path: Path) -> set[str]:
    first = re.match(r"\{# needs:(.*?)#\}\n", path.read_text())
    return {name.strip() for name in first[1].split(",")} - {""} if first else set()
