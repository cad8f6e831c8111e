"""Logs of pods: which container, which part, and every refusal."""

from datetime import timedelta

import pytest

from simulator.api_resources import PODS
from simulator.store import JsonObject
from tests.fakes.kubernetes_api import NOW, ApiUnderTest

LOG = "/api/v1/namespaces/default/pods/web/log"


@pytest.fixture
def cluster() -> ApiUnderTest:
    under_test = ApiUnderTest()
    under_test.set_now()
    return under_test


def add_pod(
    cluster: ApiUnderTest, *containers: str, init: tuple[str, ...] = (), state: JsonObject | None = None, **more: object
) -> None:
    statuses = [{"name": name, "state": state or {"running": {}}, **more} for name in containers]
    spec = {
        "nodeName": "node-1",
        "containers": [{"name": name} for name in containers],
        "initContainers": [{"name": name} for name in init],
    }
    status = {"phase": "Running", "containerStatuses": statuses}
    cluster.store.create(PODS, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec, "status": status})


async def refusal(cluster: ApiUnderTest, query: str = "") -> str:
    answer = await cluster.ask("GET", f"{LOG}{query}")
    assert answer.status_code == 400
    message: str = answer.json()["message"]
    return message


async def test_only_container_needs_no_name(cluster: ApiUnderTest) -> None:
    add_pod(cluster, "main")
    cluster.logs.write("default/web", "one", "two")

    assert (await cluster.ask("GET", LOG)).text == "one\ntwo\n"


async def test_annotation_names_the_default_container(cluster: ApiUnderTest) -> None:
    add_pod(cluster, "main", "proxy")
    annotation = {"kubectl.kubernetes.io/default-container": "main"}
    cluster.store.update(
        PODS, namespace="default", name="web", change=lambda pod: pod["metadata"].update(annotations=annotation)
    )
    cluster.logs.write("default/web", "one")

    assert (await cluster.ask("GET", LOG)).text == "one\n"


async def test_init_containers_are_offered_too(cluster: ApiUnderTest) -> None:
    add_pod(cluster, "main", "proxy", init=("setup",))

    assert await refusal(cluster) == (
        "a container name must be specified for pod web, choose one of: [main proxy] "
        "or one of the init containers: [setup]"
    )


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("ImagePullBackOff", "trying and failing to pull image"),
        ("CreateContainerConfigError", "CreateContainerConfigError"),
        ("PodInitializing", "PodInitializing"),
        ("ContainerCreating", "ContainerCreating"),
    ],
)
async def test_container_that_never_ran_says_what_it_waits_for(cluster: ApiUnderTest, reason: str, shown: str) -> None:
    add_pod(cluster, "main", state={"waiting": {"reason": reason}})

    assert await refusal(cluster) == f'container "main" in pod "web" is waiting to start: {shown}'


async def test_crash_looping_container_shows_its_last_run(cluster: ApiUnderTest) -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    add_pod(cluster, "main", state=state, restartCount=4, lastState={"terminated": {"exitCode": 1}})
    cluster.logs.write("default/web", "boom")

    assert (await cluster.ask("GET", LOG)).text == "boom\n"


async def test_since_cuts_by_time(cluster: ApiUnderTest) -> None:
    add_pod(cluster, "main")
    cluster.logs.write("default/web", "old", time=NOW - timedelta(seconds=60))

    assert (await cluster.ask("GET", f"{LOG}?sinceSeconds=30")).text == ""
    assert (await cluster.ask("GET", f"{LOG}?sinceSeconds=90")).text == "old\n"
    assert (await cluster.ask("GET", f"{LOG}?sinceTime=2026-11-21T00:45:00Z")).text == "old\n"


@pytest.mark.parametrize(
    ("query", "field"),
    [("?tailLines=-1", "tailLines"), ("?limitBytes=0", "limitBytes"), ("?sinceSeconds=0", "sinceSeconds")],
)
async def test_numbers_out_of_range_are_invalid(cluster: ApiUnderTest, query: str, field: str) -> None:
    add_pod(cluster, "main")

    answer = await cluster.ask("GET", f"{LOG}{query}")

    assert answer.status_code == 422
    assert answer.json()["details"]["causes"][0]["field"] == field


async def test_following_ends_when_the_container_does(cluster: ApiUnderTest) -> None:
    add_pod(cluster, "main", state={"terminated": {"exitCode": 0}})
    cluster.logs.write("default/web", "done")

    answer = await cluster.ask("GET", f"{LOG}?follow=true")

    assert answer.text == "done\n"
