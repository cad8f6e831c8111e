"""Asks the Kubernetes tool server what is wrong, as any MCP client would, over HTTP to the cluster."""

import contextlib
import io
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mcp import Client

from evaluation.trials import Finding
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings

READ_SECONDS = 30
TOOLS = ("k8s-get-pods", "k8s-get-services")


class DiagnosisFailed(Exception):
    """The tool server answered with an error; the text says which."""


async def diagnose(kubeconfig: Path, *, namespaces: Sequence[str], now: Callable[[], datetime]) -> list[Finding]:
    """Everything that is said to be wrong in these namespaces."""
    server = make_server(K8sSettings(kubeconfig_path=kubeconfig, read_only=True), now=now)
    found: dict[tuple[str, str], Finding] = {}
    # The server's audit lines go to standard error, where they would drown the report.
    with contextlib.redirect_stderr(io.StringIO()):
        async with Client(server, read_timeout_seconds=READ_SECONDS) as client:
            for tool, namespace in itertools.product(TOOLS, namespaces):
                for problem in await _problems(client, tool, namespace=namespace):
                    finding = _finding(problem)
                    found.setdefault((finding.condition, finding.object), finding)
    return list(found.values())


async def _problems(client: Client, tool: str, *, namespace: str) -> list[dict[str, Any]]:  # Any: structured content
    result = await client.call_tool(tool, {"namespace": namespace})
    if result.is_error or result.structured_content is None:
        raise DiagnosisFailed(f"{tool} in {namespace}: {result.content}")
    problems: list[dict[str, Any]] = result.structured_content["problems"]
    return problems


def _finding(problem: dict[str, Any]) -> Finding:  # Any: structured content
    return Finding(
        condition=problem["condition"],
        object=problem["object"],
        confidence=problem["confidence"],
        cause=problem["cause"]["en"],
    )
