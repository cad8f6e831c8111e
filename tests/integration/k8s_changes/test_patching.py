"""k8s-patch-resource through an MCP client, against the simulated API server over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.api import AccessRule
from simulator.store import JsonObject
from tests.fakes.served_cluster import Person, ServedCluster, call, connect, content_of, may_read, text_of

TOOL = "k8s-patch-resource"


def config_map(name: str = "settings", **data: str) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"colour": "blue", **data}}


def deployment(*, image: str = "nginx:1.27", **spec: Any) -> JsonObject:  # Any: JSON
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}], **spec}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    }


def patch(kind: str, name: str, body: object, **more: object) -> dict[str, Any]:  # Any: JSON
    return {"kind": kind, "name": name, "patch": body, **more}


@pytest.mark.parametrize(
    "arguments",
    [
        patch("cm", "settings", {"data": {"colour": "green"}}),
        patch("ConfigMap", "settings", {"data": {"colour": "green"}}, patch_type="merge"),
        patch("configmaps", "settings", [{"op": "replace", "path": "/data/colour", "value": "green"}]),
        patch("v1/ConfigMap", "settings", '{"data": {"colour": "green"}}', patch_type="strategic"),
    ],
    ids=["strategic", "merge", "json", "text"],
)
async def test_each_form_of_patch_shows_the_difference_and_makes_it(
    still: ServedCluster, arguments: dict[str, Any]
) -> None:
    still.add(config_map())
    person = Person()

    content = content_of(await call(still, TOOL, arguments, person=person))

    assert "~ data.colour: blue → green" in person.questions[0]
    assert person.preview["changes"] == [{"field": "data.colour", "before": "blue", "after": "green"}]
    assert content["status"] == "done"
    assert still.get("v1", "ConfigMap", "settings")["data"] == {"colour": "green"}


async def test_undo_of_a_patch_is_a_call_that_works(still: ServedCluster) -> None:
    still.add(config_map())
    async with connect(still, answer=Person().answer) as client:
        body = {"data": {"colour": None}, "metadata": {"labels": {"example.com/team": "shop"}}}
        content = content_of(await client.call_tool(TOOL, patch("cm", "settings", body)))
        back = json.loads(content["undo"].partition("patch=")[2])
        await client.call_tool(TOOL, patch("cm", "settings", back))

    found = still.get("v1", "ConfigMap", "settings")
    assert found["data"] == {"colour": "blue"}
    assert "labels" not in found["metadata"]


async def test_patch_that_changes_nothing_asks_nobody(still: ServedCluster) -> None:
    still.add(config_map())
    person = Person()

    content = content_of(await call(still, TOOL, patch("cm", "settings", {"data": {"colour": "blue"}}), person=person))

    assert content["status"] == "unchanged"
    assert person.questions == []


async def test_failed_test_operation_stops_the_patch_before_anybody_is_asked(still: ServedCluster) -> None:
    still.add(config_map())
    person = Person()
    body = [
        {"op": "test", "path": "/data/colour", "value": "red"},
        {"op": "replace", "path": "/data/colour", "value": "green"},
    ]

    result = await call(still, TOOL, patch("cm", "settings", body), person=person)

    assert result.is_error
    assert "nobody was asked" in text_of(result)
    assert still.written() == []


async def test_object_that_changed_meanwhile_is_asked_about_anew(still: ServedCluster) -> None:
    still.add(config_map())

    def change(item: JsonObject) -> None:
        item["data"]["shape"] = "round"

    person = Person(meanwhile=[lambda: still.change("v1", "ConfigMap", "settings", by=change)])

    await call(still, TOOL, patch("cm", "settings", {"data": {"colour": "green"}}), person=person)

    assert len(person.questions) == 2
    assert still.get("v1", "ConfigMap", "settings")["data"] == {"colour": "green", "shape": "round"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (patch("cm", "settings", "{broken"), "the patch is no JSON"),
        (patch("cm", "settings", {}), "the patch is empty"),
        (patch("cm", "settings", [{"op": "sing", "path": "/a"}]), "operation 1 needs an op of"),
        (patch("cm", "settings", [{"op": "add", "path": "a"}]), "needs a path that starts with /"),
        (patch("cm", "settings", {"data": {}}, patch_type="json"), "a json patch is a list"),
        (patch("cm", "settings", {"data": {"a": "x" * 120_000}}), "longer than 100000 characters"),
        (patch("cm", "settings", {"dta": {"a": "b"}}), "unknown field"),
        (patch("cm", "settings", {"data": {"a": 1}}), "400"),
        (patch("cm", "settings", {"metadata": {"name": "other"}}), "does not match"),
        (patch("cm", "--server=http://evil", {"data": {}}), "no valid Kubernetes name"),
        (patch("cm", "../../secrets/x", {"data": {}}), "no valid Kubernetes name"),
        (patch("cm", "settings", {"data": {}}, namespace="../.."), "no valid Kubernetes name"),
        (patch("--kubeconfig=/etc/passwd", "settings", {"data": {}}), "is no kind"),
        (patch("confgmap", "settings", {"data": {}}), "nearest: configmaps"),
        (patch("cm", "setings", {"data": {}}), "nearest: settings"),
        (patch("cm", "settings", {"data": {}}, namespace="defualt"), "nearest: default"),
        (patch("cm", "settings", {"data": {}}, cluster="prod"), 'No cluster "prod"'),
    ],
)
async def test_patch_that_cannot_be_made_is_explained_and_nobody_is_asked(
    still: ServedCluster, arguments: dict[str, Any], expected: str
) -> None:
    still.add(config_map())
    person = Person()

    result = await call(still, TOOL, arguments, person=person)

    assert result.is_error
    assert expected in text_of(result)
    assert person.questions == []
    assert still.written() == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"spec": {"template": {"spec": {"hostNetwork": True}}}}, "Shares the node's network (hostNetwork)."),
        ({"spec": {"template": {"spec": {"serviceAccountName": "admin"}}}}, "Runs as ServiceAccount admin."),
        (
            {"spec": {"template": {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/etc"}}]}}}},
            "Mounts the folder /etc of the node (hostPath).",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "evil.example.com/web:1"}]}}}},
            "another registry: evil.example.com instead of docker.io",
        ),
    ],
)
async def test_added_rights_are_called_out(still: ServedCluster, body: JsonObject, expected: str) -> None:
    still.add(deployment())
    person = Person(confirm=False)

    await call(still, TOOL, patch("deploy", "web", body), person=person)

    assert f"WARNING: {expected}" in person.questions[0] or f"{expected}" in person.questions[0]
    assert person.preview["risk"] == "destructive"


async def test_finalizer_that_is_taken_away_is_called_out(still: ServedCluster) -> None:
    item = config_map()
    item["metadata"]["finalizers"] = ["example.com/clean-up"]
    still.add(item)
    person = Person(confirm=False)

    await call(still, TOOL, patch("cm", "settings", {"metadata": {"finalizers": None}}), person=person)

    assert "Takes away the finalizer example.com/clean-up" in person.questions[0]


async def test_keeper_that_would_undo_the_change_is_named(still: ServedCluster) -> None:
    item = config_map()
    item["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:default/settings"}
    still.add(item)
    person = Person()

    await call(still, TOOL, patch("cm", "settings", {"data": {"colour": "green"}}), person=person)

    assert "Kept by Argo CD (shop:/ConfigMap:default/settings): it will probably undo" in person.questions[0]


async def test_values_of_credentials_never_leave_the_server(still: ServedCluster) -> None:
    env = [{"name": "DB_PASSWORD", "value": "old-hunter2"}]
    web = deployment()
    web["spec"]["template"]["spec"]["containers"][0]["env"] = env
    still.add(web, config_map("creds", api_key="old-hunter2"))
    person = Person()
    body = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{**env[0], "value": "hunter3"}]}]}}}}

    async with connect(still, answer=person.answer) as client:
        first = await client.call_tool(TOOL, patch("deploy", "web", body))
        second = await client.call_tool(TOOL, patch("cm", "creds", {"data": {"api_key": "hunter3"}}))

    shown = json.dumps([params.model_dump(mode="json") for params in person.asked]) + str(first) + str(second)
    assert "hunter" not in shown
    assert "env[DB_PASSWORD].value" in person.questions[0]
    assert "data.api_key: <11 bytes, digest " in person.questions[1]
    assert still.get("v1", "ConfigMap", "creds")["data"]["api_key"] == "hunter3"


async def test_secret_may_not_be_changed_unless_the_operator_says_so(still: ServedCluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"password": "aHVudGVyMg=="}}
    still.add({**secret, "metadata": {"name": "db", "namespace": "default"}})
    person = Person()
    arguments = patch("secret", "db", {"data": {"password": "aHVudGVyMw=="}})

    refused = await call(still, TOOL, arguments, person=person)
    allowed = await call(still, TOOL, arguments, person=person, change_denied_kinds=())

    assert "denied (K8S_CHANGE_DENIED_KINDS). Nobody can approve this." in text_of(refused)
    assert content_of(allowed)["status"] == "done"
    assert "aHVudGVy" not in person.questions[0] + str(person.preview) + str(allowed)


@pytest.mark.parametrize(
    ("status", "expected"), [(500, "Outcome unknown"), (504, "is unchanged so far"), (429, "Nothing was changed")]
)
async def test_server_that_fails_in_the_middle_leaves_no_false_claim(
    still: ServedCluster, status: int, expected: str
) -> None:
    still.add(config_map())
    still.faults.append(lambda method, path: status if method == "PATCH" and "dryRun" not in path else None)

    result = await call(still, TOOL, patch("cm", "settings", {"data": {"colour": "green"}}), person=Person())

    assert result.is_error
    assert expected in text_of(result)
    assert len(still.written()) == 1


async def test_missing_right_is_named_with_the_role_that_grants_it(still: ServedCluster) -> None:
    still.add(config_map())
    token = still.limit_to(may_read("", "configmaps", "namespaces"))

    result = await call(still, TOOL, patch("cm", "settings", {"data": {"a": "b"}}), person=Person(), token=token)

    assert 'Missing: verb "patch" on "configmaps"' in text_of(result)
    assert "kind: Role" in text_of(result)


async def test_status_that_changes_all_the_time_does_not_stop_a_patch(still: ServedCluster) -> None:
    still.add(deployment())
    beats = iter(range(1, 100))

    def beat(method: str, path: str) -> None:
        def change(item: JsonObject) -> None:
            item["status"] = {"replicas": next(beats)}

        if method == "PATCH" and "dryRun" not in path and next(beats) < 6:
            still.change("apps/v1", "Deployment", "web", by=change)

    still.faults.append(beat)

    body = {"metadata": {"labels": {"team": "shop"}}}
    content = content_of(await call(still, TOOL, patch("deploy", "web", body), person=Person()))

    assert content["status"] == "done"
    assert len(still.written()) > 1


async def test_custom_kind_is_patched_by_merge(still: ServedCluster) -> None:
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    still.add(crd)
    still.add(
        {
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {"name": "one", "namespace": "default"},
            "spec": {"size": 1},
        }
    )

    content = content_of(await call(still, TOOL, patch("widget", "one", {"spec": {"size": 2}}), person=Person()))

    assert content["objects"] == ["Widget/default/one"]
    assert still.get("example.com/v1", "Widget", "one")["spec"] == {"size": 2}


async def test_limited_account_may_change_what_it_may(still: ServedCluster) -> None:
    still.add(config_map())
    token = still.limit_to(
        may_read("", "configmaps", "namespaces"), AccessRule(verbs=("patch",), resources=("configmaps",))
    )
    person = Person()

    result = await call(still, TOOL, patch("cm", "settings", {"data": {"a": "b"}}), person=person, token=token)

    assert content_of(result)["status"] == "done"
    assert "Not known: Pod objects: this account may not list pods (403)." in person.questions[0]
