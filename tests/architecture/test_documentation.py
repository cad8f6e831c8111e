"""The reference pages know every setting, endpoint, command and tool."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from fastapi.routing import APIRoute
from pydantic import BaseModel

from backend.cli import app as cli
from backend.settings import Settings
from backend.web.app import create_app

PAGES = Path(__file__).parents[2] / "project_document"
REFERENCE = PAGES / "reference"


def read_setting_names() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (f"{name}_{inner}".upper() for inner in field.annotation.model_fields)
        else:
            yield name.upper()


def test_every_setting_is_documented() -> None:
    page = (REFERENCE / "settings.md").read_text()

    assert [name for name in read_setting_names() if f"`{name}`" not in page] == []


def test_every_endpoint_is_documented() -> None:
    page = (REFERENCE / "http.md").read_text()
    routes = [
        f"{method} {route.path}"
        for route in create_app().routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    ]

    assert [route for route in routes if f"`{route}" not in page] == []


def test_every_command_is_documented() -> None:
    page = (REFERENCE / "cli.md").read_text()
    commands = typer.main.get_command(cli).list_commands(None)  # type: ignore[attr-defined]  # a click group

    assert [name for name in commands if f"`ding-robot {name}" not in page] == []


@pytest.mark.parametrize("page", sorted(PAGES.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = [part.split(")")[0].split("#")[0] for part in page.read_text().split("](")[1:]]
    local = [target for target in targets if target and "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []
