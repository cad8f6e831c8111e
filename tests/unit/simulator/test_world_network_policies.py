"""Who may talk to whom: the rules of network policies, and the troubles that callers see."""

from typing import Any

import pytest

from simulator.store import JsonObject
from simulator.world.network_policies import is_allowed
from tests.fakes.simulated_world import LivingWorld


def _pod(namespace: str = "shop", **labels: str) -> JsonObject:
    return {"metadata": {"namespace": namespace, "labels": labels}, "status": {"podIP": "10.244.1.9"}, "spec": {}}


def _policy(spec: JsonObject, *, selects: dict[str, str] | None = None) -> JsonObject:
    return {
        "metadata": {"namespace": "shop", "name": "p"},
        "spec": {"podSelector": {"matchLabels": selects or {"app": "db"}}, **spec},
    }


def _may(policy: JsonObject, *, caller: JsonObject, target: JsonObject | None, port: int = 5432) -> bool:
    labels = {"shop": {"team": "shop"}, "ops": {"team": "ops"}}
    return is_allowed([policy], caller=caller, target=target, port=port, namespace_labels=lambda name: labels[name])


DATABASE, CALLER = _pod(app="db"), _pod(app="api")
FROM_API: dict[str, Any] = {"from": [{"podSelector": {"matchLabels": {"app": "api"}}}]}
FROM_OPS: dict[str, Any] = {"from": [{"namespaceSelector": {"matchLabels": {"team": "ops"}}}]}


@pytest.mark.parametrize(
    ("ingress", "caller", "is_let_in"),
    [
        ([], CALLER, False),
        ([{}], CALLER, True),
        ([FROM_API], CALLER, True),
        ([FROM_API], _pod(app="web"), False),
        ([FROM_API], _pod("ops", app="api"), False),
        ([FROM_OPS], _pod("ops", app="api"), True),
        ([{**FROM_API, "ports": [{"port": 80}]}], CALLER, False),
        ([{**FROM_API, "ports": [{"port": 5000, "endPort": 6000}]}], CALLER, True),
        ([{"from": [{"ipBlock": {"cidr": "10.244.0.0/16"}}]}], CALLER, True),
        ([{"from": [{"ipBlock": {"cidr": "10.244.0.0/16", "except": ["10.244.1.0/24"]}}]}], CALLER, False),
    ],
)
def test_a_policy_lets_in_what_one_of_its_rules_names(
    ingress: list[JsonObject], caller: JsonObject, is_let_in: bool
) -> None:
    assert _may(_policy({"ingress": ingress}), caller=caller, target=DATABASE) is is_let_in


def test_pods_that_no_policy_selects_are_open() -> None:
    assert _may(_policy({"ingress": []}), caller=CALLER, target=_pod(app="cache"))


def test_a_policy_of_the_caller_decides_what_leaves_it() -> None:
    outside = _policy({"policyTypes": ["Egress"], "egress": [{"ports": [{"port": 443}]}]}, selects={"app": "api"})

    assert _may(outside, caller=CALLER, target=None, port=443)
    assert not _may(outside, caller=CALLER, target=DATABASE)


def test_a_policy_that_is_applied_stops_calls_at_once_and_they_recover_without_it() -> None:
    living = LivingWorld()
    steps = load_steps()
    living.world.carry_out(steps[:1])
    living.pass_time(60, step=1)
    gateway = living.pods("gateway")[0]
    assert any("timed out" in line for line in living.log(gateway, tail=40))

    living.world.carry_out(steps[1:])
    living.pass_time(60, step=1)
    assert any("is reachable again" in line for line in living.log(gateway, tail=60))


def load_steps() -> list[Any]:
    from simulator.world.scenario import Step

    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": "default"},
        "spec": {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "catalog"}}, "policyTypes": ["Ingress"]},
    }
    return [Step(create=policy), Step(delete="NetworkPolicy/default/closed")]
