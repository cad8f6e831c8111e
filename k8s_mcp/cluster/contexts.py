"""The contexts of a kubeconfig: which clusters there are to choose from. Reads files only, asks no cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import pathsep
from pathlib import Path
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_maps, read_text
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
    documents = [_read(Path(part).expanduser()) for part in kubeconfig.split(pathsep)]
    servers = dict(reversed([*_named(documents, "clusters", "cluster", "server")]))
    namespaces = dict(reversed([*_named(documents, "contexts", "context", "namespace")]))
    clusters = dict(reversed([*_named(documents, "contexts", "context", "cluster")]))
    current = next(filter(None, (read_text(document, "current-context") for document in documents)), "")
    allowed = [name for name in reversed(clusters) if _is_allowed(name, settings, current=current)]
    default = _choose_default(allowed, settings, current=current)
    return [
        ClusterContext(
            name=name,
            server=shown_url(servers.get(clusters[name], "")),
            namespace=namespaces.get(name, ""),
            is_default=name == default,
        )
        for name in allowed
    ]


def _read(path: Path) -> JsonObject:
    import yaml

    try:
        # The C parser where there is one: a kubeconfig with certificates of many clusters is large.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506  # both are safe
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        # The parser quotes the file, which holds credentials.
        raise not_configured(f"{path} cannot be read as a kubeconfig ({type(error).__name__})") from None
    return document if isinstance(document, dict) else {}


def _named(documents: Iterable[JsonObject], field: str, inner: str, key: str) -> Iterable[tuple[str, str]]:
    """Name and value of every entry; with several files the first that names an entry wins, as with kubectl."""
    for document in documents:
        for entry in read_maps(document, field):
            yield read_text(entry, "name"), read_text(entry, inner, key)


def _is_allowed(name: str, settings: K8sSettings, *, current: str) -> bool:
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
