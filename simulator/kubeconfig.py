"""The file through which clients find the simulated cluster."""

from pathlib import Path

import yaml

from simulator.private_files import write_privately

CONTEXT_NAME = "simulator"


def render_kubeconfig(*, server: str, token: str) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT_NAME, "cluster": {"server": server}}],
        "users": [{"name": CONTEXT_NAME, "user": {"token": token}}],
        "contexts": [
            {"name": CONTEXT_NAME, "context": {"cluster": CONTEXT_NAME, "user": CONTEXT_NAME, "namespace": "default"}}
        ],
        "current-context": CONTEXT_NAME,
    }
    return yaml.safe_dump(document, sort_keys=False)


def write_kubeconfig(path: Path, *, server: str, token: str) -> None:
    """Write the file so that only its owner can read the token, and readers never see half of it."""
    write_privately(path, render_kubeconfig(server=server, token=token))
