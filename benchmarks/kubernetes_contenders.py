"""The Kubernetes MCP servers that are compared, and how each is asked the same five questions; ours a sixth."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.product import ROOT

PEERS = ("kubernetes-mcp-server@0.0.67", "mcp-server-kubernetes@4.1.7")
_TOKENIZER = "gpt-tokenizer@4"

Call = tuple[str, dict[str, Any]]  # Any: JSON arguments


@dataclass(frozen=True, slots=True)
class Target:
    """What the questions are about."""

    namespace: str
    pod: str
    noisy_namespace: str
    """With the most events."""


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    command: tuple[str, ...]
    calls: Callable[[Target], dict[str, Call]]
    http_arguments: Callable[[int], tuple[str, ...]]
    """Further arguments that make it serve HTTP on a port."""
    http_environment: Callable[[int], dict[str, str]] = lambda port: {}
    environment: Mapping[str, str] = field(default_factory=dict)
    is_legacy: bool = True
    """Whether it is asked in the protocol revision 2025-11-25, the newest that all peers speak."""


def install_peers(folder: Path) -> Path:
    """Install the peers and the tokenizer outside the repository, once; answers the folder of their commands."""
    folder.mkdir(parents=True, exist_ok=True)
    commands = folder / "node_modules" / ".bin"
    wanted = [package.partition("@")[0] for package in PEERS]
    if not all((commands / name).exists() for name in wanted):
        if not (folder / "package.json").exists():
            subprocess.run(["npm", "init", "-y"], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)
        install = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *PEERS, _TOKENIZER]
        subprocess.run(install, cwd=folder, check=True, timeout=600)
    return commands


def our_server() -> Contender:
    return Contender(
        name="ding-robot",
        command=(sys.executable, "-m", "k8s_mcp.server"),
        calls=lambda target: {
            "all pods": ("k8s-get-pods", {"all_namespaces": True}),
            "200 pods": ("k8s-get-pods", {"namespace": target.namespace}),
            "one pod": ("k8s-describe-pod", {"namespace": target.namespace, "name": target.pod}),
            "100 log lines": ("k8s-get-logs", {"namespace": target.namespace, "pod": target.pod}),
            "events": ("k8s-get-events", {"namespace": target.noisy_namespace}),
            "whole cluster diagnosed": ("k8s-diagnose", {"all_namespaces": True}),
        },
        http_arguments=lambda port: ("--transport", "http", "--port", str(port)),
        environment={"PYTHONPATH": str(ROOT)},
        is_legacy=False,
    )


def find_peers(commands: Path) -> list[Contender]:
    """kubernetes-mcp-server (Go) and mcp-server-kubernetes (TypeScript, which calls kubectl)."""
    go_server = Contender(
        name="kubernetes-mcp-server",
        command=(str(commands / "kubernetes-mcp-server"),),
        calls=lambda target: {
            "all pods": ("pods_list", {}),
            "200 pods": ("pods_list_in_namespace", {"namespace": target.namespace}),
            "one pod": ("pods_get", {"namespace": target.namespace, "name": target.pod}),
            "100 log lines": ("pods_log", {"namespace": target.namespace, "name": target.pod}),
            "events": ("events_list", {"namespace": target.noisy_namespace}),
        },
        http_arguments=lambda port: ("--port", str(port), "--bind-address", "127.0.0.1"),
    )
    return [go_server, *([_typescript_server(commands)] if shutil.which("kubectl") else [])]


def _typescript_server(commands: Path) -> Contender:
    # Its default form of a list is JSON, which fails beyond one megabyte: 200 pods are too many.
    wide = {"resourceType": "pods", "output": "wide"}
    return Contender(
        name="mcp-server-kubernetes",
        command=(str(commands / "mcp-server-kubernetes"),),
        calls=lambda target: {
            "all pods": ("kubectl_get", {**wide, "allNamespaces": True}),
            "200 pods": ("kubectl_get", {**wide, "namespace": target.namespace}),
            "one pod": ("kubectl_describe", {"resourceType": "pod", "name": target.pod, "namespace": target.namespace}),
            "100 log lines": (
                "kubectl_logs",
                {"resourceType": "pod", "name": target.pod, "namespace": target.namespace, "tail": 100},
            ),
            "events": ("kubectl_get", {"resourceType": "events", "namespace": target.noisy_namespace}),
        },
        http_arguments=lambda port: (),
        http_environment=lambda port: {"ENABLE_UNSAFE_STREAMABLE_HTTP_TRANSPORT": "1", "PORT": str(port)},
    )


def environment_for(contender: Contender, *, kubeconfig: Path) -> dict[str, str]:
    """What every contender is started with: the kubeconfig, and no other settings of this machine."""
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**passed, "KUBECONFIG": str(kubeconfig), **contender.environment}
