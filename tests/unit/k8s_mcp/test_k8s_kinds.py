"""What a person may call a kind, against the discovery documents of a real cluster and a cluster with custom kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from k8s_mcp.cluster.discovery import Discovery, parse_aggregated, read_kinds
from k8s_mcp.cluster.interfaces import JsonObject, Resource
from k8s_mcp.cluster.kinds import KindCatalogue
from k8s_mcp.errors import AmbiguousKind, ClusterError, ClusterUnreachable, UnknownKind

EXCHANGES = Path(__file__).parents[2] / "data" / "kubernetes_protocol" / "exchanges.jsonl"


def recorded(name: str) -> JsonObject:
    for line in EXCHANGES.read_text(encoding="utf-8").splitlines():
        exchange = json.loads(line)
        if exchange["name"] == name:
            body: JsonObject = exchange["response"]["body"]
            return body
    raise AssertionError(name)


def custom(plural: str, kind: str, group: str, *short_names: str) -> Resource:
    return Resource(kind, plural, f"/apis/{group}/v1", short_names=short_names, singular=kind.lower())


REAL = (
    *parse_aggregated(recorded("discovery-aggregated-api")),
    *parse_aggregated(recorded("discovery-aggregated-apis")),
)
CERTIFICATES = custom("certificates", "Certificate", "cert-manager.io", "cert", "certs")


@pytest.mark.parametrize(
    "written",
    [
        "deploy", "deployment", "deployments", "Deployment", " DEPLOYMENTS ", "deployments.apps", "deploy.apps",
        "Deployment.apps", "deployments.v1.apps", "apps/Deployment", "apps/v1/Deployment", "apps/v1/deploy",
        "apps/v1, Kind=Deployment",
    ],
)  # fmt: skip
def test_every_way_to_write_a_kind_means_the_same_resource(written: str) -> None:
    found = KindCatalogue(REAL).find(written)

    assert (found.qualified_name, found.api_version, found.is_namespaced) == ("deployments.apps", "apps/v1", True)
    assert found.subresources == {"scale", "status"}
    assert "patch" in found.verbs


@pytest.mark.parametrize("written", ["po", "v1/Pod", "pods.v1", "Pod"])
def test_core_kinds_go_before_those_of_other_groups(written: str) -> None:
    assert KindCatalogue(REAL).find(written).prefix == "/api/v1"


def test_the_group_reaches_a_kind_that_the_core_hides() -> None:
    assert KindCatalogue(REAL).find("pods.metrics.k8s.io").kind == "PodMetrics"


def test_the_version_the_server_prefers_is_taken() -> None:
    catalogue = KindCatalogue(REAL)

    assert catalogue.find("hpa").version == "v2"
    assert catalogue.find("autoscaling/v1/HorizontalPodAutoscaler").version == "v1"


def test_words_of_a_name_may_be_apart() -> None:
    assert KindCatalogue(REAL).find("config map").kind == "ConfigMap"
    assert KindCatalogue(REAL).find("stateful-set").kind == "StatefulSet"


def test_custom_kind_is_found_by_its_short_name() -> None:
    assert KindCatalogue([*REAL, CERTIFICATES]).find("certs") is CERTIFICATES


def test_short_name_that_a_custom_kind_shares_with_a_core_kind_means_the_core_kind() -> None:
    catalogue = KindCatalogue([custom("policies", "Policy", "example.com", "po"), *REAL])

    assert catalogue.find("po").kind == "Pod"


def test_two_custom_kinds_of_one_name_are_explained_with_their_groups() -> None:
    other = custom("certificates", "Certificate", "networking.internal.knative.dev", "kcert")
    catalogue = KindCatalogue([*REAL, CERTIFICATES, other])

    with pytest.raises(AmbiguousKind, match=r"certificates\.cert-manager\.io .* certificates\.networking\.internal"):
        catalogue.find("certificate")
    assert catalogue.find("certificates.cert-manager.io") is CERTIFICATES
    assert catalogue.find("kcert") is other


def test_full_name_of_a_custom_kind_is_not_taken_for_the_short_name_of_another() -> None:
    catalogue = KindCatalogue([*REAL, custom("deploys", "Deploy", "example.com")])

    with pytest.raises(AmbiguousKind, match=r"deployments\.apps .* deploys\.example\.com"):
        catalogue.find("deploy")


def test_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UnknownKind, match=r"deployments\.apps \(apps/v1/Deployment\)"):
        KindCatalogue(REAL).find("deploymnet")


def test_known_kind_in_a_wrong_group_says_where_it_is() -> None:
    with pytest.raises(UnknownKind, match=r"it has deployments\.apps"):
        KindCatalogue(REAL).find("extensions/v1beta1/Deployment")


@pytest.mark.parametrize("written", ["--server=https://evil.example", "../../secrets", "", "po;rm", "p" * 300])
def test_text_that_is_no_kind_is_refused(written: str) -> None:
    with pytest.raises(UnknownKind):
        KindCatalogue(REAL).find(written)


class Documents:
    """Discovery documents by path; an error in place of a document is raised."""

    def __init__(self, documents: dict[str, JsonObject | ClusterError]) -> None:
        self.documents = documents
        self.paths: list[str] = []

    async def read(self, path: str, accept: str) -> JsonObject:
        del accept
        self.paths.append(path)
        answer = self.documents[path]
        if isinstance(answer, ClusterError):
            raise answer
        return answer


def plain_documents(**changes: Any) -> Documents:  # Any: documents and errors by path
    groups = {"kind": "APIGroupList", "groups": [g for g in recorded("apis")["groups"] if g["name"] == "apps"]}
    documents: dict[str, JsonObject | ClusterError] = {
        "/api": recorded("api"),
        "/apis": groups,
        "/api/v1": recorded("api-v1"),
        "/apis/apps/v1": recorded("apis-apps-v1"),
    }
    return Documents({**documents, **changes})


async def test_server_without_aggregated_discovery_is_asked_group_by_group() -> None:
    catalogue = await read_kinds(plain_documents().read)

    found = catalogue.find("deploy")
    assert found.prefix == "/apis/apps/v1"
    assert found.subresources == {"scale", "status"}
    assert catalogue.find("no").is_namespaced is False


async def test_group_that_does_not_answer_is_named_and_hides_nothing_else() -> None:
    documents = plain_documents(**{"/apis/apps/v1": ClusterUnreachable("down")})

    catalogue = await read_kinds(documents.read)

    assert catalogue.find("pods").kind == "Pod"
    with pytest.raises(UnknownKind, match="do not answer: apps/v1"):
        catalogue.find("deployments")


async def test_cluster_that_answers_nothing_is_no_cluster_without_kinds() -> None:
    documents = plain_documents(
        **{"/apis/apps/v1": ClusterUnreachable("down"), "/api/v1": ClusterUnreachable("down too")}
    )

    with pytest.raises(ClusterUnreachable):
        await read_kinds(documents.read)


async def test_aggregated_discovery_takes_two_requests_and_names_stale_groups() -> None:
    groups = recorded("discovery-aggregated-apis")
    for group in groups["items"]:
        if group["metadata"]["name"] == "metrics.k8s.io":
            group["versions"] = [{"version": "v1beta1", "freshness": "Stale"}]
    documents = Documents({"/api": recorded("discovery-aggregated-api"), "/apis": groups})

    catalogue = await read_kinds(documents.read)

    assert sorted(documents.paths) == ["/api", "/apis"]
    assert catalogue.unavailable == ("metrics.k8s.io/v1beta1",)
    assert catalogue.find("deploy").kind == "Deployment"


class Ticking:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def discovery(documents: Documents) -> tuple[Discovery, Ticking]:
    clock = Ticking()
    read: Callable[..., Any] = documents.read  # Any: the awaitable of a document
    return Discovery(read, clock=clock), clock


async def test_kinds_are_remembered_until_they_are_old() -> None:
    documents = plain_documents()
    known, clock = discovery(documents)

    await known.find("pods")
    await known.find("deploy")
    assert documents.paths.count("/api") == 1
    clock.now = 700
    await known.find("pods")

    assert documents.paths.count("/api") == 2
    assert known.age_seconds == 0


async def test_unknown_kind_is_looked_for_again_but_not_at_every_guess() -> None:
    documents = plain_documents()
    known, clock = discovery(documents)
    await known.find("pods")
    definition = {"name": "widgets", "kind": "Widget", "namespaced": True, "verbs": ["get", "list"]}
    documents.documents["/apis/apps/v1"] = {"resources": [definition]}

    with pytest.raises(UnknownKind):
        await known.find("widgets")
    clock.now = 11

    assert (await known.find("widgets")).kind == "Widget"
    with pytest.raises(UnknownKind):
        await known.find("gadgets")
    assert documents.paths.count("/api") == 2
