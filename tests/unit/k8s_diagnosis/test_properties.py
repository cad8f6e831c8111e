"""What must hold for every cluster: order means nothing, strangers change nothing, ignorance claims nothing."""

from __future__ import annotations

import copy
import gc
import weakref
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from k8s_diagnosis.diagnosing import Diagnosis, diagnose, find_problems
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.reporting import describe_diagnosis, write_diagnosis
from k8s_diagnosis.snapshot import ClusterSnapshot
from tests.fakes.kubernetes_objects import make_snapshot
from tests.fakes.recorded_cluster import case_names, read_case

NAMES = case_names()
SNAPSHOTS = {name: read_case(name).snapshot() for name in NAMES}
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def claims_of(diagnosis: Diagnosis) -> set[tuple[str, str]]:
    """Conditions and objects of everything that is said to be wrong."""
    return {(each.problem.condition, each.problem.object) for found in diagnosis.findings for each in found.walk()}


@FEW
@given(name=st.sampled_from(NAMES), random=st.randoms(use_true_random=False))
def test_order_of_objects_does_not_matter(name: str, random: Random) -> None:
    snapshot = SNAPSHOTS[name]
    shuffled = {kind: list(objects) for kind, objects in reversed(list(snapshot.objects.items()))}
    for objects in shuffled.values():
        random.shuffle(objects)

    assert describe_diagnosis(diagnose(replace(snapshot, objects=shuffled))) == describe_diagnosis(diagnose(snapshot))


@FEW
@given(name=st.sampled_from(NAMES), other=st.sampled_from([name for name in NAMES if name.startswith("healthy")]))
def test_unrelated_healthy_namespace_changes_nothing(name: str, other: str) -> None:
    mine, strange = SNAPSHOTS[name], SNAPSHOTS[other]
    # A rolling update that is looked at minutes later has got stuck.
    assume(abs((mine.now - strange.now).total_seconds()) < 40 or other != "healthy-rolling-update")
    joined = join(mine, strange)

    assert claims_of(diagnose(joined)) == claims_of(diagnose(mine))


def join(mine: ClusterSnapshot, strange: ClusterSnapshot) -> ClusterSnapshot:
    objects = {kind: list(each) for kind, each in mine.objects.items()}
    for kind, each in strange.objects.items():
        if kind not in {"Node", "NodeMetrics", "StorageClass", "PersistentVolume"}:
            objects.setdefault(kind, []).extend(each)
    complete = dict(mine.complete)
    for kind, places in strange.complete.items():
        complete[kind] = complete.get(kind, frozenset()) | places
    return ClusterSnapshot(mine.now, objects, complete, {**mine.logs, **strange.logs})


@pytest.mark.parametrize("name", NAMES)
def test_kind_that_was_not_read_never_makes_a_new_claim(name: str) -> None:
    snapshot = SNAPSHOTS[name]
    known = {place for _, place in claims_of(diagnose(snapshot))}

    for kind in snapshot.complete:
        if kind in {"Pod", "Event"}:
            continue
        objects = {each: found for each, found in snapshot.objects.items() if each != kind}
        complete = {each: places for each, places in snapshot.complete.items() if each != kind}
        claims = claims_of(diagnose(replace(snapshot, objects=objects, complete=complete)))
        workloads = {path for _, path in claims} - known
        # Without its owners a pod stands for itself; that is the same claim under another name.
        assert not {path for path in workloads if not path.startswith(("Job/", "Deployment/", "Pod/", "ReplicaSet/"))}


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("healthy")])
def test_healthy_case_stays_healthy_whatever_is_not_read(name: str) -> None:
    snapshot = SNAPSHOTS[name]

    for kind in snapshot.objects:
        objects = {each: found for each, found in snapshot.objects.items() if each != kind}
        complete = {each: places for each, places in snapshot.complete.items() if each != kind}
        assert diagnose(replace(snapshot, objects=objects, complete=complete)).is_healthy
    assert diagnose(replace(snapshot, logs={})).is_healthy


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@FEW
@given(name=st.sampled_from(NAMES), junk=_JSON, data=st.data())
def test_odd_field_is_survived(name: str, junk: object, data: st.DataObject) -> None:
    """Any field may be of any type: servers of other versions and hand-made dumps exist."""
    snapshot = SNAPSHOTS[name]
    kind = data.draw(st.sampled_from(sorted(kind for kind, objects in snapshot.objects.items() if objects)))
    objects = {each: copy.deepcopy(list(found)) for each, found in snapshot.objects.items()}
    holder: JsonObject = objects[kind][0]
    for _ in range(data.draw(st.integers(0, 4))):
        inner = [value for value in holder.values() if isinstance(value, dict) and value]
        lists = [value for value in holder.values() if isinstance(value, list)]
        inner += [item for items in lists for item in items if isinstance(item, dict) and item]
        if not inner:
            break
        holder = data.draw(st.sampled_from(inner))
    key = data.draw(st.sampled_from(sorted(holder))) if holder else "spec"
    holder[key] = junk

    write_diagnosis(diagnose(replace(snapshot, objects=objects)), language="zh")


def test_empty_cluster_is_healthy() -> None:
    assert diagnose(make_snapshot()).is_healthy


@pytest.mark.parametrize("name", ["crash-missing-env", "healthy-rolling-update"])
def test_nothing_of_a_diagnosis_waits_for_the_garbage_collector(name: str) -> None:
    index = ClusterIndex(SNAPSHOTS[name])
    problems = list(find_problems(index))
    left = weakref.ref(index)

    gc.disable()
    try:
        del index
        assert left() is None
    finally:
        gc.enable()
    assert name.startswith("healthy") or problems
