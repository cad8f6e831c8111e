"""k8s-apply-manifest through an MCP client, against the simulated API server over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from simulator.api import AccessRule
from simulator.store import JsonObject
from tests.fakes.served_cluster import Person, ServedCluster, call, connect, content_of, may_read, text_of

TOOL = "k8s-apply-manifest"
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: green}\n"
SHAPES = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shapes}\ndata: {shape: round}\n"
ECHO = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo}}
    spec:
      containers:
        - {name: echo, image: "nginx:1.27.3"}
"""

# Nine aliases of nine aliases and so on: few characters that stand for some hundred millions of values.
BOMB = "a0: &a0 [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"a{number}: &a{number} [{','.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 10)
)


def join(*documents: str) -> str:
    return "---\n".join(documents)


def data_of(cluster: ServedCluster, name: str = "settings", *, namespace: str = "default") -> JsonObject:
    found: JsonObject = cluster.get("v1", "ConfigMap", name, namespace=namespace)["data"]
    return found


async def apply_as_somebody(cluster: ServedCluster, manifest: str) -> None:
    """What another manager set before."""
    item = yaml.safe_load(manifest)
    item["metadata"]["namespace"] = "default"
    item["metadata"]["managedFields"] = [
        {
            "manager": "kubectl-create",
            "operation": "Update",
            "apiVersion": "v1",
            "time": "2026-11-21T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:colour": {}}},
        }
    ]
    cluster.add(item)


async def test_new_object_is_created_and_its_undo_deletes_it(still: ServedCluster) -> None:
    person = Person()

    content = content_of(await call(still, TOOL, {"manifest": SETTINGS}, person=person))

    assert person.questions[0].startswith("Create ConfigMap default/settings?")
    assert "+ data.colour: green" in person.questions[0]
    assert content["undo"] == "k8s-delete-resource kind=configmaps name=settings namespace=default"
    assert data_of(still) == {"colour": "green"}
    managers = [entry["manager"] for entry in still.get("v1", "ConfigMap", "settings")["metadata"]["managedFields"]]
    assert managers == ["ding-robot"]


async def test_known_object_shows_what_differs(still: ServedCluster) -> None:
    person = Person()
    async with connect(still, answer=person.answer) as client:
        await client.call_tool(TOOL, {"manifest": SETTINGS})
        content = content_of(await client.call_tool(TOOL, {"manifest": SETTINGS.replace("green", "red")}))

    assert "~ data.colour: green → red" in person.questions[1]
    assert content["undo"].startswith("k8s-patch-resource kind=configmaps name=settings namespace=default patch=")
    assert data_of(still) == {"colour": "red"}


async def test_second_apply_of_the_same_asks_nobody(still: ServedCluster) -> None:
    person = Person()
    async with connect(still, answer=person.answer) as client:
        await client.call_tool(TOOL, {"manifest": SETTINGS})
        content = content_of(await client.call_tool(TOOL, {"manifest": SETTINGS}))

    assert content["status"] == "unchanged"
    assert len(person.questions) == 1


async def test_several_objects_are_one_question(still: ServedCluster) -> None:
    person = Person()

    content = content_of(await call(still, TOOL, {"manifest": join(SETTINGS, SHAPES)}, person=person))

    assert person.questions[0].startswith("Apply 2 objects (2 new, 0 changed)?")
    assert [each["action"] for each in person.preview["objects"]] == ["create", "create"]
    assert content["objects"] == ["ConfigMap/default/settings", "ConfigMap/default/shapes"]
    assert content["undo"].count("k8s-delete-resource") == 2


async def test_one_bad_object_stops_all_and_every_mistake_is_named(still: ServedCluster) -> None:
    bad = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndta: {a: b}\n"
    worse = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: worse}\ndata: {a: 1}\n"
    person = Person()

    result = await call(still, TOOL, {"manifest": join(SETTINGS, bad, worse)}, person=person)

    assert "2 of 3 objects cannot be applied." in text_of(result)
    assert "ConfigMap default/bad:" in text_of(result)
    assert "ConfigMap default/worse:" in text_of(result)
    assert person.questions == []
    assert still.written() == []


async def test_object_that_fails_after_others_were_applied_is_told_with_the_way_back(still: ServedCluster) -> None:
    still.faults.append(
        lambda method, path: 422 if method == "PATCH" and "/shapes?" in path and "dry" not in path else None
    )

    result = await call(still, TOOL, {"manifest": join(SETTINGS, SHAPES)}, person=Person())

    assert result.is_error
    assert "Only a part was applied: ConfigMap default/settings. ConfigMap default/shapes failed" in text_of(result)
    assert "Undo: k8s-delete-resource kind=configmaps name=settings namespace=default" in text_of(result)


async def test_namespace_and_what_lies_in_it_come_together(still: ServedCluster) -> None:
    inside = SETTINGS.replace("{name: settings}", "{name: settings, namespace: fresh}")
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: fresh}\n"
    person = Person()

    content = content_of(await call(still, TOOL, {"manifest": join(inside, namespace)}, person=person))

    assert "could not be tried, since its namespace is only created with it" in person.questions[0]
    assert content["objects"] == ["Namespace//fresh", "ConfigMap/fresh/settings"]
    assert data_of(still, namespace="fresh") == {"colour": "green"}


async def test_fields_of_another_manager_are_named_and_nothing_is_written(still: ServedCluster) -> None:
    await apply_as_somebody(still, SETTINGS.replace("green", "blue"))
    person = Person()

    result = await call(still, TOOL, {"manifest": SETTINGS}, person=person)

    assert "Other managers have set these fields: kubectl-create: .data.colour" in text_of(result)
    assert "force=true" in text_of(result)
    assert person.questions == []
    assert data_of(still) == {"colour": "blue"}


async def test_force_takes_fields_over_after_a_question_that_says_so(still: ServedCluster) -> None:
    await apply_as_somebody(still, SETTINGS.replace("green", "blue"))
    person = Person()

    content = content_of(await call(still, TOOL, {"manifest": SETTINGS, "force": True}, person=person))

    assert (
        "Takes fields of ConfigMap default/settings from other managers (force): kubectl-create" in person.questions[0]
    )
    assert person.preview["risk"] == "destructive"
    assert content["status"] == "done"
    assert data_of(still) == {"colour": "green"}


async def test_object_that_came_meanwhile_is_asked_about_anew(still: ServedCluster) -> None:
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default"}}
    person = Person(meanwhile=[lambda: still.add({**other, "data": {"shape": "round"}})])

    await call(still, TOOL, {"manifest": SETTINGS}, person=person)

    assert person.questions[0].startswith("Create")
    assert person.questions[1].startswith("Apply a manifest to ConfigMap default/settings?")
    assert data_of(still) == {"shape": "round", "colour": "green"}


async def test_object_as_kubectl_prints_it_can_be_applied(still: ServedCluster) -> None:
    async with connect(still, answer=Person().answer) as client:
        await client.call_tool(TOOL, {"manifest": SETTINGS})
        printed = still.get("v1", "ConfigMap", "settings")
        changed = {**printed, "data": {"colour": "red"}, "status": {}}
        content = content_of(await client.call_tool(TOOL, {"manifest": yaml.safe_dump(changed)}))

    assert content["status"] == "done"
    assert data_of(still) == {"colour": "red"}


async def test_workload_is_followed_until_its_pods_are_ready(cluster: ServedCluster) -> None:
    content = content_of(await call(cluster, TOOL, {"manifest": ECHO}, person=Person()))

    assert content["outcome"] == "complete"
    assert "2 of 2 pods updated, 2 ready" in content["message"]


async def test_image_that_cannot_be_pulled_is_reported_with_its_reason(cluster: ServedCluster) -> None:
    manifest = ECHO.replace("nginx:1.27.3", "webshop/orders:0.0.1")

    content = content_of(await call(cluster, TOOL, {"manifest": manifest}, person=Person()))

    assert content["outcome"] == "failing"
    assert "The image webshop/orders:0.0.1 does not exist" in content["message"]
    assert "镜像 webshop/orders:0.0.1 不存在" in content["message_zh"]


async def test_change_of_a_template_shows_the_pods_it_replaces(cluster: ServedCluster) -> None:
    person = Person()
    async with connect(cluster, answer=person.answer) as client:
        await client.call_tool(TOOL, {"manifest": ECHO})
        await client.call_tool(TOOL, {"manifest": ECHO.replace("replicas: 2", "replicas: 1").replace("27.3", "27.2")})

    assert person.preview["pods_total"] == 2
    assert "1 pod will be stopped" in person.questions[1]
    assert "1 pods are replaced" in person.questions[1]
    assert person.preview["risk"] == "destructive"


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ("", "holds no object"),
        ("just text", "object 1 is no mapping"),
        ("a: [", "is no YAML"),
        ("kind: ConfigMap\n", "object 1 (ConfigMap) lacks apiVersion"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n", "lacks metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap\nkind: Secret\nmetadata: {name: a}\n", "key 'kind' comes twice at line 3"),
        (join(*[SETTINGS] * 2), "ConfigMap settings comes twice"),
        (join(*[SETTINGS.replace("settings", f"s{number}") for number in range(11)]), "10 at a time"),
        ("x" * 1_000_000, "256000 are allowed"),
        (BOMB, "more than 50000 values"),
        ("a: &a [*a]\n", "nested too deeply"),
        ("a: !!python/object/apply:os.system [id]\n", "is no YAML"),
        ("apiVersion: v1\nkind: configmap\nmetadata: {name: a}\n", 'kind "configmap" is written "ConfigMap"'),
        ("apiVersion: v1\nkind: Gadget\nmetadata: {name: a}\n", "Gadget"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ../../x}\n", "no valid Kubernetes name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: --help}\n", "no valid Kubernetes name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ../b}\n", "no valid Kubernetes name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: nowhere}\n", "nowhere"),
    ],
)  # fmt: skip
async def test_manifest_that_cannot_be_applied_is_explained_and_nobody_is_asked(
    still: ServedCluster, manifest: str, expected: str
) -> None:
    person = Person()

    result = await call(still, TOOL, {"manifest": manifest}, person=person)

    assert result.is_error
    assert expected in text_of(result)
    assert person.questions == []
    assert still.written() == []


@pytest.mark.parametrize(
    ("kind", "version", "name"),
    [
        ("Secret", "v1", "a"),
        ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", "admin-for-all"),
        ("Role", "rbac.authorization.k8s.io/v1", "a"),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1", "widgets.example.com"),
        ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "a"),
    ],
)
async def test_denied_kinds_are_blocked(still: ServedCluster, kind: str, version: str, name: str) -> None:
    person = Person()
    manifest = json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": name}})

    result = await call(still, TOOL, {"manifest": join(SETTINGS, manifest)}, person=person)

    assert "Nobody can approve this" in text_of(result)
    assert person.questions == []
    assert still.written() == []


@pytest.mark.parametrize("place", ["document", "argument", "namespace object"])
async def test_protected_namespace_is_blocked(still: ServedCluster, place: str) -> None:
    arguments: dict[str, Any] = {  # Any: JSON
        "document": {"manifest": SETTINGS.replace("{name: settings}", "{name: settings, namespace: kube-system}")},
        "argument": {"manifest": SETTINGS, "namespace": "kube-system"},
        "namespace object": {"manifest": "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n"},
    }[place]
    person = Person()

    result = await call(still, TOOL, arguments, person=person)

    assert "is protected (K8S_PROTECTED_NAMESPACES). Nobody can approve this." in text_of(result)
    assert person.questions == []


async def test_operator_may_open_protected_namespaces(still: ServedCluster) -> None:
    arguments = {"manifest": SETTINGS, "namespace": "kube-system"}

    content = content_of(await call(still, TOOL, arguments, person=Person(), protected_namespaces=("payments",)))

    assert content["status"] == "done"


async def test_missing_right_to_create_is_named(still: ServedCluster) -> None:
    token = still.limit_to(
        may_read("", "configmaps", "namespaces"), AccessRule(verbs=("patch",), resources=("configmaps",))
    )

    result = await call(still, TOOL, {"manifest": SETTINGS}, person=Person(), token=token)

    assert 'Missing: verb "create" on "configmaps"' in text_of(result)
    assert still.written() == []
