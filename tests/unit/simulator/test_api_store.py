"""The object store: versions, deletion, history and the order in which listeners hear of changes."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.api_resources import CONFIGMAPS, DEPLOYMENTS, NAMESPACES, PODS, ResourceType
from simulator.clock import SimulatedClock
from simulator.store import (
    AlreadyExists,
    Conflict,
    DeletionTerms,
    Expired,
    JsonObject,
    NotFound,
    ObjectStore,
    PreconditionFailed,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def store(clock: SimulatedClock) -> ObjectStore:
    return ObjectStore(clock, seed=1)


def config(name: str = "settings", **data: str) -> JsonObject:
    return {"metadata": {"name": name, "namespace": "default"}, "data": data}


def running_pod(name: str = "web") -> JsonObject:
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"nodeName": "node-1"}}


def test_new_object_gets_identity_and_time(store: ObjectStore) -> None:
    created = store.create(CONFIGMAPS, config())

    assert created["kind"] == "ConfigMap"
    assert created["metadata"]["uid"]
    assert created["metadata"]["resourceVersion"] == "1"
    assert created["metadata"]["creationTimestamp"] == "2026-11-21T09:00:00Z"
    assert "generation" not in created["metadata"]


def test_generate_name_gets_a_suffix(store: ObjectStore) -> None:
    created = store.create(PODS, {"metadata": {"generateName": "web-"}})

    assert created["metadata"]["name"].startswith("web-")
    assert len(created["metadata"]["name"]) == len("web-") + 5


def test_same_seed_gives_the_same_names_and_uids(clock: SimulatedClock) -> None:
    first, second = (ObjectStore(clock, seed=5).create(PODS, {"metadata": {"generateName": "a-"}}) for _ in range(2))

    assert first == second


def test_name_that_is_taken_is_refused(store: ObjectStore) -> None:
    store.create(CONFIGMAPS, config())

    with pytest.raises(AlreadyExists, match='configmaps "settings" already exists'):
        store.create(CONFIGMAPS, config())


def test_generation_counts_changes_of_the_spec_only(store: ObjectStore) -> None:
    store.create(DEPLOYMENTS, {"metadata": {"name": "web", "namespace": "default"}, "spec": {"replicas": 1}})

    store.replace_status(DEPLOYMENTS, namespace="default", name="web", status={"replicas": 1})
    labelled = store.update(
        DEPLOYMENTS, namespace="default", name="web", change=lambda item: item["metadata"].update(labels={"a": "b"})
    )
    scaled = store.update(
        DEPLOYMENTS, namespace="default", name="web", change=lambda item: item["spec"].update(replicas=2)
    )

    assert labelled["metadata"]["generation"] == 1
    assert scaled["metadata"]["generation"] == 2
    assert scaled["status"] == {"replicas": 1}


def test_stale_version_is_a_conflict(store: ObjectStore) -> None:
    created = store.create(CONFIGMAPS, config(colour="blue"))
    store.replace(CONFIGMAPS, {**created, "data": {"colour": "red"}})

    with pytest.raises(Conflict, match="the object has been modified"):
        store.replace(CONFIGMAPS, {**created, "data": {"colour": "green"}})


def test_equal_object_is_not_written_again(store: ObjectStore) -> None:
    created = store.create(CONFIGMAPS, config(colour="blue"))

    assert store.replace(CONFIGMAPS, {**created}) == created
    assert store.version == 1


def test_missing_object_is_named(store: ObjectStore) -> None:
    with pytest.raises(NotFound, match=r'deployments.apps "web" not found'):
        store.get(DEPLOYMENTS, namespace="default", name="web")


def test_pod_on_a_node_is_marked_and_stays_until_it_is_removed(store: ObjectStore) -> None:
    store.create(PODS, running_pod())

    marked = store.delete(PODS, namespace="default", name="web", grace_seconds=5)

    assert marked["metadata"]["deletionTimestamp"] == "2026-11-21T09:00:05Z"
    assert store.find(PODS, namespace="default", name="web") == marked
    store.remove(PODS, namespace="default", name="web")
    assert store.find(PODS, namespace="default", name="web") is None


def test_second_deletion_can_only_shorten_the_grace_period(store: ObjectStore, clock: SimulatedClock) -> None:
    store.create(PODS, running_pod())
    first = store.delete(PODS, namespace="default", name="web", grace_seconds=30)
    clock.advance(1)

    longer = store.delete(PODS, namespace="default", name="web", grace_seconds=60)
    store.delete(PODS, namespace="default", name="web", grace_seconds=0)

    assert longer == first
    assert store.find(PODS, namespace="default", name="web") is None


def test_pod_without_a_node_is_gone_at_once(store: ObjectStore) -> None:
    store.create(PODS, {"metadata": {"name": "web", "namespace": "default"}, "spec": {}})

    store.delete(PODS, namespace="default", name="web")

    assert store.list_objects(PODS) == []


def test_object_with_finalizers_goes_when_the_last_is_taken_off(store: ObjectStore) -> None:
    item = config()
    item["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(CONFIGMAPS, item)

    store.delete(CONFIGMAPS, namespace="default", name="settings")
    assert store.get(CONFIGMAPS, namespace="default", name="settings")["metadata"]["deletionTimestamp"]
    store.update(
        CONFIGMAPS, namespace="default", name="settings", change=lambda item: item["metadata"].pop("finalizers")
    )

    assert store.find(CONFIGMAPS, namespace="default", name="settings") is None


def test_namespace_is_terminating_until_it_is_removed(store: ObjectStore) -> None:
    store.create(NAMESPACES, {"metadata": {"name": "shop"}, "status": {"phase": "Active"}})

    store.delete(NAMESPACES, name="shop")

    assert store.get(NAMESPACES, name="shop")["status"]["phase"] == "Terminating"
    store.remove(NAMESPACES, name="shop")
    assert store.find(NAMESPACES, name="shop") is None


def test_precondition_protects_another_object_of_the_same_name(store: ObjectStore) -> None:
    store.create(CONFIGMAPS, config())

    with pytest.raises(PreconditionFailed, match="does not match the UID in record"):
        store.delete(CONFIGMAPS, namespace="default", name="settings", terms=DeletionTerms(uid="other"))


def test_dry_run_deletes_nothing(store: ObjectStore) -> None:
    store.create(CONFIGMAPS, config())

    store.delete(CONFIGMAPS, namespace="default", name="settings", terms=DeletionTerms(is_dry_run=True))

    assert store.find(CONFIGMAPS, namespace="default", name="settings") is not None


def test_snapshot_shows_the_past(store: ObjectStore) -> None:
    first = store.create(CONFIGMAPS, config("a", colour="blue"))
    store.create(CONFIGMAPS, config("b"))
    past = store.version
    store.replace(CONFIGMAPS, {**first, "data": {"colour": "red"}})
    store.delete(CONFIGMAPS, namespace="default", name="b")
    store.create(CONFIGMAPS, config("c"))

    items = [item for _, item in store.snapshot(CONFIGMAPS, version=past)]

    assert [item["metadata"]["name"] for item in items] == ["a", "b"]
    assert items[0]["data"] == {"colour": "blue"}


def test_history_has_an_end(clock: SimulatedClock) -> None:
    store = ObjectStore(clock, history_size=2)
    for name in "abcd":
        store.create(CONFIGMAPS, config(name))

    assert [change.key[1] for change in store.changes_since(CONFIGMAPS, version=2)] == ["c", "d"]
    with pytest.raises(Expired):
        store.changes_since(CONFIGMAPS, version=1)


def test_listeners_hear_of_changes_in_one_order_even_when_they_write(store: ObjectStore) -> None:
    heard: list[tuple[str, str]] = []

    def copy_once(kind: str, resource: ResourceType, old: JsonObject | None, new: JsonObject) -> None:
        del resource, old
        if kind == "ADDED" and new["metadata"]["name"] == "a":
            store.create(CONFIGMAPS, config("b"))

    def note(kind: str, resource: ResourceType, old: JsonObject | None, new: JsonObject) -> None:
        del resource, old
        heard.append((kind, new["metadata"]["name"]))

    store.subscribe(copy_once)
    end = store.subscribe(note)

    store.create(CONFIGMAPS, config("a"))
    end()
    store.create(CONFIGMAPS, config("c"))

    assert heard == [("ADDED", "a"), ("ADDED", "b")]


def test_clock_never_runs_backwards(clock: SimulatedClock) -> None:
    clock.advance(10)

    clock.set(NOW)

    assert clock.now() == NOW + timedelta(seconds=10)
