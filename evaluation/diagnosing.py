"""Asks the Kubernetes tool server what is wrong, as any MCP client would, over HTTP to the cluster."""

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mcp import Client

from evaluation.trials import Finding
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings

READ_SECONDS = 30
TOOL = "k8s-diagnose"


class DiagnosisFailed(Exception):
    """The tool server answered with an error; the text says which."""


async def diagnose(kubeconfig: Path, *, namespaces: Sequence[str] | None, now: Callable[[], datetime]) -> list[Finding]:
    """The root causes that are named in these namespaces (None: in the whole cluster), in the order of the answers."""
    places = [{"all_namespaces": True}] if namespaces is None else [{"namespace": name} for name in namespaces]
    server = make_server(K8sSettings(kubeconfig_path=kubeconfig, read_only=True), now=now)
    found: dict[tuple[str, str], Finding] = {}
    # The server's audit lines go to standard error, where they would drown the report.
    with contextlib.redirect_stderr(io.StringIO()):
        async with Client(server, read_timeout_seconds=READ_SECONDS) as client:
            for place in places:
                for each in await _findings(client, place=place):
                    finding = _finding(each)
                    found.setdefault((finding.condition, finding.object), finding)
    return list(found.values())


async def _findings(client: Client, *, place: dict[str, Any]) -> list[dict[str, Any]]:  # Any: structured content
    result = await client.call_tool(TOOL, {**place, "limit": 100})
    if result.is_error or result.structured_content is None:
        raise DiagnosisFailed(f"{TOOL} with {place}: {result.content}")
    findings: list[dict[str, Any]] = result.structured_content["findings"]
    return findings


def _finding(finding: dict[str, Any]) -> Finding:  # Any: structured content
    return Finding(
        condition=finding["condition"],
        object=finding["object"],
        confidence=finding["confidence"],
        cause=finding["cause"]["en"],
        effects=tuple(_effects(finding)),
    )


def _effects(finding: dict[str, Any]) -> Iterator[tuple[str, str]]:  # Any: structured content
    for effect in finding["effects"]:
        yield effect["condition"], effect["object"]
        yield from _effects(effect)
