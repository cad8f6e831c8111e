"""The arithmetic of rollouts and placement, whatever the numbers."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.store import JsonObject
from simulator.world.controllers.rollout import (
    Allowance,
    allowance_of,
    next_size_of_new,
    next_sizes_of_old,
    scaled_sizes,
)
from simulator.world.scheduling.node_filter import Rejection, fit_error

SIZES = st.integers(min_value=0, max_value=40)


def _replica_set(name: str, size: int, available: int) -> JsonObject:
    return {"metadata": {"name": name}, "spec": {"replicas": size}, "status": {"availableReplicas": available}}


@given(wanted=SIZES, surge=st.integers(0, 10), new=SIZES, old=SIZES)
def test_a_rollout_never_plans_more_than_the_surge(wanted: int, surge: int, new: int, old: int) -> None:
    new = min(new, wanted)
    size = next_size_of_new(Allowance(wanted, surge, 1), new=new, everything=new + old)

    assert new <= size <= wanted
    assert size == new or size + old <= wanted + surge


@given(wanted=SIZES, unavailable=st.integers(0, 10), data=st.data())
def test_old_pods_go_only_as_far_as_availability_allows(wanted: int, unavailable: int, data: st.DataObject) -> None:
    new_size = data.draw(st.integers(0, wanted))
    new = _replica_set("new", new_size, data.draw(st.integers(0, new_size)))
    sizes = [data.draw(st.integers(0, 20)) for _ in range(2)]
    old = [_replica_set(f"old-{n}", size, data.draw(st.integers(0, size))) for n, size in enumerate(sizes)]
    allowance = Allowance(wanted, 1, min(unavailable, wanted))

    planned = next_sizes_of_old(allowance, old=old, new=new)

    before = sum(item["status"]["availableReplicas"] for item in (*old, new))
    kept = sum(min(planned[item["metadata"]["name"]], item["status"]["availableReplicas"]) for item in old)
    assert kept + new["status"]["availableReplicas"] >= min(before, allowance.fewest_available)
    assert all(0 <= planned[item["metadata"]["name"]] <= item["spec"]["replicas"] for item in old)


@given(wanted=SIZES, sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4))
def test_scaling_in_the_middle_of_a_rollout_reaches_the_allowed_total(wanted: int, sizes: list[int]) -> None:
    active = [_replica_set(f"set-{number}", size, size) for number, size in enumerate(sizes)]

    planned = scaled_sizes(Allowance(wanted, 1, 0), active=active)

    assert sum(planned.values()) == wanted + 1
    assert min(planned.values()) >= 0


def test_percentages_round_up_for_surge_and_down_for_unavailable() -> None:
    assert allowance_of({"spec": {"replicas": 3}}) == Allowance(3, 1, 0)
    assert allowance_of({"spec": {"replicas": 10}}) == Allowance(10, 3, 2)


def test_both_rounding_to_nothing_leaves_one_pod_of_play() -> None:
    rolling = {"maxSurge": 0, "maxUnavailable": "10%"}

    assert allowance_of({"spec": {"replicas": 3, "strategy": {"rollingUpdate": rolling}}}) == Allowance(3, 0, 1)


def test_the_message_of_the_scheduler_counts_and_sorts_reasons() -> None:
    cpu = Rejection(("Insufficient cpu",), True)
    selector = Rejection(("node(s) didn't match Pod's node affinity/selector",), False)

    assert fit_error([cpu, selector, cpu]) == (
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 Insufficient cpu. "
        "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, "
        "2 No preemption victims found for incoming pod."
    )
