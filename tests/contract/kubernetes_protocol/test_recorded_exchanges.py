"""The simulated API answers recorded requests as the real server did: status, wording, fields, columns."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest

from simulator.api_resources import DEPLOYMENTS
from simulator.store import JsonObject
from tests.fakes.kubernetes_api import ADMIN_TOKEN, VIEWER_TOKEN, ApiUnderTest

DATA = Path(__file__).parents[2] / "data" / "kubernetes_protocol"
LATER_PAGES = {"list-page-2", "list-page-3"}
"""Their tokens point into the recorded cluster; paging has tests of its own."""

STREAMED = {"watch-configmaps"}
DISCOVERY = {
    "api-v1",
    "apis",
    "apis-apps-v1",
    "discovery-aggregated-api",
    "discovery-aggregated-apis",
    "openapi-v3-index",
}
COMPARED_BY_SHAPE_ONLY = {"log-since", "log-timestamps"}
NOT_SHOWN = {"ssr": {".status.userInfo.extra", ".status.userInfo.extra.authentication.kubernetes.io/credential-id"}}
"""The simulator's tokens are no JWTs, so they have no credential id."""


@dataclass(frozen=True)
class Exchange:
    name: str
    request: JsonObject
    response: JsonObject

    @property
    def body(self) -> Any:  # JSON or text, as recorded
        return self.response.get("body")

    @property
    def is_status(self) -> bool:
        return isinstance(self.body, dict) and self.body.get("kind") == "Status"

    @property
    def is_table(self) -> bool:
        return isinstance(self.body, dict) and self.body.get("kind") == "Table"


@cache
def exchanges() -> dict[str, Exchange]:
    lines = (DATA / "exchanges.jsonl").read_text(encoding="utf-8").splitlines()
    parsed = (json.loads(line) for line in lines)
    return {entry["name"]: Exchange(entry["name"], entry["request"], entry["response"]) for entry in parsed}


def replayed() -> list[str]:
    return [name for name in exchanges() if name not in LATER_PAGES | STREAMED]


@pytest.fixture
def cluster() -> ApiUnderTest:
    under_test = ApiUnderTest()
    under_test.load(json.loads((DATA / "objects.json").read_text(encoding="utf-8")))
    under_test.store.forget_history()
    under_test.set_now()
    pods = ("demo-web-7bdbdf6c48-fvbnz", "demo-web-7bdbdf6c48-jbnvp")
    under_test.usage.pods = {f"sandbox/{name}": ("demo-web",) for name in pods}
    under_test.usage.pods["sandbox/two-containers"] = ("main", "helper")
    under_test.logs.write("sandbox/two-containers", *(f"line {number}" for number in range(1, 9)))
    gone = "unable to retrieve container logs for containerd://"
    digest = "64c24619d186a832bb46a4b93f6b3200e84c504594553db75f48e1febc6f08ef"
    under_test.logs.write("sandbox/flaky", gone + digest, previous=True)
    under_test.logs.write(f"sandbox/{pods[0]}", '"GET /healthz HTTP/1.1" 200 -', container="demo-web")
    return under_test


async def replay(cluster: ApiUnderTest, exchange: Exchange) -> httpx2.Response:
    request = exchange.request
    headers = {name: value for name, value in request["headers"].items() if name != "Authorization"}
    body = copy.deepcopy(request.get("body"))
    if exchange.name == "scale-put":
        assert body is not None
        live = cluster.store.get(DEPLOYMENTS, namespace="sandbox", name="demo-web")["metadata"]
        body["metadata"].update(uid=live["uid"], resourceVersion=live["resourceVersion"])
    return await cluster.ask(request["method"], request["path"], body, headers=headers, token=_token_for(exchange))


def _token_for(exchange: Exchange) -> str | None:
    if exchange.name == "status-403-anonymous":
        return None
    if exchange.name == "status-401":
        return "wrong"
    return VIEWER_TOKEN if "Authorization" in exchange.request["headers"] else ADMIN_TOKEN


def _without_chance(value: object) -> object:
    """The same JSON with uids and version numbers made equal."""
    text = json.dumps(value)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-(?!000000000000)[0-9a-f]{12}", "<uid>", text)
    text = re.sub(r"(too old resource version: \d+ \()\d+\)", r"\1N)", text)
    return json.loads(re.sub(r"current: \d+", "current: N", text))


def _shape(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield f"{path}.{key}"
            yield from _shape(entry, f"{path}.{key}")
    elif isinstance(value, list):
        for entry in value:
            yield from _shape(entry, f"{path}[]")


def shape_of(value: object) -> set[str]:
    return {path for path in _shape(value) if ".managedFields" not in path}


@pytest.mark.parametrize("name", replayed())
async def test_status_and_content_type_are_those_of_the_real_server(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = await replay(cluster, exchange)

    recorded = exchange.response["headers"]
    assert answer.status_code == exchange.response["status"]
    assert answer.headers.get("content-type") == recorded.get("Content-Type")
    for header in ("Warning", "Retry-After"):
        assert answer.headers.get(header) == recorded.get(header)


@pytest.mark.parametrize("name", [name for name in replayed() if exchanges()[name].is_status])
async def test_status_bodies_are_worded_as_the_real_server_words_them(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = await replay(cluster, exchange)

    assert _without_chance(answer.json()) == _without_chance(exchange.body)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in replayed()
        if isinstance(exchanges()[name].body, dict)
        and not exchanges()[name].is_status
        and name not in DISCOVERY
        and not name.startswith(("table", "list-page"))
    ],
)
async def test_answers_have_the_fields_of_the_real_ones(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = await replay(cluster, exchange)

    assert shape_of(answer.json()) == shape_of(exchange.body) - NOT_SHOWN.get(name, set())


@pytest.mark.parametrize("name", ["patch-json", "patch-merge", "patch-strategic", "restart-patch-dry-run"])
async def test_patches_change_a_deployment_as_on_the_real_server(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = (await replay(cluster, exchange)).json()

    assert answer["spec"] == exchange.body["spec"]
    assert answer["metadata"]["generation"] == exchange.body["metadata"]["generation"]
    assert answer["metadata"]["annotations"] == exchange.body["metadata"]["annotations"]


@pytest.mark.parametrize("name", [name for name in replayed() if exchanges()[name].is_table])
async def test_tables_have_the_columns_of_the_real_ones(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = (await replay(cluster, exchange)).json()

    for column in answer["columnDefinitions"]:
        assert column.pop("description")
    assert answer["columnDefinitions"] == exchange.body["columnDefinitions"]
    assert answer.keys() == exchange.body.keys()
    assert [row.keys() for row in answer["rows"]][:1] == [row.keys() for row in exchange.body["rows"]][:1]


@pytest.mark.parametrize("name", ["table-pods", "table-deployments", "table-pods-object"])
async def test_table_cells_say_what_the_real_ones_say(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = (await replay(cluster, exchange)).json()

    assert [_without_ages(row["cells"]) for row in answer["rows"]] == [
        _without_ages(row["cells"]) for row in exchange.body["rows"]
    ]


async def test_event_rows_say_what_the_real_ones_say(cluster: ApiUnderTest) -> None:
    exchange = exchanges()["table-events"]

    answer = (await replay(cluster, exchange)).json()

    stored = {row["cells"][-1]: row["cells"] for row in answer["rows"]}
    for row in exchange.body["rows"][:3]:
        _, *cells, _, count, name = row["cells"]
        # The pull events went on after this table was recorded, so their count is higher in the stored form.
        assert stored[name][1:-3] == cells
        assert stored[name][-2] >= count


def _without_ages(cells: list[object]) -> list[object]:
    return [re.sub(r"\b\d+s\b", "<age>", cell) if isinstance(cell, str) else cell for cell in cells]


@pytest.mark.parametrize("name", ["log-empty", "log-limit-bytes", "log-previous", "log-tail", "log-unscheduled"])
async def test_logs_are_cut_as_on_the_real_server(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]

    answer = await replay(cluster, exchange)

    assert answer.text.removesuffix("\n") == exchange.body.removesuffix("\n")


async def test_log_timestamps_have_nanoseconds(cluster: ApiUnderTest) -> None:
    exchange = exchanges()["log-timestamps"]
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line \d"

    answer = await replay(cluster, exchange)

    assert len(answer.text.splitlines()) == 3
    assert all(re.fullmatch(form, line) for line in answer.text.splitlines() + exchange.body.splitlines())


@pytest.mark.parametrize("name", ["api-v1", "apis-apps-v1"])
async def test_every_served_resource_is_described_as_by_the_real_server(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]
    recorded = {entry["name"]: entry for entry in exchange.body["resources"]}

    answer = (await replay(cluster, exchange)).json()

    assert {key for key in answer if key != "resources"} == {key for key in exchange.body if key != "resources"}
    for entry in answer["resources"]:
        assert entry == recorded[entry["name"]]


async def test_served_groups_are_described_as_by_the_real_server(cluster: ApiUnderTest) -> None:
    exchange = exchanges()["apis"]
    recorded = {group["name"]: group for group in exchange.body["groups"]}

    answer = (await replay(cluster, exchange)).json()

    for group in answer["groups"]:
        assert group.keys() == recorded[group["name"]].keys()
        assert group["preferredVersion"] == recorded[group["name"]]["preferredVersion"]


@pytest.mark.parametrize("name", ["discovery-aggregated-api", "discovery-aggregated-apis"])
async def test_aggregated_discovery_describes_resources_as_the_real_server(cluster: ApiUnderTest, name: str) -> None:
    exchange = exchanges()[name]
    recorded = dict(_aggregated_entries(exchange.body))

    answer = await replay(cluster, exchange)

    assert answer.headers["vary"] == "Accept"
    for key, entry in _aggregated_entries(answer.json()):
        subresources = entry.pop("subresources", [])
        known = {sub["subresource"]: sub for sub in recorded[key].get("subresources", [])}
        assert entry == {field: value for field, value in recorded[key].items() if field != "subresources"}
        assert all(sub == known[sub["subresource"]] for sub in subresources)


def _aggregated_entries(document: JsonObject) -> Iterator[tuple[tuple[str, str, str], JsonObject]]:
    for group in document["items"]:
        for version in group["versions"]:
            for entry in version["resources"]:
                yield (group["metadata"].get("name", ""), version["version"], entry["resource"]), entry


async def test_aggregated_discovery_is_not_sent_twice(cluster: ApiUnderTest) -> None:
    exchange = exchanges()["discovery-aggregated-apis"]
    first = await replay(cluster, exchange)

    headers = {**exchange.request["headers"], "If-None-Match": first.headers["etag"]}
    second = await cluster.ask("GET", "/apis", headers=headers)

    assert second.status_code == 304
    assert second.content == b""


async def test_first_page_tells_how_many_are_left(cluster: ApiUnderTest) -> None:
    exchange = exchanges()["list-page-1"]

    answer = (await replay(cluster, exchange)).json()

    assert answer["metadata"].keys() == exchange.body["metadata"].keys()
    assert len(answer["items"]) == len(exchange.body["items"])
    assert answer["metadata"]["remainingItemCount"] == 1


async def test_watch_streams_the_kinds_of_events_the_real_server_streams(cluster: ApiUnderTest) -> None:
    exchange = exchanges()["watch-configmaps"]
    recorded = exchange.body
    steps = [entry for entry in recorded[5:] if entry["type"] != "BOOKMARK"]

    async with cluster.stream(exchange.request["path"]) as stream:
        initial = [await stream.next_event() for _ in range(5)]
        told = []
        for step in steps:
            await _repeat(cluster, step)
            told.append(await stream.next_event())

    assert [_event_shape(event) for event in initial] == [_event_shape(event) for event in recorded[:5]]
    assert [_event_shape(event) for event in told] == [_event_shape(event) for event in steps]
    assert [event["object"]["data"] for event in told] == [event["object"]["data"] for event in steps]


def _event_shape(event: JsonObject) -> tuple[str, set[str]]:
    return event["type"], shape_of(event["object"])


async def _repeat(cluster: ApiUnderTest, step: JsonObject) -> None:
    """Do what led to a recorded event."""
    item = step["object"]
    collection = "/api/v1/namespaces/sandbox/configmaps"
    wanted = {"metadata": {"name": item["metadata"]["name"]}, "data": item["data"]}
    if step["type"] == "ADDED":
        await cluster.ask("POST", collection, wanted)
    elif step["type"] == "MODIFIED":
        await cluster.ask("PUT", f"{collection}/{item['metadata']['name']}", wanted)
    else:
        await cluster.ask("DELETE", f"{collection}/{item['metadata']['name']}")
