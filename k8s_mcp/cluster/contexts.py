"""The contexts of a kubeconfig: which clusters there are to choose from. Reads files only, asks no cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from os import pathsep
from pathlib import Path
from typing import Any

from k8s_diagnosis.objects.access import read_maps, read_text
from k8s_mcp.cluster.connection import find_kubeconfig
from k8s_mcp.cluster.status_errors import not_configured, shown_url
from k8s_mcp.settings import K8sSettings

IN_CLUSTER = "in-cluster"
_ALL = "*"


@dataclass(frozen=True, slots=True)
class ClusterContext:
    """One cluster that can be chosen by its name."""

    name: str
    server: str
    namespace: str
    is_default: bool


def read_contexts(settings: K8sSettings) -> list[ClusterContext]:
    """Every context the settings allow, in the order of the files; raises ClusterUnreachable without a kubeconfig."""
    kubeconfig = find_kubeconfig(settings)
    if kubeconfig is None:
        return [ClusterContext(IN_CLUSTER, "the cluster of this pod", "", is_default=True)]
    files = [_read(Path(part).expanduser()) for part in kubeconfig.split(pathsep)]
    # The first file that names an entry wins, as with kubectl.
    contexts = {name: entry for file in reversed(files) for name, entry in reversed(file.contexts)}
    servers = {name: server for file in reversed(files) for name, server in reversed(file.servers)}
    current = next((file.current for file in files if file.current), "")
    allowed = [name for name in reversed(contexts) if _is_allowed(name, settings)]
    default = _choose_default(allowed, settings, current=current)
    return [
        ClusterContext(
            name=name,
            server=shown_url(servers.get(contexts[name].cluster, "")),
            namespace=contexts[name].namespace,
            is_default=name == default,
        )
        for name in allowed
    ]


@dataclass(frozen=True, slots=True)
class _Entry:
    cluster: str
    namespace: str


@dataclass(frozen=True, slots=True)
class _File:
    """What of a kubeconfig is needed here; its credentials are not kept."""

    current: str
    contexts: tuple[tuple[str, _Entry], ...]
    servers: tuple[tuple[str, str], ...]


def _read(path: Path) -> _File:
    try:
        state = path.stat()
        return _parse(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise not_configured(f"{path} cannot be read as a kubeconfig ({type(error).__name__})") from None


@lru_cache(maxsize=16)
def _parse(path: Path, changed_ns: int, size: int) -> _File:
    """Parsed once per state of the file: every call asks which clusters there are."""
    del changed_ns, size
    import yaml

    try:
        # The C parser where there is one: a kubeconfig with certificates of many clusters is large.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506  # both are safe
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        # The parser quotes the file, which holds credentials.
        raise not_configured(f"{path} cannot be read as a kubeconfig ({type(error).__name__})") from None
    return _File(
        current=read_text(document, "current-context"),
        contexts=tuple(
            (
                read_text(each, "name"),
                _Entry(read_text(each, "context", "cluster"), read_text(each, "context", "namespace")),
            )
            for each in read_maps(document, "contexts")
        ),
        servers=tuple(
            (read_text(each, "name"), read_text(each, "cluster", "server")) for each in read_maps(document, "clusters")
        ),
    )


def _is_allowed(name: str, settings: K8sSettings) -> bool:
    if _ALL in settings.contexts or name in settings.contexts:
        return True
    if settings.contexts:
        return False
    return settings.context in {None, name}


def _choose_default(allowed: list[str], settings: K8sSettings, *, current: str) -> str | None:
    """The configured context, else the kubeconfig's current one, else the only or first one the operator listed."""
    wanted = settings.context or current
    if wanted in allowed:
        return wanted
    if settings.context is None and (len(allowed) == 1 or (settings.contexts and _ALL not in settings.contexts)):
        return next((name for name in settings.contexts if name in allowed), allowed[0] if allowed else None)
    return None
