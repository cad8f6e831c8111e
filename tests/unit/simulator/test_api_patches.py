"""Strategic merge patches and server-side apply, as plain functions."""

import copy

import pytest

from simulator.api.patching import apply_configuration, apply_strategic_patch, record_update
from simulator.api.status_errors import ApiError
from simulator.store import JsonObject

DEPLOYMENT: JsonObject = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "finalizers": ["a"]},
    "spec": {
        "replicas": 2,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {
            "spec": {
                "containers": [
                    {"name": "web", "image": "nginx:1", "env": [{"name": "A", "value": "1"}], "args": ["x", "y"]},
                    {"name": "proxy", "image": "envoy:1"},
                ],
                "tolerations": [{"key": "old"}],
            }
        },
    },
}


def patched(patch: JsonObject) -> JsonObject:
    return apply_strategic_patch("Deployment", copy.deepcopy(DEPLOYMENT), patch)


def pod_patch(spec: JsonObject) -> JsonObject:
    return {"spec": {"template": {"spec": spec}}}


def containers(item: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = item["spec"]["template"]["spec"]["containers"]
    return found


def test_list_items_are_found_by_their_merge_key() -> None:
    result = patched(pod_patch({"containers": [{"name": "web", "image": "nginx:2", "env": [{"name": "B"}]}]}))

    assert [entry["name"] for entry in containers(result)] == ["web", "proxy"]
    assert containers(result)[0]["image"] == "nginx:2"
    assert containers(result)[0]["env"] == [{"name": "A", "value": "1"}, {"name": "B"}]


def test_plain_lists_are_replaced() -> None:
    result = patched(pod_patch({"containers": [{"name": "web", "args": ["z"]}], "tolerations": [{"key": "new"}]}))

    assert containers(result)[0]["args"] == ["z"]
    assert result["spec"]["template"]["spec"]["tolerations"] == [{"key": "new"}]


def test_items_can_be_deleted_and_fields_removed() -> None:
    result = patched(pod_patch({"containers": [{"name": "proxy", "$patch": "delete"}], "tolerations": None}))

    assert [entry["name"] for entry in containers(result)] == ["web"]
    assert "tolerations" not in result["spec"]["template"]["spec"]


def test_whole_lists_and_objects_can_be_replaced() -> None:
    replaced = patched(pod_patch({"containers": [{"name": "only"}, {"$patch": "replace"}]}))
    recreated = patched({"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}})

    assert containers(replaced) == [{"name": "only"}]
    assert recreated["spec"]["strategy"] == {"type": "Recreate"}


def test_retained_keys_drop_the_others() -> None:
    result = patched({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})

    assert result["spec"]["strategy"] == {"type": "Recreate"}


def test_sets_of_values_grow_and_shrink() -> None:
    grown = patched({"metadata": {"finalizers": ["b"]}})
    shrunk = patched({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}})

    assert grown["metadata"]["finalizers"] == ["a", "b"]
    assert shrunk["metadata"]["finalizers"] == ["c"]


def test_order_of_items_can_be_set() -> None:
    order = [{"name": "proxy"}, {"name": "web"}]

    result = patched(pod_patch({"$setElementOrder/containers": order, "containers": [{"name": "web", "image": "x"}]}))

    assert [entry["name"] for entry in containers(result)] == ["proxy", "web"]


def test_item_without_its_merge_key_is_refused() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        patched(pod_patch({"containers": [{"image": "nginx:2"}]}))


def apply(live: JsonObject, wanted: JsonObject, *, manager: str = "tool", force: bool = False) -> JsonObject:
    full = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, **wanted}
    result = apply_configuration("Deployment", live, full, manager=manager, force=force, time="2026-11-21T09:00:00Z")
    assert not result.conflicts, result.conflicts
    return result.item


def conflicts(live: JsonObject, wanted: JsonObject) -> list[str]:
    full = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, **wanted}
    result = apply_configuration("Deployment", live, full, manager="tool", force=False, time="2026-11-21T09:00:00Z")
    return [f"{entry.manager}: {entry.field}" for entry in result.conflicts]


def owned_by(item: JsonObject, manager: str) -> JsonObject:
    entries = [entry for entry in item["metadata"]["managedFields"] if entry["manager"] == manager]
    found: JsonObject = entries[0]["fieldsV1"] if entries else {}
    return found


def created_by(manager: str) -> JsonObject:
    item = copy.deepcopy(DEPLOYMENT)
    record_update("Deployment", None, item, manager=manager, time="2026-11-21T08:00:00Z")
    return item


def test_field_of_another_manager_is_a_conflict_only_when_it_would_change() -> None:
    live = created_by("kubectl-create")

    assert conflicts(live, {"spec": {"replicas": 2}}) == []
    assert conflicts(live, {"spec": {"replicas": 3}}) == ["kubectl-create: .spec.replicas"]


def test_conflict_in_a_list_item_names_the_item() -> None:
    live = created_by("kubectl-create")

    found = conflicts(live, pod_patch({"containers": [{"name": "web", "image": "nginx:2"}]}))

    assert found == ['kubectl-create: .spec.template.spec.containers[name="web"].image']


def test_forced_apply_takes_the_field_over() -> None:
    forced = apply(created_by("kubectl-create"), {"spec": {"replicas": 3}}, force=True)

    assert forced["spec"]["replicas"] == 3
    assert "f:replicas" in owned_by(forced, "tool")["f:spec"]
    assert "f:replicas" not in owned_by(forced, "kubectl-create")["f:spec"]


def test_field_that_is_no_longer_applied_goes_away() -> None:
    env = [{"name": "web", "env": [{"name": "B", "value": "2"}]}]
    first = apply(copy.deepcopy(DEPLOYMENT), {**pod_patch({"containers": env}), "spec": {"minReadySeconds": 5}})
    second = apply(first, {"spec": {"paused": True}})

    assert "minReadySeconds" not in second["spec"]
    assert second["spec"]["paused"] is True
    assert second["spec"]["replicas"] == 2


def test_list_item_that_is_no_longer_applied_goes_away() -> None:
    both = pod_patch({"containers": [{"name": "web", "image": "nginx:1"}, {"name": "extra", "image": "x"}]})
    one = pod_patch({"containers": [{"name": "web", "image": "nginx:1"}]})

    result = apply(apply(copy.deepcopy(DEPLOYMENT), both), one)

    assert [entry["name"] for entry in containers(result)] == ["web", "proxy"]


def test_update_moves_ownership_of_what_it_changed() -> None:
    live = created_by("kubectl-create")
    changed = copy.deepcopy(live)
    changed["spec"]["replicas"] = 5

    record_update("Deployment", live, changed, manager="scaler", time="2026-11-21T09:00:00Z")

    assert owned_by(changed, "scaler") == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in owned_by(changed, "kubectl-create")["f:spec"]
