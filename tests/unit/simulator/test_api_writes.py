"""Creating, changing and deleting over HTTP: defaults, validation, dry runs, subresources."""

import copy
from typing import Any

import httpx2
import pytest

from simulator.api_resources import CONFIGMAPS, DEPLOYMENTS, NAMESPACES, PODDISRUPTIONBUDGETS, PODS, SECRETS
from simulator.store import JsonObject
from tests.fakes.kubernetes_api import ApiUnderTest

DEFAULT = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
MERGE = {"Content-Type": "application/merge-patch+json"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}


@pytest.fixture
def cluster() -> ApiUnderTest:
    under_test = ApiUnderTest()
    account = {"name": "default", "namespace": "default"}
    under_test.load(
        [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}},
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        ]
    )
    under_test.set_now()
    return under_test


def deployment(**spec: object) -> JsonObject:
    template: JsonObject = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
    }
    full = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": full}


def with_container(**fields: object) -> JsonObject:
    item = deployment()
    item["spec"]["template"]["spec"]["containers"][0].update(fields)
    return item


def causes(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [f"{cause['field']}: {cause['message']}" for cause in answer.json()["details"]["causes"]]


async def test_deployment_gets_the_defaults_of_the_real_server(cluster: ApiUnderTest) -> None:
    created = (await cluster.ask("POST", f"{APPS}/deployments", deployment())).json()

    container = created["spec"]["template"]["spec"]["containers"][0]
    assert created["metadata"]["generation"] == 1
    assert created["spec"]["replicas"] == 1
    assert created["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert created["spec"]["progressDeadlineSeconds"] == 600
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["terminationMessagePath"] == "/dev/termination-log"


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("registry:5000/a/b:1", "IfNotPresent"),
        ("a@sha256:1", "IfNotPresent"),
    ],
)
async def test_pull_policy_follows_from_the_tag(cluster: ApiUnderTest, image: str, policy: str) -> None:
    created = (await cluster.ask("POST", f"{APPS}/deployments", with_container(image=image))).json()

    assert created["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == policy


async def test_pod_gets_what_admission_adds(cluster: ApiUnderTest) -> None:
    pod = {"metadata": {"generateName": "job-"}, "spec": {"containers": [{"name": "a", "image": "b:1"}]}}

    created = (await cluster.ask("POST", f"{DEFAULT}/pods", pod)).json()

    assert created["metadata"]["name"].startswith("job-")
    assert created["spec"]["serviceAccountName"] == "default"
    assert created["spec"]["volumes"][0]["name"].startswith("kube-api-access-")
    assert [toleration["tolerationSeconds"] for toleration in created["spec"]["tolerations"]] == [300, 300]
    assert created["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


async def test_service_gets_an_address_it_keeps(cluster: ApiUnderTest) -> None:
    wanted = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    created = (await cluster.ask("POST", f"{DEFAULT}/services", wanted)).json()

    moved = copy.deepcopy(created)
    moved["spec"]["clusterIP"] = "10.96.0.77"
    answer = await cluster.ask("PUT", f"{DEFAULT}/services/web", moved)

    assert created["spec"]["clusterIP"].startswith("10.96.")
    assert created["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert causes(answer) == ['spec.clusterIPs[0]: Invalid value: []string{"10.96.0.77"}: may not change once set']


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (deployment(selector=None), ["spec.selector: Required value"]),
        (with_container(image=""), ["spec.template.spec.containers[0].image: Required value"]),
        (
            with_container(ports=[{"containerPort": 70000}]),
            [
                "spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000: "
                "must be between 1 and 65535, inclusive"
            ],
        ),
        (
            with_container(volumeMounts=[{"name": "data", "mountPath": "/data"}]),
            ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'],
        ),
        (
            with_container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
            [
                'spec.template.spec.containers[0].resources.requests: Invalid value: "2": '
                "must be less than or equal to cpu limit of 1"
            ],
        ),
        (
            with_container(readinessProbe={"periodSeconds": 3}),
            ["spec.template.spec.containers[0].readinessProbe: Required value: must specify a handler type"],
        ),
        (
            with_container(imagePullPolicy="Sometimes"),
            [
                'spec.template.spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": '
                'supported values: "Always", "IfNotPresent", "Never"'
            ],
        ),
    ],
)
async def test_wrong_deployments_are_refused_field_by_field(
    cluster: ApiUnderTest, item: JsonObject, expected: list[str]
) -> None:
    answer = await cluster.ask("POST", f"{APPS}/deployments", item)

    assert causes(answer) == expected
    assert cluster.store.list_objects(DEPLOYMENTS) == []


async def test_wrong_quantity_cannot_be_decoded(cluster: ApiUnderTest) -> None:
    answer = await cluster.ask("POST", f"{APPS}/deployments", with_container(resources={"limits": {"cpu": "a lot"}}))

    assert answer.status_code == 400
    assert "quantities must match the regular expression" in answer.json()["message"]


async def test_wrong_type_names_struct_and_path(cluster: ApiUnderTest) -> None:
    env = [{"name": "A", "value": 1}]

    answer = await cluster.ask("POST", f"{APPS}/deployments", with_container(env=env))

    assert answer.json()["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number into Go struct '
        "field EnvVar.spec.template.spec.containers.env.value of type string"
    )


async def test_unknown_field_is_dropped_with_a_warning_unless_checked_strictly(cluster: ApiUnderTest) -> None:
    item = with_container(imagee="x")

    strict = await cluster.ask("POST", f"{APPS}/deployments?fieldValidation=Strict", item)
    warned = await cluster.ask("POST", f"{APPS}/deployments", item)

    path = "spec.template.spec.containers[0].imagee"
    assert strict.status_code == 400
    assert f'strict decoding error: unknown field "{path}"' in strict.json()["message"]
    assert warned.headers["warning"] == f'299 - "unknown field \\"{path}\\""'
    assert "imagee" not in warned.json()["spec"]["template"]["spec"]["containers"][0]


async def test_yaml_is_understood(cluster: ApiUnderTest) -> None:
    text = "metadata: {name: settings}\ndata: {colour: blue}\n"

    created = await cluster.ask(
        "POST",
        f"{DEFAULT}/configmaps",
        text,
        headers={"Content-Type": "application/yaml", "Accept": "application/yaml"},
    )

    assert created.status_code == 201
    assert created.headers["content-type"] == "application/yaml"
    assert "colour: blue" in created.text


async def test_body_of_an_unknown_form_is_unsupported(cluster: ApiUnderTest) -> None:
    headers = {"Content-Type": "application/cbor"}

    answer = await cluster.ask("POST", f"{DEFAULT}/configmaps", "x", headers=headers)

    assert answer.status_code == 415
    assert answer.json()["reason"] == "UnsupportedMediaType"


async def test_plain_text_of_a_secret_is_stored_encoded(cluster: ApiUnderTest) -> None:
    secret = {"metadata": {"name": "demo"}, "stringData": {"key": "value"}}

    await cluster.ask("POST", f"{DEFAULT}/secrets", secret)

    stored = cluster.store.get(SECRETS, namespace="default", name="demo")
    assert stored["data"] == {"key": "dmFsdWU="}
    assert "stringData" not in stored


async def test_nothing_is_created_in_a_namespace_that_ends(cluster: ApiUnderTest) -> None:
    await cluster.ask("DELETE", "/api/v1/namespaces/default")

    answer = await cluster.ask("POST", f"{DEFAULT}/configmaps", {"metadata": {"name": "late"}})

    assert answer.status_code == 403
    assert "because it is being terminated" in answer.json()["message"]


async def test_finalized_namespace_is_gone(cluster: ApiUnderTest) -> None:
    await cluster.ask("DELETE", "/api/v1/namespaces/default")

    await cluster.ask("PUT", "/api/v1/namespaces/default/finalize", {"metadata": {"name": "default"}, "spec": {}})

    assert cluster.store.find(NAMESPACES, name="default") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_dry_run_stores_nothing(cluster: ApiUnderTest, method: str) -> None:
    cluster.store.create(CONFIGMAPS, {"metadata": {"name": "old", "namespace": "default"}, "data": {"a": "1"}})
    version = cluster.store.version
    path = f"{DEFAULT}/configmaps" if method == "POST" else f"{DEFAULT}/configmaps/old"
    body = {"metadata": {"name": "new" if method == "POST" else "old"}, "data": {"a": "2"}}

    answer = await cluster.ask(
        method, f"{path}?dryRun=All", None if method == "DELETE" else body, headers=MERGE if method == "PATCH" else None
    )

    assert answer.is_success
    assert cluster.store.version == version


async def test_update_leaves_the_status_alone_and_status_leaves_the_spec(cluster: ApiUnderTest) -> None:
    created = (await cluster.ask("POST", f"{APPS}/deployments", deployment())).json()
    changed = copy.deepcopy(created)
    changed["spec"]["replicas"] = 3
    changed["status"] = {"replicas": 9}

    await cluster.ask("PUT", f"{APPS}/deployments/web", changed)
    latest = cluster.store.get(DEPLOYMENTS, namespace="default", name="web")
    reported = {**changed, "metadata": latest["metadata"], "spec": {**changed["spec"], "replicas": 7}}
    await cluster.ask("PUT", f"{APPS}/deployments/web/status", reported)

    stored = cluster.store.get(DEPLOYMENTS, namespace="default", name="web")
    assert stored["spec"]["replicas"] == 3
    assert stored["status"] == {"replicas": 9}
    assert stored["metadata"]["generation"] == 2


async def test_scale_changes_the_replicas(cluster: ApiUnderTest) -> None:
    await cluster.ask("POST", f"{APPS}/deployments", deployment(replicas=2))

    answer = await cluster.ask("PATCH", f"{APPS}/deployments/web/scale", {"spec": {"replicas": 5}}, headers=MERGE)
    wrong = await cluster.ask("PATCH", f"{APPS}/deployments/web/scale", {"spec": {"replicas": -5}}, headers=MERGE)

    assert answer.json()["spec"] == {"replicas": 5}
    assert cluster.store.get(DEPLOYMENTS, namespace="default", name="web")["spec"]["replicas"] == 5
    assert causes(wrong) == ["spec.replicas: Invalid value: -5: must be greater than or equal to 0"]


async def test_scale_of_an_older_version_is_a_conflict(cluster: ApiUnderTest) -> None:
    await cluster.ask("POST", f"{APPS}/deployments", deployment())
    stale = (await cluster.ask("GET", f"{APPS}/deployments/web/scale")).json()
    await cluster.ask("PATCH", f"{APPS}/deployments/web/scale", {"spec": {"replicas": 2}}, headers=MERGE)

    answer = await cluster.ask("PUT", f"{APPS}/deployments/web/scale", {**stale, "spec": {"replicas": 9}})

    assert answer.status_code == 409
    assert cluster.store.get(DEPLOYMENTS, namespace="default", name="web")["spec"]["replicas"] == 2


async def test_running_pod_may_change_its_image_only(cluster: ApiUnderTest) -> None:
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "b:1"}]}}
    await cluster.ask("POST", f"{DEFAULT}/pods", pod)
    strategic = {"Content-Type": "application/strategic-merge-patch+json"}

    def change(**fields: object) -> Any:  # a request waiting to be awaited
        patch = {"spec": {"containers": [{"name": "a", **fields}]}}
        return cluster.ask("PATCH", f"{DEFAULT}/pods/a", patch, headers=strategic)

    assert (await change(image="b:2")).status_code == 200
    assert causes(await change(command=["sh"]))[0].startswith("spec: Forbidden: pod updates may not change fields")


async def test_applying_creates_updates_and_conflicts(cluster: ApiUnderTest) -> None:
    path = f"{DEFAULT}/configmaps/settings"
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "blue"}}
    other = {**wanted, "data": {"colour": "red"}}

    created = await cluster.ask("PATCH", f"{path}?fieldManager=one", wanted, headers=APPLY)
    refused = await cluster.ask("PATCH", f"{path}?fieldManager=two", other, headers=APPLY)
    forced = await cluster.ask("PATCH", f"{path}?fieldManager=two&force=true", other, headers=APPLY)
    nameless = await cluster.ask("PATCH", path, other, headers=APPLY)

    assert created.status_code == 201
    assert refused.json()["message"] == 'Apply failed with 1 conflict: conflict with "one" using v1: .data.colour'
    assert forced.json()["data"] == {"colour": "red"}
    assert causes(nameless) == ["fieldManager: Required value: is required for apply patch"]


async def test_deleting_answers_with_a_status_or_the_pod(cluster: ApiUnderTest) -> None:
    cluster.store.create(CONFIGMAPS, {"metadata": {"name": "a", "namespace": "default"}})
    cluster.store.create(PODS, {"metadata": {"name": "a", "namespace": "default"}, "spec": {"nodeName": "node-1"}})

    config = (await cluster.ask("DELETE", f"{DEFAULT}/configmaps/a")).json()
    pod = (await cluster.ask("DELETE", f"{DEFAULT}/pods/a", {"gracePeriodSeconds": 7})).json()

    assert (config["kind"], config["status"], config["details"]["kind"]) == ("Status", "Success", "configmaps")
    assert (pod["kind"], pod["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 7)


async def test_collection_is_deleted_by_selector(cluster: ApiUnderTest) -> None:
    for name in ("a", "b", "c"):
        labels = {"app": "web" if name != "c" else "api"}
        cluster.store.create(CONFIGMAPS, {"metadata": {"name": name, "namespace": "default", "labels": labels}})

    answer = await cluster.ask("DELETE", f"{DEFAULT}/configmaps?labelSelector=app%3Dweb")

    assert [item["metadata"]["name"] for item in answer.json()["items"]] == ["a", "b"]
    assert [item["metadata"]["name"] for item in cluster.store.list_objects(CONFIGMAPS)] == ["c"]


async def test_foreground_deletion_waits_for_the_collector(cluster: ApiUnderTest) -> None:
    await cluster.ask("POST", f"{APPS}/deployments", deployment())

    answer = await cluster.ask("DELETE", f"{APPS}/deployments/web?propagationPolicy=Foreground")

    assert answer.json()["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert cluster.store.find(DEPLOYMENTS, namespace="default", name="web") is not None


async def test_eviction_respects_the_budget(cluster: ApiUnderTest) -> None:
    labels = {"app": "web"}
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    pod = {"metadata": {"name": "a", "namespace": "default", "labels": labels}, "spec": {"nodeName": "node-1"}}
    cluster.store.create(PODS, {**pod, "status": ready})
    budget = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"selector": {"matchLabels": labels}}}
    cluster.store.create(PODDISRUPTIONBUDGETS, {**budget, "status": {"disruptionsAllowed": 0, "desiredHealthy": 1}})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"}}

    refused = await cluster.ask("POST", f"{DEFAULT}/pods/a/eviction", eviction)
    cluster.store.replace_status(
        PODDISRUPTIONBUDGETS, namespace="default", name="web", status={"disruptionsAllowed": 1}
    )
    allowed = await cluster.ask("POST", f"{DEFAULT}/pods/a/eviction", eviction)

    assert refused.status_code == 429
    assert allowed.status_code == 201
    assert cluster.store.get(PODS, namespace="default", name="a")["metadata"]["deletionTimestamp"]


async def test_nulls_are_left_out_as_go_leaves_them_out(cluster: ApiUnderTest) -> None:
    item = {"metadata": {"name": "a", "labels": None}, "data": {"empty": None}}

    created = (await cluster.ask("POST", f"{DEFAULT}/configmaps", item)).json()

    assert "labels" not in created["metadata"]
    assert created["data"] == {"empty": ""}
