"""The product and the robots as processes, so that one can be killed under the other."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.product import ROOT
from tests.fakes.watching import make_disk, make_facts

PATIENCE_SECONDS = 40
Json = dict[str, Any]  # Any: JSON


def write_world(folder: Path, *, disks: Mapping[str, float], delay: float = 0, **others: Any) -> None:  # Any: JSON
    """Hosts by name with how full /var is."""
    hosts = {
        name: make_facts(name, filesystems=(make_disk("/var", used=used),)).model_dump(mode="json")
        for name, used in disks.items()
    }
    path = folder / "world.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"hosts": hosts, "delay": delay, **others}), encoding="utf-8")
    draft.replace(path)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The settings of a product that reaches only the fixture server."""
    config = folder / "mcp_config.json"
    entry = {
        "command": sys.executable,
        "args": ["-m", "tests.fakes.watch_mcp_server"],
        "cwd": str(ROOT),
        "env": {"WATCH_WORLD": str(folder / "world.json")},
        "trusted": True,
    }
    config.write_text(json.dumps({"mcpServers": {"watch": entry}}), encoding="utf-8")
    return {
        "MCP_CONFIG": str(config),
        "OPENAI_API_KEY": "",
        "LLM_BASE_URL": "",
        "NOTIFICATIONS_LANGUAGE": "en",
        "REPORT_SCHEDULE": "off",
        **settings,
    }


@contextmanager
def robots(folder: Path, *, delay: float = 0) -> Iterator[str]:
    """The address of the robots; what they show is in `shown.jsonl`."""
    (folder / "shown.jsonl").touch()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.fakes.chat_robots"),
            *("--journal", str(folder / "shown.jsonl"), "--delay", str(delay)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(timeout=10)


def dingtalk_url(address: str) -> str:
    return f"{address}/robot/send?access_token=token"


def read_shown(folder: Path) -> list[Json]:
    return [json.loads(line) for line in (folder / "shown.jsonl").read_text(encoding="utf-8").splitlines()]


def read_texts(folder: Path) -> list[str]:
    return [body["markdown"]["text"] for body in read_shown(folder)]


def run_command(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """`ding-robot …` until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATA_DIRECTORY": str(folder / "data")} | environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
