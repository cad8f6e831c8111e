"""The simulated cluster's objects look like those a real cluster answered: fields, reasons and wording."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from simulator.api_resources import (
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTS,
    ENDPOINTSLICES,
    JOBS,
    NODES,
    REPLICASETS,
    SERVICES,
    ResourceType,
)
from simulator.store import JsonObject
from simulator.world import load_scenarios
from tests.fakes.simulated_world import LivingWorld

DATA = Path(__file__).parents[2] / "data" / "kubernetes_objects"
INCIDENTAL = frozenset({"FailedMount"})
"""Warnings of a busy node that have nothing to do with the case."""

TRIGGER = frozenset({".metadata.annotations", ".metadata.annotations.endpoints.kubernetes.io/last-change-trigger-time"})
"""Endpoints carry it once they have changed, and not before."""


@dataclass(frozen=True)
class Pair:
    """A recorded case, the scenario that corresponds to it and the workload that shows it."""

    case: str
    scenario: str
    namespace: str
    workload: str
    seconds: float = 370


PAIRS = [
    Pair("crash_missing_env", "crash-missing-env", "default", "checkout"),
    Pair("oom_own_limit", "oom-killed", "default", "recommendation"),
    Pair("image_wrong_tag", "image-not-found", "default", "reviews"),
    Pair("pending_insufficient_cpu", "pending-insufficient-cpu", "data", "analytics", seconds=20),
    Pair("readiness_wrong_port", "readiness-wrong-port", "default", "inventory"),
    Pair("startup_probe_too_short", "liveness-too-aggressive", "payments", "payment-api"),
    Pair("configmap_missing", "configmap-missing", "default", "shipping"),
]
SHOWN = pytest.mark.parametrize("pair", PAIRS, ids=[pair.case for pair in PAIRS])


def _recorded(case: str) -> JsonObject:
    found: JsonObject = json.loads((DATA / f"{case}.json").read_text(encoding="utf-8"))
    return found


@cache
def _simulated(pair: Pair) -> LivingWorld:
    """The fault some minutes after it happened, when all its events are still there. Only read, so shared."""
    living = LivingWorld()
    living.world.carry_out(load_scenarios([pair.scenario])[0].breaking)
    living.pass_time(pair.seconds, step=1)
    return living


def _newest_pod(pair: Pair) -> JsonObject:
    pods = _simulated(pair).pods(pair.workload, namespace=pair.namespace)
    return max(pods, key=lambda pod: int(pod["metadata"]["resourceVersion"]) if not _is_ready(pod) else -1)


def _is_ready(pod: JsonObject) -> bool:
    return any(item["type"] == "Ready" and item["status"] == "True" for item in pod["status"].get("conditions", []))


def _newest_set(pair: Pair) -> JsonObject:
    sets = _simulated(pair).store.list_objects(REPLICASETS, namespace=pair.namespace)
    mine = [item for item in sets if item["metadata"]["name"].startswith(f"{pair.workload}-")]
    return max(mine, key=lambda item: int(item["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))


def _paths(value: object, *, prefix: str = "") -> Iterator[str]:
    """Every field by its path; entries of a list are taken together."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{prefix}.{key}"
            yield from _paths(inner, prefix=f"{prefix}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, prefix=f"{prefix}[]")


def _shape(item: JsonObject) -> frozenset[str]:
    """Fields of a whole object, without kind and apiVersion, which entries of a list do not carry."""
    return frozenset(_paths(item)) - {".kind", ".apiVersion"}


def _status_paths(pods: Iterable[JsonObject]) -> set[str]:
    return {path for pod in pods for path in _paths(pod["status"])}


def _wording(text: str, *, names: dict[str, str]) -> str:
    """A message with everything that differs from case to case replaced."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UID", text)
    text = re.sub(r"\d+\.\d+\.\d+\.\d+", "ADDRESS", text)
    text = re.sub(r"\b\d+(\.\d+)?(ms|m\d+s|s)\b", "TIME", text)
    return re.sub(r"\d+", "N", text)


def _names_of(pod: JsonObject) -> dict[str, str]:
    metadata, container = pod["metadata"], pod["spec"]["containers"][0]
    owner = metadata["ownerReferences"][0]["name"]
    names = {
        metadata["name"]: "POD",
        owner: "SET",
        owner.rsplit("-", 1)[0]: "DEPLOYMENT",
        container["image"]: "IMAGE",
        container["name"]: "CONTAINER",
        f"_{metadata['namespace']}(": "_NAMESPACE(",
        f" {metadata['namespace']}/": " NAMESPACE/",
        "docker.io/library/": "docker.io/",
    }
    if pod["spec"].get("nodeName"):
        names[pod["spec"]["nodeName"]] = "NODE"
    for source in container.get("envFrom") or []:
        names[source["configMapRef"]["name"]] = "CONFIGMAP"
    return names


def _event_kinds(events: Iterable[JsonObject], *, names: dict[str, str]) -> set[tuple[str, ...]]:
    return {
        (
            event["type"],
            event["reason"],
            event["involvedObject"]["kind"],
            _wording(event["involvedObject"].get("fieldPath", ""), names=names),
            _wording(event["message"], names=names),
            event["reportingComponent"],
        )
        for event in events
        if event["reason"] not in INCIDENTAL
    }


def _pod_events(events: Iterable[JsonObject], pod: JsonObject) -> list[JsonObject]:
    return [event for event in events if event["involvedObject"]["name"] == pod["metadata"]["name"]]


@SHOWN
def test_pods_have_the_recorded_fields_and_reasons(pair: Pair) -> None:
    recorded, pod = _recorded(pair.case)["pods"][0], _newest_pod(pair)

    assert _status_paths([pod]) == _status_paths([recorded])
    assert pod["status"]["phase"] == recorded["status"]["phase"]
    assert pod["metadata"].keys() == recorded["metadata"].keys() | pod["metadata"].keys() & {"annotations"}
    assert pod["spec"].keys() == recorded["spec"].keys()
    assert [item["type"] for item in pod["status"]["conditions"]] == [
        item["type"] for item in recorded["status"]["conditions"]
    ]


@SHOWN
def test_conditions_and_container_states_are_worded_as_recorded(pair: Pair) -> None:
    recorded, pod = _recorded(pair.case)["pods"][0], _newest_pod(pair)

    def states(item: JsonObject) -> list[str]:
        names = _names_of(item)
        texts = [
            f"{condition['type']}={condition['status']} {condition.get('reason')}: {condition.get('message', '')}"
            for condition in item["status"]["conditions"]
        ]
        for status in item["status"].get("containerStatuses") or []:
            waiting = status["state"].get("waiting") or {}
            ended = status["lastState"].get("terminated") or {}
            texts.append(f"{waiting.get('reason')}: {waiting.get('message')}")
            texts.append(f"{ended.get('reason')} {ended.get('exitCode')}")
        return [_wording(text, names=names) for text in texts]

    found, wanted = states(pod), states(recorded)
    if pair.case == "pending_insufficient_cpu":
        assert [re.sub("N/N", "N", text) for text in found] == [re.sub("N/N", "N", text) for text in wanted]
    else:
        assert found == wanted


@SHOWN
def test_pod_events_are_those_recorded_in_the_same_words(pair: Pair) -> None:
    recorded, pod = _recorded(pair.case), _newest_pod(pair)
    original = recorded["pods"][0]

    found = _event_kinds(_pod_events(_simulated(pair).events(namespace=pair.namespace), pod), names=_names_of(pod))
    wanted = _event_kinds(_pod_events(recorded["events"], original), names=_names_of(original))

    # A start finds the image on the node or pulls it, depending on what ran there before.
    pulling = {"Pulling", "Pulled"} if pair.case != "image_wrong_tag" else set()
    if pair.case == "startup_probe_too_short":
        # The recorded probe is a startup probe; ours is the liveness probe, which is worded alike.
        wanted = {tuple(re.sub("startup", "liveness", text, flags=re.IGNORECASE) for text in kind) for kind in wanted}
        found = {tuple(text.replace("Liveness", "liveness") for text in kind) for kind in found}
    assert {kind for kind in found if kind[1] not in pulling} == {kind for kind in wanted if kind[1] not in pulling}


@SHOWN
def test_events_have_the_recorded_fields(pair: Pair) -> None:
    found = {_shape(event) for event in _simulated(pair).events(namespace=pair.namespace)}

    assert found <= _recorded_event_shapes()


@cache
def _recorded_event_shapes() -> set[frozenset[str]]:
    cases = (_recorded(path.stem) for path in DATA.glob("*.json"))
    return {_shape(event) for case in cases for event in case.get("events", [])}


@SHOWN
def test_deployment_and_replica_set_look_as_recorded(pair: Pair) -> None:
    recorded = _recorded(pair.case)
    deployment = _simulated(pair).deployment(pair.workload, namespace=pair.namespace)
    replica_set = _newest_set(pair)

    surplus = {".strategy.rollingUpdate", ".strategy.rollingUpdate.maxSurge", ".strategy.rollingUpdate.maxUnavailable"}
    wanted = {path for path in _paths(recorded["deployments"][0]["spec"]) if ".template.spec" not in path}
    found = {path for path in _paths(deployment["spec"]) if ".template.spec" not in path}
    found = {path for path in found if ".annotations" not in path}
    assert found | surplus == wanted | surplus
    assert deployment["metadata"].keys() == recorded["deployments"][0]["metadata"].keys()
    assert set(_paths(replica_set["metadata"])) == set(_paths(recorded["replicasets"][0]["metadata"]))
    assert set(_paths(replica_set["status"])) == set(_paths(recorded["replicasets"][0]["status"]))
    conditions = {(item["type"], *sorted(item)) for item in deployment["status"]["conditions"]}
    assert conditions == {(item["type"], *sorted(item)) for item in recorded["deployments"][0]["status"]["conditions"]}


def test_controller_events_are_worded_as_recorded() -> None:
    pair = PAIRS[0]
    recorded, pod = _recorded(pair.case), _newest_pod(pair)
    owner = pod["metadata"]["ownerReferences"][0]["name"]
    wanted = [event for event in recorded["events"] if event["involvedObject"]["kind"] != "Pod"]
    found = [
        event
        for event in _simulated(pair).events(pair.workload)
        if event["involvedObject"]["kind"] != "Pod" and owner in json.dumps(event)
    ]

    created = re.compile(r"Created pod: \S+")
    wordings = [
        {
            (kind[1], created.sub("Created pod", kind[4]), kind[5])
            for kind in _event_kinds(events, names=_names_of(original))
        }
        for events, original in ((found, pod), (wanted, recorded["pods"][0]))
    ]
    assert wordings[0] == wordings[1]


def test_endpoints_of_unready_pods_look_as_recorded() -> None:
    pair = next(pair for pair in PAIRS if pair.case == "readiness_wrong_port")

    _compare_endpoints(_simulated(pair), _recorded(pair.case), namespace=pair.namespace, service=pair.workload)


def test_endpoints_of_ready_pods_look_as_recorded() -> None:
    _compare_endpoints(LivingWorld(), _recorded("liveness_wrong_port"), namespace="default", service="web")


def test_a_service_without_pods_has_the_recorded_empty_endpoints() -> None:
    living = LivingWorld("service-selector-no-match")

    recorded = _recorded("scaled_to_zero")
    found = living.store.get(ENDPOINTS, namespace="payments", name="fraud-check")
    assert "subsets" not in found
    assert "subsets" not in recorded["endpoints"][0]
    slices = living.store.list_objects(ENDPOINTSLICES, namespace="payments")
    empty = next(item for item in slices if item["metadata"]["name"].startswith("fraud-check-"))
    for field in ("addressType", "endpoints", "ports"):
        assert empty[field] == recorded["endpointslices"][0][field]


def test_a_service_whose_named_port_no_pod_has_is_without_addresses() -> None:
    living = LivingWorld()
    living.patch(SERVICES, "cart", {"spec": {"ports": [{"name": "http", "port": 80, "targetPort": "web"}]}})
    living.pass_time(1)

    recorded = _recorded("service_named_port_missing")
    found = living.store.get(ENDPOINTS, namespace="default", name="cart")
    assert ("subsets" in found) is ("subsets" in recorded["endpoints"][0])
    ports = [
        item["ports"]
        for item in living.store.list_objects(ENDPOINTSLICES, namespace="default")
        if item["metadata"]["name"].startswith("cart-")
    ]
    assert ports == [recorded["endpointslices"][0]["ports"]]


def _compare_endpoints(living: LivingWorld, recorded: JsonObject, *, namespace: str, service: str) -> None:
    found = living.store.get(ENDPOINTS, namespace=namespace, name=service)
    assert _shape(found) | TRIGGER == _shape(recorded["endpoints"][0]) | TRIGGER
    slices = living.store.list_objects(ENDPOINTSLICES, namespace=namespace)
    mine = next(item for item in slices if item["metadata"]["labels"]["kubernetes.io/service-name"] == service)
    assert _shape(mine) | TRIGGER == _shape(recorded["endpointslices"][0]) | TRIGGER


def _one(living: LivingWorld, resource: ResourceType, *, namespace: str = "", name: str) -> JsonObject:
    return living.store.get(resource, namespace=namespace, name=name)


def test_nodes_jobs_and_daemon_sets_have_the_recorded_fields() -> None:
    living, recorded = LivingWorld(), _recorded("other_kinds")

    node = _one(living, NODES, name="node-2")
    assert _shape(node) == _shape(recorded["nodes"][0])
    job = _one(living, JOBS, namespace="data", name="schema-migration")
    assert set(_paths(job["status"])) == set(_paths(recorded["jobs"][0]["status"]))
    daemon_set = _one(living, DAEMONSETS, namespace="kube-system", name="kube-proxy")
    assert set(_paths(daemon_set["status"])) == set(_paths(recorded["daemonsets"][0]["status"]))


def test_pods_of_jobs_and_daemon_sets_have_the_recorded_fields() -> None:
    living, recorded = LivingWorld(), _recorded("other_kinds")
    completed, daemon = recorded["pods"]

    pod = living.pods("schema-migration", namespace="data")[0]
    assert _status_paths([pod]) == _status_paths([completed])
    assert pod["metadata"].keys() == completed["metadata"].keys()
    pod = living.pods("kube-proxy", namespace="kube-system")[0]
    assert _status_paths([pod]) == _status_paths([daemon])
    assert pod["metadata"]["labels"].keys() - {"k8s-app"} == daemon["metadata"]["labels"].keys() - {
        "app.kubernetes.io/name"
    }


def test_a_rolling_update_in_progress_looks_as_recorded() -> None:
    recorded, living = _recorded("healthy_rolling_update"), LivingWorld()
    container = {"name": "web", "image": "nginx:1.28.0"}
    living.patch(DEPLOYMENTS, "web", {"spec": {"template": {"spec": {"containers": [container]}}}})
    living.wait_for(lambda: living.deployment("web")["status"].get("updatedReplicas") == 2, at_most=30)
    living.pass_time(0.6)

    status = living.deployment("web")["status"]
    wanted = recorded["deployments"][0]["status"]
    assert set(_paths(status)) == set(_paths(wanted))
    assert {name: count for name, count in status.items() if name.endswith("eplicas")} == {
        name: count for name, count in wanted.items() if name.endswith("eplicas")
    }
    reasons = {(item["type"], item["status"], item["reason"]) for item in status["conditions"]}
    assert reasons == {(item["type"], item["status"], item["reason"]) for item in wanted["conditions"]}
    scaling = [event["message"] for event in living.events("web") if event["reason"] == "ScalingReplicaSet"]
    set_name = re.compile(r"replica set \S+")
    shown = [event["message"] for event in recorded["events"] if event["reason"] == "ScalingReplicaSet"]
    assert [set_name.sub("SET", text) for text in scaling] == [set_name.sub("SET", text) for text in shown[1:]]


def test_log_lines_have_the_recorded_form() -> None:
    pair = PAIRS[0]
    lines = next(iter(_recorded(pair.case)["logs"].values()))
    form = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|ERROR) [a-z-]+ ")

    found = _simulated(pair).log(_newest_pod(pair), previous=True)

    assert [form.sub("", line).replace("2.4.1", "1.14.2") for line in found] == [form.sub("", line) for line in lines]
    assert all(form.match(line) for line in [*found, *lines])
