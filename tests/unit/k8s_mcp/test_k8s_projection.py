"""What listed objects lose is read by nobody: no rule says anything else without it."""

from __future__ import annotations

import copy
from dataclasses import replace

import orjson
import pytest

from k8s_diagnosis.diagnosing import diagnose
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.reporting import describe_diagnosis
from k8s_diagnosis.snapshot import ClusterSnapshot
from k8s_mcp.cluster.interfaces import PODS, Resource
from k8s_mcp.cluster.projection import Projection
from k8s_mcp.listing.pods import list_pod
from tests.fakes.recorded_cluster import case_names, read_case


def slimmed(snapshot: ClusterSnapshot) -> ClusterSnapshot:
    objects = {}
    for kind, found in snapshot.objects.items():
        projection = Projection(PODS if kind == "Pod" else Resource(kind, kind.lower()))
        objects[kind] = [projection.slim(copy.deepcopy(each)) for each in found]
    return replace(snapshot, objects=objects)


@pytest.mark.parametrize("name", case_names())
def test_rules_find_the_same_in_slimmed_objects(name: str) -> None:
    snapshot = read_case(name).snapshot()

    assert describe_diagnosis(diagnose(slimmed(snapshot))) == describe_diagnosis(diagnose(snapshot))


@pytest.mark.parametrize("name", case_names())
def test_pods_are_listed_the_same(name: str) -> None:
    case = read_case(name)
    projection = Projection(PODS)

    for pod in case.snapshot().objects.get("Pod", ()):
        before = list_pod(pod, now=case.recorded_at)
        after = list_pod(projection.slim(copy.deepcopy(pod)), now=case.recorded_at)
        assert (after.status, after.is_abnormal) == (before.status, before.is_abnormal)


def pod(name: str) -> JsonObject:
    return {
        "metadata": {"name": name, "labels": {"app": "web"}, "managedFields": [{"manager": "x"}]},
        "spec": {
            "containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}],
            "volumes": [{"name": f"kube-api-access-{name}"}],
            "dnsPolicy": "ClusterFirst",
        },
        "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]},
    }


def test_equal_parts_of_the_pods_of_a_workload_are_held_once() -> None:
    projection = Projection(PODS)

    first, second = projection.slim(pod("a")), projection.slim(pod("b"))

    assert first["spec"]["containers"] is second["spec"]["containers"]
    assert first["metadata"]["labels"] is second["metadata"]["labels"]
    assert "volumes" not in first["spec"]
    assert len(orjson.dumps(first)) < len(orjson.dumps(pod("a"))) * 0.8


def test_policy_that_is_not_the_usual_one_is_kept() -> None:
    unusual = pod("a")
    unusual["spec"] |= {"dnsPolicy": "Default", "schedulerName": "volcano"}

    spec = Projection(PODS).slim(unusual)["spec"]

    assert (spec["dnsPolicy"], spec["schedulerName"]) == ("Default", "volcano")


def test_object_of_an_odd_shape_is_left_as_it_is() -> None:
    odd: JsonObject = {"metadata": None, "spec": [], "status": "x"}

    assert Projection(PODS).slim(copy.deepcopy(odd)) == odd
