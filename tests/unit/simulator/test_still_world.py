"""The cluster of any size for measuring: as many pods as asked for, a few of them broken as real ones are."""

from collections import Counter
from datetime import UTC, datetime

import orjson
import pytest

from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.pods import status_of
from k8s_diagnosis.snapshot import ClusterSnapshot
from simulator import api_resources as served
from simulator.clock import SimulatedClock
from simulator.load import StillWorld, build_still_world
from simulator.settings import read_options
from simulator.store import ObjectStore

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def build(pods: int) -> tuple[ObjectStore, StillWorld]:
    clock = SimulatedClock(NOW)
    store = ObjectStore(clock, seed=7)
    return store, build_still_world(store, clock, pods=pods, seed=7, now=NOW)


@pytest.mark.parametrize("count", [10, 199, 201, 1000])
def test_there_are_as_many_pods_as_asked_for_in_namespaces_of_two_hundred(count: int) -> None:
    store, _ = build(count)

    pods = store.list_objects(served.PODS)

    assert len(pods) == count
    assert max(Counter(pod["metadata"]["namespace"] for pod in pods).values()) <= 200


def test_pods_are_as_large_as_those_of_real_clusters() -> None:
    store, _ = build(200)

    sizes = [len(orjson.dumps(pod)) for pod in store.list_objects(served.PODS)]

    assert 4_500 < sum(sizes) / len(sizes) < 6_500


def test_same_seed_writes_the_same_cluster() -> None:
    names = [[pod["metadata"]["name"] for pod in build(300)[0].list_objects(served.PODS)] for _ in range(2)]

    assert names[0] == names[1]


def test_a_few_pods_are_broken_in_ways_the_rules_name() -> None:
    store, _ = build(3000)
    pods = store.list_objects(served.PODS)

    index = ClusterIndex(ClusterSnapshot(NOW, {"Pod": pods, "Event": store.list_objects(served.EVENTS)}))
    found = Counter(problem.condition for pod in pods for problem in diagnose_pod(index, pod))

    broken = sum(found.values())
    assert 0.005 < broken / len(pods) < 0.04
    assert {"crash-exit-error", "image-not-found", "oom-killed", "pending-insufficient-memory"} <= set(found)
    assert Counter(map(status_of, pods))["Running"] > 2900


def test_logs_are_read_from_their_end_and_repeat() -> None:
    store, world = build(10)
    pod = store.list_objects(served.PODS)[0]
    place = {"namespace": pod["metadata"]["namespace"], "pod": pod["metadata"]["name"], "container": "x"}

    tail = world.read_log(**place, tail=100)

    assert [line.text for line in tail] == [line.text for line in world.read_log(**place)[-100:]]


@pytest.mark.parametrize("arguments", [["--pods", "9"], ["--pods", "20001"], ["--pods", "50", "--scenarios", "all"]])
def test_sizes_and_mixtures_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(arguments)
