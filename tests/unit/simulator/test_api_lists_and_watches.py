"""Paging, selection and watching over HTTP."""

import base64
import json
from collections.abc import AsyncIterator

import pytest

from simulator.api_resources import CONFIGMAPS, PODS
from tests.fakes.kubernetes_api import ApiUnderTest

CONFIGS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture
async def cluster() -> AsyncIterator[ApiUnderTest]:
    under_test = ApiUnderTest()
    under_test.load([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}])
    under_test.set_now()
    yield under_test
    under_test.api.close()


def add_configs(cluster: ApiUnderTest, *names: str, **labels: str) -> None:
    for name in names:
        cluster.store.create(CONFIGMAPS, {"metadata": {"name": name, "namespace": "default", "labels": labels}})


def names_of(answer: object) -> list[str]:
    assert isinstance(answer, dict)
    return [item["metadata"]["name"] for item in answer["items"]]


async def test_pages_show_one_moment_whatever_happens_in_between(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b", "c", "d")
    first = (await cluster.ask("GET", f"{CONFIGS}?limit=2")).json()
    cluster.store.delete(CONFIGMAPS, namespace="default", name="c")
    add_configs(cluster, "bb")

    token = first["metadata"]["continue"]
    second = (await cluster.ask("GET", f"{CONFIGS}?limit=2&continue={token}")).json()

    assert names_of(first) == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 2
    assert names_of(second) == ["c", "d"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in second["metadata"]


async def test_token_whose_moment_is_forgotten_answers_410_with_a_way_on(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b", "c")
    first = (await cluster.ask("GET", f"{CONFIGS}?limit=1")).json()
    add_configs(cluster, "bb")
    cluster.store.forget_history()

    gone = await cluster.ask("GET", f"{CONFIGS}?limit=1&continue={first['metadata']['continue']}")
    rest = await cluster.ask("GET", f"{CONFIGS}?continue={gone.json()['metadata']['continue']}")

    assert gone.status_code == 410
    assert gone.json()["reason"] == "Expired"
    assert names_of(rest.json()) == ["b", "bb", "c"]


async def test_selected_lists_do_not_count_what_is_left(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b", app="web")
    add_configs(cluster, "c", app="api")

    page = (await cluster.ask("GET", f"{CONFIGS}?limit=1&labelSelector=app%3Dweb")).json()

    assert names_of(page) == ["a"]
    assert page["metadata"].keys() == {"resourceVersion", "continue"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("labelSelector=a%20in%20b", "unable to parse labelSelector: "),
        ("fieldSelector=spec", "invalid field selector"),
        ("fieldSelector=spec.x%3Dy", '"spec.x" is not a known field selector'),
        ("limit=many", "invalid syntax"),
        ("resourceVersion=new", "invalid syntax"),
        ("continue=%21", "continue key is not valid: illegal base64 data"),
        ("continue=e30", "server does not recognize this encoded version"),
    ],
)
async def test_malformed_queries_are_bad_requests(cluster: ApiUnderTest, query: str, message: str) -> None:
    answer = await cluster.ask("GET", f"{CONFIGS}?{query}")

    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_tokens_are_opaque_but_have_the_form_of_the_real_ones(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b")
    page = (await cluster.ask("GET", f"{CONFIGS}?limit=1")).json()

    token = page["metadata"]["continue"]
    decoded = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))

    assert decoded == {"v": "meta.k8s.io/v1", "rv": cluster.store.version, "start": "/a\x00"}


async def test_watch_from_a_version_tells_what_came_after(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a")
    version = cluster.store.version
    add_configs(cluster, "b")

    async with cluster.stream(f"{CONFIGS}?watch=true&resourceVersion={version}") as stream:
        missed = await stream.next_event()
        cluster.store.delete(CONFIGMAPS, namespace="default", name="a")
        fresh = await stream.next_event()

    assert (missed["type"], missed["object"]["metadata"]["name"]) == ("ADDED", "b")
    assert (fresh["type"], fresh["object"]["metadata"]["name"]) == ("DELETED", "a")


async def test_watch_without_a_version_begins_with_what_is_there(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b")

    async with cluster.stream(f"{CONFIGS}?watch=1") as stream:
        events = [await stream.next_event() for _ in range(2)]

    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("ADDED", "a"),
        ("ADDED", "b"),
    ]


async def test_selected_watch_sees_objects_enter_and_leave(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", app="api")
    version = cluster.store.version
    query = f"watch=1&resourceVersion={version}&labelSelector=app%3Dweb"

    async with cluster.stream(f"{CONFIGS}?{query}") as stream:
        for app in ("web", "web", "api"):
            cluster.store.update(
                CONFIGMAPS,
                namespace="default",
                name="a",
                change=lambda item, app=app: item["metadata"].update(labels={"app": app}, annotations={"v": app}),  # type: ignore[misc]  # bound in the loop on purpose
            )
        add_configs(cluster, "other", app="api")
        add_configs(cluster, "b", app="web")
        events = [await stream.next_event() for _ in range(3)]

    told = [(event["type"], event["object"]["metadata"]["labels"]["app"]) for event in events]
    assert told == [("ADDED", "web"), ("DELETED", "web"), ("ADDED", "web")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(versions)


async def test_leaving_a_selection_does_not_spoil_what_others_see(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", app="web")
    version = cluster.store.version

    async with cluster.stream(f"{CONFIGS}?watch=1&resourceVersion={version}&labelSelector=app%3Dweb") as selected:
        cluster.store.update(
            CONFIGMAPS, namespace="default", name="a", change=lambda item: item["metadata"].update(labels={"app": "x"})
        )
        left = await selected.next_event()
    listed = (await cluster.ask("GET", CONFIGS)).json()

    assert left["object"]["metadata"]["labels"] == {"app": "web"}
    assert listed["items"][0]["metadata"]["labels"] == {"app": "x"}


async def test_watch_of_one_object_by_its_path_sees_only_that(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b")

    async with cluster.stream(f"{CONFIGS}/b?watch=1") as stream:
        event = await stream.next_event()

    assert event["object"]["metadata"]["name"] == "b"


async def test_watch_that_fell_behind_ends_with_410(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a")
    version = cluster.store.version
    add_configs(cluster, "b")
    cluster.store.forget_history()

    async with cluster.stream(f"{CONFIGS}?watch=1&resourceVersion={version - 1}") as stream:
        event = await stream.next_event()
        ended = await stream.has_ended()

    assert event["type"] == "ERROR"
    assert event["object"]["code"] == 410
    assert ended


async def test_initial_events_end_with_a_marked_bookmark(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a")
    options = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"

    async with cluster.stream(f"{CONFIGS}?watch=1&{options}") as stream:
        events = [await stream.next_event() for _ in range(2)]

    assert [event["type"] for event in events] == ["ADDED", "BOOKMARK"]
    assert events[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true"
    assert events[1]["object"]["metadata"]["resourceVersion"] == str(cluster.store.version)


async def test_initial_events_need_a_version_match(cluster: ApiUnderTest) -> None:
    answer = await cluster.ask("GET", f"{CONFIGS}?watch=1&sendInitialEvents=true")

    assert answer.status_code == 422
    assert "sendInitialEvents requires setting resourceVersionMatch" in answer.json()["message"]


async def test_watched_table_names_its_columns_once(cluster: ApiUnderTest) -> None:
    add_configs(cluster, "a", "b")

    async with cluster.stream(f"{CONFIGS}?watch=1", headers={"accept": TABLE}) as stream:
        first, second = [await stream.next_event() for _ in range(2)]

    assert first["object"]["kind"] == "Table"
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "b"


async def test_closing_the_server_ends_open_watches(cluster: ApiUnderTest) -> None:
    async with cluster.stream(f"{CONFIGS}?watch=1&resourceVersion={cluster.store.version}") as stream:
        add_configs(cluster, "a")
        await stream.next_event()

        cluster.api.close()

        assert await stream.has_ended()


async def test_pods_are_selected_by_node_and_phase(cluster: ApiUnderTest) -> None:
    for name, node in (("a", "node-1"), ("b", "node-2")):
        pod = {"metadata": {"name": name, "namespace": "default"}, "spec": {"nodeName": node, "containers": []}}
        cluster.store.create(PODS, {**pod, "status": {"phase": "Running"}})

    answer = await cluster.ask("GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2,status.phase!%3DFailed")

    assert names_of(answer.json()) == ["b"]
