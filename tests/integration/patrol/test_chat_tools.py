"""What chats learn from patrol."""

from typing import Any

import pytest

from backend.agent.domain import Risk, ToolOutcome, ToolStatus
from backend.features.patrol.chat_tools import LIST, RUN, PatrolTools
from backend.vocabulary.errors import ErrorKind
from tests.fakes.watching import make_disk, make_facts
from tests.integration.patrol.conftest import Desk, Place


@pytest.fixture
def tools(desk: Desk) -> PatrolTools:
    return PatrolTools(patrol=desk.patrol, findings=desk.findings, hosts=desk.hosts)


async def call(tools: PatrolTools, name: str, **arguments: Any) -> ToolOutcome:  # Any: JSON arguments
    outcome = await tools.call(name, arguments=arguments)
    assert isinstance(outcome, ToolOutcome)
    return outcome


def fill(place: Place, **disks: float) -> None:
    for name, used in disks.items():
        host = name.replace("_", "-")
        place.hosts.facts[host] = make_facts(host, filesystems=(make_disk("/var", used=used),))


async def test_patrol_is_run_and_told_worst_first_with_what_is_unknown(place: Place, tools: PatrolTools) -> None:
    fill(place, web_1=0.9, db_1=0.97, app_1=0.2)
    place.hosts.refused["old-1"] = "the key was refused"

    outcome = await call(tools, RUN)

    assert outcome.structured is not None
    assert [one["target"] for one in outcome.structured["findings"]] == ["db-1", "web-1"]
    assert outcome.structured["open"] == {"warning": 1, "critical": 1}
    assert "critical | db-1 | disk-usage | /var is 97% full" in outcome.text
    assert "not known: old-1 (unknown: the key was refused)" in outcome.text
    assert outcome.text.startswith("Open findings: 1 warning, 1 critical. Patrol of")


async def test_findings_are_narrowed(place: Place, desk: Desk, tools: PatrolTools) -> None:
    fill(place, web_1=0.9, db_1=0.97)
    await desk.look()

    by_target = await call(tools, LIST, target="web-1")
    critical = await call(tools, LIST, only_critical=True)
    one = await call(tools, LIST, limit=1)

    assert [
        [found["target"] for found in (answer.structured or {})["findings"]] for answer in (by_target, critical, one)
    ] == [
        ["web-1"],
        ["db-1"],
        ["db-1"],
    ]
    assert "There are more" in one.text


async def test_before_the_first_patrol_it_says_so(tools: PatrolTools) -> None:
    assert (await call(tools, LIST)).text == "No patrol has ended yet; patrol-run looks now."


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": "5"}, {"nonsense": 1}, {"target": 5}])
async def test_arguments_are_strict(tools: PatrolTools, arguments: dict[str, object]) -> None:
    outcome = await call(tools, LIST, **arguments)

    assert outcome.status is ToolStatus.ERROR
    assert outcome.failure is not None
    assert outcome.failure.kind is ErrorKind.TOOL_BAD_ARGUMENTS


def test_both_only_read(tools: PatrolTools) -> None:
    assert {spec.name: spec.risk for spec in tools.tools()} == {LIST: Risk.READ, RUN: Risk.READ}
