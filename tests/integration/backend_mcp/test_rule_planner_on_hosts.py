"""The planner's answers about hosts: on simulated ones over real SSH, and on this very machine."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from backend.agent.domain import ServerState
from backend.agent.rule_planner import RulePlanner
from backend.features.patrol.one_look import judge_once
from backend.features.patrol.settings import CheckSettings
from backend.integrations.mcp_servers import McpToolSource
from tests.integration.backend_mcp.conftest import PROJECT, until
from tests.integration.backend_mcp.planner_chat import PlannerChat

# Tests about the same hosts talk with the same tool servers, which take seconds to start.
pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = PROJECT / "backend" / "config" / "mcp_config.json"


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Simulated hosts with the faults of the demo."""
    folder = tmp_path_factory.mktemp("hosts")
    arguments = ["--port", "0", "--kubeconfig", str(folder / "kubeconfig.yaml"), "--scenarios", "demo"]
    hosts = ["--ssh-port", "0", "--inventory", str(folder / "inventory.yaml")]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments, *hosts], cwd=PROJECT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"simulator ready" in process.stdout.readline()
    yield folder / "inventory.yaml"
    process.terminate()
    process.wait(timeout=10)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulated(inventory: Path) -> AsyncIterator[McpToolSource]:
    async with _open(SSH_INVENTORY=str(inventory)) as source:
        yield source


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def this_machine() -> AsyncIterator[McpToolSource]:
    async with _open() as source:
        yield source


def _open(**environment: str) -> McpToolSource:
    given = {"MCP_REQUEST_STATE_KEY": "k" * 40, "KUBECONFIG_PATH": "/nonexistent"}
    return McpToolSource(config_path=CONFIG, environment=os.environ | given | environment)


async def talk(source: McpToolSource) -> PlannerChat:
    await until(lambda: all(server.state is ServerState.CONNECTED for server in source.servers()))
    settings = CheckSettings()
    planner = RulePlanner(judge_host=lambda facts: judge_once(facts, now=datetime.now(UTC), settings=settings))
    return PlannerChat(source, planner=planner)


async def test_the_full_disk_of_a_fleet_is_named_with_what_to_do(simulated: McpToolSource) -> None:
    chat = await talk(simulated)

    answer = await chat.ask("哪台机器磁盘快满了?")

    assert "### " in answer, answer
    first = answer.split("### ")[1]
    assert first.startswith("`db-1`")
    assert "/var/lib/postgresql" in first
    assert "du -xh" in first
    assert chat.questions == []


async def test_a_service_is_restarted_after_a_yes_and_looked_at_again(simulated: McpToolSource) -> None:
    chat = await talk(simulated)

    answer = await chat.ask("restart nginx on gateway-1")

    assert len(chat.questions) == 1
    assert "systemctl restart nginx" in chat.questions[0]
    assert "`nginx` is `active`" in answer


async def test_a_destructive_command_is_refused_with_its_reason_and_nobody_is_asked(simulated: McpToolSource) -> None:
    chat = await talk(simulated)

    answer = await chat.ask("run `rm -rf /` on db-1")

    assert "nobody can approve it" in answer
    assert chat.questions == []


async def test_a_name_that_the_cluster_does_not_know_may_be_a_host(inventory: Path) -> None:
    kubeconfig = str(inventory.parent / "kubeconfig.yaml")
    async with _open(SSH_INVENTORY=str(inventory), KUBECONFIG_PATH=kubeconfig) as source:
        chat = await talk(source)
        answer = await chat.ask("为什么 db-1 这么慢")

    assert "`db-1`" in answer
    assert "没有名为" not in answer


async def test_a_command_runs_on_exactly_the_hosts_that_are_named(simulated: McpToolSource) -> None:
    chat = await talk(simulated)

    named = await chat.ask("run `uptime` on db-1, app-1 and cache-1")
    everywhere = await chat.ask("在所有主机上执行 `uptime`")

    assert [name for name in ("db-1", "app-1", "cache-1", "gateway-1") if f"on `{name}`" in named] == [
        "db-1",
        "app-1",
        "cache-1",
    ]
    assert all(f"`{name}` 上的" in everywhere for name in ("local", "gateway-1", "node-3"))


async def test_an_unknown_host_and_a_missing_one_are_asked_for(simulated: McpToolSource) -> None:
    chat = await talk(simulated)

    assert "`db-1`" in await chat.ask("db-9 的磁盘")
    assert "zombie" in (await chat.ask("db-1 上有僵尸进程吗")).lower() or "僵尸" in await chat.ask("那 db-1 呢?")


async def test_a_zombie_and_a_nearly_full_tmpfs_of_this_machine_are_explained(
    this_machine: McpToolSource, zombie: tuple[int, int], full_tmpfs: Path
) -> None:
    chat = await talk(this_machine)

    zombies = await chat.ask("有僵尸进程吗?")
    disks = await chat.ask("磁盘快满了吗?")

    child, parent = zombie
    assert str(child) in zombies
    assert str(parent) in zombies
    assert str(full_tmpfs) in disks


@pytest.fixture
def zombie() -> Iterator[tuple[int, int]]:
    """The numbers of a zombie and of the living parent that does not collect it."""
    program = "import os, sys, time; pid = os.fork() or os._exit(0); print(pid, flush=True); time.sleep(120)"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    yield int(parent.stdout.readline()), parent.pid
    parent.kill()
    parent.wait(timeout=10)


@pytest.fixture
def full_tmpfs(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting needs root")
    (folder / "big").write_bytes(b"x" * 4_000_000)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
