"""Recordings and dumps in the forms people have them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml

from k8s_diagnosis.diagnosing import diagnose
from k8s_diagnosis.dumps.files import DumpFile
from k8s_diagnosis.dumps.kinds import kind_of_file
from k8s_diagnosis.dumps.reading import read_dump
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.snapshot import EVERYWHERE
from tests.fakes.kubernetes_objects import NAMESPACE, looping, make_deployment, make_node, make_pod, make_service
from tests.fakes.recorded_cluster import read_case

POD = "shop-7d9c5b6f4-abcde"


def listed(*items: JsonObject, kind: str = "List", **metadata: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, "items": list(items)})


def test_list_of_kubectl_holds_kinds_mixed() -> None:
    snapshot = read_dump([DumpFile("all.json", listed(make_pod(), make_deployment(), make_service()))])

    assert {kind: len(objects) for kind, objects in snapshot.objects.items()} == {
        "Pod": 1,
        "Deployment": 1,
        "Service": 1,
    }
    assert snapshot.complete["Pod"] == {NAMESPACE}


def test_list_of_several_namespaces_is_one_of_all() -> None:
    snapshot = read_dump([DumpFile("pods.json", listed(make_pod(), make_pod("other", namespace="test")))])

    assert snapshot.complete["Pod"] == {EVERYWHERE}


def test_list_without_objects_says_of_its_kind_that_there_are_none() -> None:
    files = [DumpFile("objects/shop.services.json", listed(kind="ServiceList")), DumpFile("configmaps.json", listed())]

    complete = read_dump(files).complete

    assert complete["Service"] == {"shop"}
    assert complete["ConfigMap"] == {EVERYWHERE}


def test_single_object_says_nothing_of_others() -> None:
    snapshot = read_dump([DumpFile("pod.json", json.dumps(make_pod()))])

    assert len(snapshot.objects["Pod"]) == 1
    assert "Pod" not in snapshot.complete


@pytest.mark.parametrize("many", [False, True])
def test_yaml_is_read_like_json(many: bool) -> None:
    text = yaml.safe_dump_all([make_pod(), make_service()]) if many else yaml.safe_dump(make_pod())

    assert len(read_dump([DumpFile("dump.yaml", text)]).objects["Pod"]) == 1


def test_documents_one_after_the_other_are_all_read() -> None:
    text = f"{listed(make_pod())}\n{listed(make_service(), kind='ServiceList')}\n"

    assert set(read_dump([DumpFile("dump.json", text)]).objects) == {"Pod", "Service"}


def test_cluster_info_dump_is_read_with_its_logs() -> None:
    log = (
        f"==== START logs for container shop of pod {NAMESPACE}/{POD} ====\n"
        "required environment variable ORDERS_DB_URL is not set\n"
        f"==== END logs for container shop of pod {NAMESPACE}/{POD} ====\n"
    )
    items = json.loads(listed(make_pod(status=looping(1)), kind="PodList"))
    for item in items["items"]:
        item.pop("kind")
    files = [
        DumpFile(f"{NAMESPACE}/pods.json", json.dumps(items)),
        DumpFile(f"{NAMESPACE}/{POD}/logs.txt", log),
        DumpFile("nodes.json", listed(kind="NodeList")),
    ]

    snapshot = read_dump(files)

    assert snapshot.complete["Pod"] == {NAMESPACE}
    assert [finding.problem.condition for finding in diagnose(snapshot).findings][:1] != []
    assert "ORDERS_DB_URL" in snapshot.logs[NAMESPACE, POD, "shop"].current


@pytest.mark.parametrize(
    "path",
    [
        f"logs/{NAMESPACE}.{POD}.shop.txt",
        f"{POD}_shop.log",
        f"{NAMESPACE}/{POD}/shop.log",
        f"logs/{POD}.log",
        f"namespaces/{NAMESPACE}/pods/{POD}/shop/shop/logs/current.log",
    ],
)
def test_log_is_found_by_its_name(path: str) -> None:
    snapshot = read_dump([DumpFile("pods.json", listed(make_pod())), DumpFile(path, "boom")])

    assert snapshot.logs[NAMESPACE, POD, "shop"].current == "boom"


def test_log_of_the_run_before_is_kept_apart() -> None:
    files = [
        DumpFile("pods.json", listed(make_pod())),
        DumpFile(f"logs/{NAMESPACE}.{POD}.shop.txt", "now"),
        DumpFile(f"logs/{NAMESPACE}.{POD}.shop.previous.txt", "before"),
        DumpFile(f"logs/{NAMESPACE}.{POD}.shop.http400.txt", "refused"),
    ]

    logs = read_dump(files).logs[NAMESPACE, POD, "shop"]

    assert (logs.current, logs.previous) == ("now", "before")


def test_refusal_and_broken_file_are_unknown_not_healthy() -> None:
    refusal = {"kind": "Status", "status": "Failure", "code": 403, "message": "secrets is forbidden"}
    files = [
        DumpFile("objects/shop.secrets.json", json.dumps(refusal)),
        DumpFile("objects/shop.pods.json", '{"items": [{"metadata"'),
        DumpFile("objects/shop.events.json", listed(kind="EventList", **{"continue": "token"})),
    ]

    unread = {each.what: each.reason for each in read_dump(files).unread}

    assert unread["Secret"] == "403: secrets is forbidden"
    assert "objects/shop.pods.json" in unread
    assert "first page" in unread["Event"]
    assert unread["Node"] == "not in the snapshot"


def test_newest_time_in_the_dump_is_the_present() -> None:
    pod = make_pod(age=10)
    pod["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    pod["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-21T11:58:30Z"

    newest = datetime(2026, 11, 21, 11, 58, 30, tzinfo=UTC)
    assert read_dump([DumpFile("all.json", listed(pod, make_node(age=600)))]).now == newest


def test_dump_in_which_nothing_keeps_time_is_some_minutes_older_than_its_last_change() -> None:
    pod = make_pod(age=10)
    pod["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-21T11:58:30Z"

    assert read_dump([DumpFile("pods.json", listed(pod))]).now == datetime(2026, 11, 21, 12, 3, 30, tzinfo=UTC)


def test_truth_of_a_recording_is_never_read() -> None:
    case = read_case("crash-missing-env")
    lies = [
        DumpFile("case.json", json.dumps({"kind": "Pod", "metadata": {"name": "lie"}, "condition": "x"})),
        DumpFile("manifest.yaml", yaml.safe_dump(make_pod("lie"))),
    ]

    snapshot = read_dump([*case.dump(), *lies], now=case.recorded_at)

    assert snapshot.objects == case.snapshot().objects


@pytest.mark.parametrize("name", ["../../etc", "a b", "x\u202ey", "-rf", ""])
def test_object_with_a_name_no_api_server_would_give_is_left_out(name: str) -> None:
    assert read_dump([DumpFile("pods.json", listed(make_pod(name)))]).objects == {}


@pytest.mark.parametrize(
    ("stem", "kind"),
    [
        ("pods", "Pod"),
        ("shop.pods", "Pod"),
        ("kubectl-get-deployments", "Deployment"),
        ("shop.metrics.k8s.io.pods", "PodMetrics"),
        ("_cluster.nodes", "Node"),
        ("notes", ""),
    ],
)
def test_kind_is_known_by_the_name_of_a_file(stem: str, kind: str) -> None:
    assert kind_of_file(stem) == kind
