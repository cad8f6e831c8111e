"""Programs that run, are called ready, and do not reach what they need."""

from __future__ import annotations

import pytest

from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    conditions_of,
    diagnose_objects,
    make,
    make_deployment,
    make_pod,
    make_service,
    make_slice,
    running,
)

WORK = ["INFO page 1 rendered in 8ms", "INFO page 2 rendered in 9ms", "INFO page 3 rendered in 7ms"]
UNRESOLVED = "ERROR getaddrinfo ENOTFOUND stock"
NO_ANSWER = "ERROR connect ETIMEDOUT 10.96.0.9:80"


def repeat(complaint: str, *, times: int = 5, then: int = 0) -> dict[str, str]:
    """A log in which the complaint returns after some work, and then no more."""
    return {"shop-1": "\n".join([*WORK, complaint] * times + WORK * then)}


def shop(*, minutes: float = 60, **spec: object) -> tuple[JsonObject, ...]:
    return make_pod("shop-1", status=running(minutes=minutes), spec=spec), make_deployment()


def stock(**fields: object) -> tuple[JsonObject, ...]:
    """The peer, with a pod behind it."""
    pod = make_pod("stock-1", labels={"app": "stock"}, owner="Deployment/stock")
    service = make_service("stock", selector={"app": "stock"}, clusterIP="10.96.0.9", **fields)
    return pod, service, make_slice("stock"), make_deployment("stock", labels={"app": "stock"})


def test_peer_that_does_not_exist_is_told() -> None:
    (finding,) = diagnose_objects(*shop(), logs=repeat(UNRESOLVED)).findings

    assert finding.problem.condition == "dependency-failing"
    assert finding.problem.subject == "Deployment/prod/shop"
    assert "no Service stock exists" in finding.problem.cause.en


@pytest.mark.parametrize(
    ("log", "minutes"),
    [
        (repeat(UNRESOLVED, times=2), 60),
        (repeat(UNRESOLVED, then=4), 60),
        (repeat("INFO retry: getaddrinfo ENOTFOUND stock"), 60),
        (repeat(UNRESOLVED), 1),
        (repeat(f"2026-11-20T23:00:00Z {UNRESOLVED}"), 2880),
        ({"shop-1": "\n".join([UNRESOLVED] * 6)}, 5760),
    ],
    ids=["said twice", "recovered", "called information", "just started", "hours ago", "six times in four days"],
)
def test_complaints_that_do_not_go_on_are_left_alone(log: dict[str, str], minutes: float) -> None:
    assert conditions_of(*shop(minutes=minutes), logs=log) == []


def test_time_out_of_an_address_is_explained_by_the_policy_of_its_service() -> None:
    rule = [{"from": [{"podSelector": {"matchLabels": {"app": "admin"}}}]}]
    spec = {"podSelector": {"matchLabels": {"app": "stock"}}, "policyTypes": ["Ingress"], "ingress": rule}
    policy = make("NetworkPolicy", "stock-callers", spec=spec)

    (finding,) = diagnose_objects(*shop(), *stock(), policy, logs=repeat(NO_ANSWER)).findings

    assert finding.problem.object == "NetworkPolicy/prod/stock-callers"
    assert [effect.problem.condition for effect in finding.effects] == ["dependency-failing"]


def test_names_are_not_resolved_from_the_network_of_the_host() -> None:
    objects = (*shop(hostNetwork=True), *stock())

    (finding,) = diagnose_objects(*objects, logs=repeat(UNRESOLVED)).findings

    assert finding.problem.condition == "dns-policy-wrong"
    assert "ClusterFirstWithHostNet" in finding.problem.next_step.en


def test_names_are_resolved_from_the_network_of_the_host_when_the_policy_says_so() -> None:
    objects = (*shop(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"), *stock())

    assert conditions_of(*objects, logs={"shop-1": "\n".join(WORK * 5)}) == []
