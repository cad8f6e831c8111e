"""Several clusters in one server: which can be named, which is meant, and whose rights count."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client
from mcp_types import CallToolResult

from k8s_mcp.cluster.clusters import Clusters
from k8s_mcp.cluster.contexts import read_contexts
from k8s_mcp.errors import ClusterUnreachable, UnknownCluster
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import InMemoryCluster

ALICE = {"ding-robot/asked-by": {"user": "alice", "groups": ["sre"]}}


def write_kubeconfig(path: Path, *names: str, current: str = "") -> Path:
    contexts = "\n".join(
        f'  - {{name: "{name}", context: {{cluster: "c-{name}", user: u, namespace: "n-{name}"}}}}' for name in names
    )
    clusters = "\n".join(
        f'  - {{name: "c-{name}", cluster: {{server: "https://bob:pw@{name}.example:6443"}}}}' for name in names
    )
    path.write_text(
        textwrap.dedent(f"""\
            apiVersion: v1
            kind: Config
            current-context: "{current}"
            users: [{{name: u, user: {{token: secret-token}}}}]
            """)
        + f"contexts:\n{contexts}\nclusters:\n{clusters}\n",
        encoding="utf-8",
    )
    return path


def names(settings: K8sSettings) -> list[str]:
    return [f"{each.name}{'*' if each.is_default else ''}" for each in read_contexts(settings)]


def test_every_context_of_the_kubeconfig_can_be_chosen_unless_limited(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", "prod", "staging", "dev", current="staging")

    assert names(K8sSettings(kubeconfig_path=path)) == ["prod", "staging*", "dev"]
    assert names(K8sSettings(kubeconfig_path=path, context="dev")) == ["dev*"]
    assert names(K8sSettings(kubeconfig_path=path, contexts=("dev", "prod"))) == ["prod", "dev*"]
    assert names(K8sSettings(kubeconfig_path=path, context="prod", contexts=("*",))) == ["prod*", "staging", "dev"]
    assert names(K8sSettings(kubeconfig_path=path, contexts=("gone",))) == []


def test_context_shows_its_server_without_credentials_and_its_namespace(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", "prod")

    (context,) = read_contexts(K8sSettings(kubeconfig_path=path))

    assert (context.server, context.namespace, context.is_default) == ("https://prod.example:6443", "n-prod", True)


def test_several_files_are_joined_and_the_first_wins(tmp_path: Path) -> None:
    first = write_kubeconfig(tmp_path / "first", "prod", current="prod")
    second = write_kubeconfig(tmp_path / "second", "prod", "dev", current="dev")

    assert names(K8sSettings(kubeconfig=f"{first}:{second}")) == ["prod*", "dev"]


def test_changed_kubeconfig_counts_at_once(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", "prod", current="prod")
    settings = K8sSettings(kubeconfig_path=path)
    before = names(settings)

    write_kubeconfig(path, "prod", "staging", current="staging")

    assert (before, names(settings)) == (["prod*"], ["prod", "staging*"])


def test_broken_kubeconfig_is_named_and_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("users: [{token: secret-token\n", encoding="utf-8")

    with pytest.raises(ClusterUnreachable, match="cannot be read as a kubeconfig") as caught:
        read_contexts(K8sSettings(kubeconfig_path=path))
    assert "secret-token" not in str(caught.value)


def clusters_of(path: Path, **settings: object) -> Clusters:
    return Clusters(
        K8sSettings(kubeconfig_path=path, **settings),
        open_cluster=lambda chosen: InMemoryCluster(name=chosen.context or "?"),
        read_contexts=read_contexts,
    )


def test_unknown_cluster_names_the_nearest_and_none_that_is_not_allowed(tmp_path: Path) -> None:
    clusters = clusters_of(write_kubeconfig(tmp_path / "c", "prod", "staging"), contexts=("staging",))

    with pytest.raises(UnknownCluster, match='No cluster "stagin"; nearest: staging'):
        clusters.choose("stagin")
    with pytest.raises(UnknownCluster, match='No cluster "prod"; there are: staging'):
        clusters.choose("prod")


def test_a_cluster_is_opened_once(tmp_path: Path) -> None:
    clusters = clusters_of(write_kubeconfig(tmp_path / "c", "prod", "staging", current="prod"))

    assert clusters.choose() is clusters.choose("prod")
    assert clusters.choose("staging") is not clusters.choose("prod")


def test_without_a_current_context_the_cluster_must_be_named(tmp_path: Path) -> None:
    clusters = clusters_of(write_kubeconfig(tmp_path / "c", "prod", "staging"))

    with pytest.raises(UnknownCluster, match="name one as cluster: prod, staging"):
        clusters.choose()


@asynccontextmanager
async def connect(settings: K8sSettings, cluster: InMemoryCluster) -> AsyncIterator[Client]:
    async with Client(make_server(settings, open_cluster=lambda _: cluster), read_timeout_seconds=10) as client:
        yield client


async def ask(client: Client, meta: Mapping[str, object] | None) -> CallToolResult:
    result = await client.session.call_tool("k8s-get-nodes", {}, meta=meta)  # type: ignore[arg-type]  # keys of our own
    assert isinstance(result, CallToolResult)
    return result


async def test_call_is_made_with_the_rights_of_the_person_who_asks() -> None:
    cluster = InMemoryCluster()
    async with connect(K8sSettings(impersonate=True), cluster) as client:
        result = await ask(client, ALICE)

    assert not result.is_error
    assert cluster.requests[0] == "as alice"


@pytest.mark.parametrize(
    "asked_by",
    [
        None,
        {},
        {"user": ""},
        {"user": 7},
        {"user": "system:admin"},
        {"user": "System:masters"},
        {"user": "alice", "groups": ["system:masters"]},
        {"user": "alice\r\nImpersonate-Group: system:masters"},
    ],
)
async def test_nobody_is_read_for_when_the_asking_person_is_unknown_or_reserved(asked_by: object) -> None:
    cluster = InMemoryCluster()
    async with connect(K8sSettings(impersonate=True), cluster) as client:
        result = await ask(client, {"ding-robot/asked-by": asked_by} if asked_by is not None else None)

    assert result.is_error
    assert cluster.requests == []


async def test_named_person_changes_nothing_where_impersonation_is_off() -> None:
    cluster = InMemoryCluster()
    async with connect(K8sSettings(), cluster) as client:
        await ask(client, ALICE)

    assert "as alice" not in cluster.requests
