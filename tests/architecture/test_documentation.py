"""The reference pages know every setting, endpoint, command and tool."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from backend.cli import app as cli
from backend.settings import Settings
from backend.web.app import create_app
from k8s_mcp.server import make_tools
from k8s_mcp.settings import K8sSettings
from ssh_mcp.server import make_tools as make_ssh_tools
from ssh_mcp.settings import ENVIRONMENT as SSH_ENVIRONMENT
from ssh_mcp.settings import SshSettings

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

    names = [*read_setting_names(), *SSH_ENVIRONMENT.values()]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_endpoint_is_documented() -> None:
    page = (REFERENCE / "http.md").read_text()
    routes = [
        f"{method.upper()} {path}"
        for path, operations in create_app().openapi()["paths"].items()
        for method in operations
    ]

    assert len(routes) > 15
    assert [route for route in routes if f"`{route}" not in page] == []


def test_every_command_is_documented() -> None:
    page = (REFERENCE / "cli.md").read_text()
    commands = typer.main.get_command(cli).list_commands(None)  # type: ignore[attr-defined]  # a click group

    assert [name for name in commands if f"`ding-robot {name}" not in page] == []


def test_every_tool_and_its_arguments_are_documented() -> None:
    lines = (REFERENCE / "tools.md").read_text().splitlines()
    shared = {"label_selector", "limit", "cursor", "namespace", "cluster"}

    missing = [
        (tool.name, argument)
        for tool in [*make_tools(K8sSettings()), *make_ssh_tools(SshSettings())]
        for argument in ["", *tool.parameters["properties"]]
        if argument not in shared
        and not any(line.startswith(f"| `{tool.name}` |") and argument in line for line in lines)
    ]

    assert missing == []


def test_every_scenario_is_documented() -> None:
    page = (REFERENCE / "simulator.md").read_text()
    scenarios = (PAGES.parent / "simulator" / "scenarios").glob("*.yaml")

    assert [path.stem for path in scenarios if f"`{path.stem}`" not in page] == []


@pytest.mark.parametrize("page", sorted(PAGES.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = [part.split(")")[0].split("#")[0] for part in page.read_text().split("](")[1:]]
    local = [target for target in targets if target and "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []
