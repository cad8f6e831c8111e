"""Support bundles as tools and people lay them out: every layout has to lead to the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
import yaml

from k8s_diagnosis.diagnosing import Diagnosis, diagnose
from k8s_diagnosis.dumps.files import DumpFile
from k8s_diagnosis.dumps.reading import read_dump
from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of
from k8s_diagnosis.snapshot import EVERYWHERE, ContainerLogs
from tests.fakes.kubernetes_objects import NAMESPACE, looping, make, make_deployment, make_pod, make_service

POD = "shop-7d9c5b6f4-abcde"
LOG = "ERROR required environment variable ORDERS_DB_URL is not set\n"
PLURALS = {"Ingress": "ingresses"}
CRASHING = (
    make_pod(status=looping(1)),
    make_deployment(ready=0),
    make_service(selector={"app": "shopp"}),
    make("ConfigMap", "other", namespace="test"),
)
"""A program without its variable, and a Service whose selector is mistyped."""


def plural(kind: str) -> str:
    return PLURALS.get(kind, f"{kind.lower()}s")


def listed(objects: Iterable[JsonObject], kind: str = "List") -> str:
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {}, "items": list(objects)})


def one_list() -> list[DumpFile]:
    return [DumpFile("everything.json", listed(CRASHING)), DumpFile(f"{POD}_shop.log", LOG)]


def a_list_per_kind() -> list[DumpFile]:
    files = [DumpFile(f"{plural(each['kind'])}.json", listed([each])) for each in CRASHING]
    return [*files, DumpFile(f"logs/{NAMESPACE}/{POD}/shop.log", LOG)]


def a_file_per_object() -> list[DumpFile]:
    files = [
        DumpFile(f"{namespace_of(each)}/{plural(each['kind'])}/{name_of(each)}.yaml", yaml.safe_dump(each))
        for each in CRASHING
    ]
    return [*files, DumpFile(f"{NAMESPACE}/logs/{POD}-shop.log", LOG)]


def must_gather() -> list[DumpFile]:
    top = "must-gather.local.1/registry-x"
    files = [
        DumpFile(
            f"{top}/namespaces/{namespace_of(each)}/{'apps' if each['kind'] == 'Deployment' else 'core'}/"
            f"{plural(each['kind'])}.yaml",
            yaml.safe_dump({"apiVersion": "v1", "kind": f"{each['kind']}List", "items": [each]}),
        )
        for each in CRASHING
    ]
    return [*files, DumpFile(f"{top}/namespaces/{NAMESPACE}/pods/{POD}/shop/shop/logs/current.log", LOG)]


def support_bundle() -> list[DumpFile]:
    top = "support-bundle/cluster-resources"
    files = [
        DumpFile(f"{top}/{plural(each['kind'])}/{namespace_of(each)}.json", listed([each], f"{each['kind']}List"))
        for each in CRASHING
    ]
    return [*files, DumpFile(f"{top}/pods/logs/{NAMESPACE}/{POD}/shop.log", LOG)]


def files_of_the_kubelet() -> list[DumpFile]:
    place = f"var/log/pods/{NAMESPACE}_{POD}_8b6f/shop"
    return [one_list()[0], DumpFile(f"{place}/9.log", "INFO before\n"), DumpFile(f"{place}/10.log", LOG)]


LAYOUTS = (one_list, a_list_per_kind, a_file_per_object, must_gather, support_bundle, files_of_the_kubelet)


def roots(diagnosis: Diagnosis) -> set[tuple[str, str]]:
    return {(found.problem.condition, found.problem.object) for found in diagnosis.findings}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_layout_leads_to_the_same_answer(layout: Callable[[], list[DumpFile]]) -> None:
    diagnosis = diagnose(read_dump(layout()))

    assert roots(diagnosis) == {
        ("crash-missing-env", f"Deployment/{NAMESPACE}/shop"),
        ("service-selector-no-match", f"Service/{NAMESPACE}/shop"),
    }


@pytest.mark.parametrize(
    ("path", "logs"),
    [
        (f"{NAMESPACE}_{POD}_shop.previous.log", ContainerLogs(previous="x")),
        (f"logs/{POD}-shop-previous.log", ContainerLogs(previous="x")),
        (f"logs/{NAMESPACE}/{POD}/previous/shop.log", ContainerLogs(previous="x")),
        (f"{POD}.txt", ContainerLogs(current="x")),
        (f"var/log/containers/{POD}_{NAMESPACE}_shop-0123abcd.log", ContainerLogs(current="x")),
        (f"{POD}_mesh.log", None),
        ("notes.txt", None),
    ],
)
def test_names_are_found_wherever_they_stand_in_the_path(path: str, logs: ContainerLogs | None) -> None:
    snapshot = read_dump([DumpFile("pods.json", listed([make_pod()])), DumpFile(path, "x")])

    assert snapshot.logs.get((NAMESPACE, POD, "shop")) == logs


def test_log_of_a_pod_that_two_namespaces_have_goes_to_the_one_in_its_path() -> None:
    pods = [make_pod("db-0", namespace=namespace) for namespace in ("prod", "test")]
    files = [DumpFile("pods.json", listed(pods)), DumpFile("logs/test/db-0.log", "x"), DumpFile("db-0.log", "whose?")]

    assert set(read_dump(files).logs) == {("test", "db-0", "shop")}


def test_empty_list_counts_for_the_namespace_of_its_folder_only() -> None:
    files = [
        DumpFile("namespaces/test/core/secrets.yaml", yaml.safe_dump({"kind": "SecretList", "items": []})),
        DumpFile("namespaces/prod/core/pods.yaml", yaml.safe_dump({"kind": "PodList", "items": [make_pod()]})),
    ]

    assert read_dump(files).complete == {"Secret": {"test"}, "Pod": {NAMESPACE}}


def test_list_beside_one_of_all_namespaces_is_one_of_all_too() -> None:
    pods = [make_pod(), make_pod("other", namespace="test")]
    files = [DumpFile("pods.json", listed(pods)), DumpFile("secrets.json", listed([make("Secret", "a")]))]

    assert read_dump(files).complete["Secret"] == {EVERYWHERE}


def test_old_ingress_is_read_in_the_form_of_today() -> None:
    backend = {"serviceName": "shopp", "servicePort": 80}
    ingress = make("Ingress", "shop", spec={"rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}]})
    ingress["apiVersion"] = "extensions/v1beta1"
    files = [DumpFile("ingresses.json", listed([ingress])), DumpFile("services.json", listed([make_service()]))]

    assert ("ingress-service-missing", f"Ingress/{NAMESPACE}/shop") in roots(diagnose(read_dump(files)))


def test_old_autoscaler_keeps_its_conditions_in_an_annotation() -> None:
    failure = {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "message": '"shopp" not found'}
    autoscaler = make(
        "HorizontalPodAutoscaler",
        "shop",
        annotations={"autoscaling.alpha.kubernetes.io/conditions": json.dumps([failure])},
        spec={"scaleTargetRef": {"kind": "Deployment", "name": "shopp"}, "targetCPUUtilizationPercentage": 70},
    )
    autoscaler["apiVersion"] = "autoscaling/v1"

    diagnosis = diagnose(read_dump([DumpFile("hpa.json", json.dumps(autoscaler))]))

    assert roots(diagnosis) == {("hpa-target-missing", f"HorizontalPodAutoscaler/{NAMESPACE}/shop")}


def test_run_of_a_cronjob_is_known_by_its_name_when_jobs_were_not_read() -> None:
    pods = [make_pod(f"nightly-2896{at:04}-x", status=looping(1), owner=f"Job/nightly-2896{at:04}") for at in range(3)]

    diagnosis = diagnose(read_dump([DumpFile("pods.json", listed(pods))]))

    assert [found.problem.object for found in diagnosis.findings] == [f"CronJob/{NAMESPACE}/nightly"]


def test_claim_is_known_by_its_events_when_claims_were_not_read() -> None:
    event = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": NAMESPACE},
        "involvedObject": {"kind": "PersistentVolumeClaim", "name": "data", "namespace": NAMESPACE},
        "type": "Warning",
        "reason": "ProvisioningFailed",
        "message": 'storageclass.storage.k8s.io "fast" not found',
        "lastTimestamp": "2026-11-21T12:00:00Z",
    }

    diagnosis = diagnose(read_dump([DumpFile("events.json", listed([event]))]))

    assert roots(diagnosis) == {("pvc-class-missing", f"PersistentVolumeClaim/{NAMESPACE}/data")}
