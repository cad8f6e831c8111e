"""Patrol, findings, hosts, reports and channels over HTTP, on a running backend."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from tests.fakes.product import product
from tests.integration.patrol.processes import (
    Json,
    dingtalk_url,
    environment,
    read_texts,
    robots,
    wait_until,
    write_world,
)

pytestmark = pytest.mark.timeout(180)
DISKS = {"web-1": 0.4, "db-1": 0.97, "db-2": 0.9}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("patrol-api")
    hidden = {"error": "permission denied (publickey)", "error_kind": "permission"}
    write_world(made, disks=DISKS, findings=[CRASH], unknown=["metrics: 403"])
    world = json.loads((made / "world.json").read_text())
    world["hosts"]["hidden-1"] = hidden
    world["pods"] = {"Running": 4, "CrashLoopBackOff": 1}
    (made / "world.json").write_text(json.dumps(world))
    return made


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[httpx2.Client]:
    with robots(folder) as address:
        settings = environment(folder, DINGTALK_WEBHOOK_URL=dingtalk_url(address), PATROL_INTERVAL_SECONDS="3600")
        with product("web", data=folder / "data", **settings) as (url, _process):
            client = httpx2.Client(base_url=f"{url}/api/v2", timeout=20)
            run_id = client.post("/patrol/runs").json()["id"]
            wait_until(lambda: client.get(f"/patrol/runs/{run_id}").json()["state"] != "running")
            yield client
            client.close()


CRASH = {
    "condition": "crash-missing-env",
    "object": "Deployment/default/checkout",
    "severity": "critical",
    "cause": {"en": "DATABASE_URL is not set.", "zh": "未设置 DATABASE_URL。"},
    "confidence": 0.95,
    "evidence": ["log: DATABASE_URL is required"],
    "next_step": {"en": "Set it in the Deployment.", "zh": "在 Deployment 中设置。"},
}


def find(api: httpx2.Client, target: str, *, state: str = "open") -> Json:
    [item] = api.get("/patrol/findings", params={"target": target, "state": state}).json()["items"]
    return dict(item)


def test_findings_carry_cause_and_fix_in_both_languages(api: httpx2.Client) -> None:
    disk, crash = find(api, "db-1"), find(api, "prod")

    assert (disk["severity"], disk["check_title"]["zh"]) == ("critical", "磁盘用量")
    assert disk["title"] == {"en": "/var is 97% full, 1.5 GiB left", "zh": "/var 已使用 97%，剩余 1.5 GiB"}
    assert any("du -xh" in fix["command"] for fix in disk["fixes"])
    assert (crash["check"], crash["check_title"]["zh"]) == ("crash-missing-env", "缺少必需的环境变量")
    assert crash["title"]["en"] == "Deployment/default/checkout: a required environment variable is not set"
    assert crash["cause"]["zh"] == "未设置 DATABASE_URL。"


def test_status_says_what_ran_and_what_is_open(api: httpx2.Client) -> None:
    status = api.get("/patrol").json()

    assert status["last"]["state"] == "finished"
    assert (status["last"]["looked"], status["last"]["unknown"]) == (5, 1)
    assert status["open"] == {"critical": 2, "warning": 1}
    assert status["next_at"] is not None
    assert {"id": "disk-usage", "title": {"en": "Disk usage", "zh": "磁盘用量"}} in status["checks"]


def test_hosts_show_figures_and_unknown_is_not_zero(api: httpx2.Client) -> None:
    listed = api.get("/hosts").json()
    hosts = {host["id"]: host for host in listed["items"]}

    assert (hosts["db-1"]["state"], hosts["db-1"]["critical"]) == ("read", 1)
    assert hosts["db-1"]["disks"][0]["used_ratio"] == 0.97
    assert hosts["db-1"]["unknown"] == {"clock": "timedatectl: not found"}
    assert (hosts["hidden-1"]["state"], hosts["hidden-1"]["cpu"]) == ("unknown", None)
    assert "publickey" in hosts["hidden-1"]["reason"]
    assert [(one["name"], one["reason"]) for one in listed["clusters"]] == [("prod", "metrics: 403")]


def test_ages_are_told_by_the_clock_of_the_server(api: httpx2.Client) -> None:
    listed = api.get("/hosts").json()

    now = datetime.fromisoformat(listed["now"])
    assert abs((datetime.now(UTC) - now).total_seconds()) < 30
    assert all(datetime.fromisoformat(host["looked_at"]) <= now for host in listed["items"])


def test_cluster_stands_as_it_is_now_beside_its_last_diagnosis(api: httpx2.Client) -> None:
    [cluster] = api.get("/clusters").json()["items"]

    assert cluster["pods"] == {"total": 5, "by_state": {"Running": 4, "CrashLoopBackOff": 1}, "abnormal": 1}
    assert cluster["nodes"] is None
    assert cluster["unknown"]["nodes"] == "no connected tool server offers k8s-get-nodes"
    assert (cluster["diagnosis"]["state"], cluster["diagnosis"]["reason"]) == ("read", "metrics: 403")
    assert (cluster["critical"], cluster["warnings"]) == (1, 0)


def test_history_and_trend_are_kept(api: httpx2.Client) -> None:
    history = api.get("/hosts/db-1/history", params={"metric": "disk"}).json()
    trend = api.get("/patrol/trend", params={"target": "db-1", "check": "disk-usage", "subject": "/var"}).json()

    [series] = history["series"]
    several = api.get("/hosts/db-1/history", params={"metric": ["cpu", "memory"]}).json()

    assert {one["metric"] for one in several["series"]} == {"cpu", "memory"}
    assert (series["subject"], series["points"][-1]["value"]) == ("/var", 0.97)
    assert trend["points"] == series["points"]


def test_host_that_nobody_knows_is_a_404_that_says_where_to_look(api: httpx2.Client) -> None:
    answer = api.get("/hosts/nowhere/history", headers={"Accept-Language": "en"})

    assert answer.status_code == 404
    assert "GET /api/v2/hosts" in answer.json()["hint"]


def test_finding_is_acknowledged_silenced_and_closed_once(api: httpx2.Client) -> None:
    id_ = find(api, "db-2")["id"]
    acknowledged = api.post(f"/patrol/findings/{id_}/acknowledge", json={"note": "on it"}).json()
    silenced = api.post(f"/patrol/findings/{id_}/silence", json={"minutes": 60, "reason": "planned"}).json()
    loud = api.delete(f"/patrol/findings/{id_}/silence").json()
    closed = api.post(f"/patrol/findings/{id_}/close")
    again = api.post(f"/patrol/findings/{id_}/close")
    history = api.get(f"/patrol/findings/{id_}").json()["history"]

    assert acknowledged["acknowledged"]["by"] == "local"
    assert (silenced["silence"]["reason"], loud["silence"]) == ("planned", None)
    assert (closed.json()["state"], closed.json()["closed_by"], again.status_code) == ("closed", "local", 409)
    assert [event["kind"] for event in history] == [
        "opened", "announced", "acknowledged", "silenced", "unsilenced", "closed",
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [0, 43201, None])
def test_silence_needs_an_end(api: httpx2.Client, minutes: int | None) -> None:
    id_ = find(api, "db-1")["id"]

    assert api.post(f"/patrol/findings/{id_}/silence", json={"minutes": minutes}).status_code == 422


def read_stream(api: httpx2.Client, *, count: int, **headers: str) -> list[tuple[int, Json]]:
    """The first so many entries."""
    found: list[tuple[int, Json]] = []
    with api.stream("GET", "/patrol/stream", headers=headers) as answer:
        number = 0
        for line in answer.iter_lines():
            if line.startswith("id: "):
                number = int(line.removeprefix("id: "))
            elif line.startswith("data: "):
                found.append((number, json.loads(line.removeprefix("data: "))))
                if len(found) == count:
                    break
    return found


def test_log_is_streamed_and_read_on_after_an_interruption(api: httpx2.Client) -> None:
    first = read_stream(api, count=3)
    rest = read_stream(api, count=2, **{"Last-Event-ID": str(first[0][0])})

    assert [entry["type"] for _number, entry in first] == ["run-started", "run-planned", "looked"]
    assert rest == first[1:]
    assert first[2][1]["message"]["zh"].startswith("[1/5]")


def test_report_comes_as_data_page_and_markdown(api: httpx2.Client) -> None:
    data = api.get("/report").json()
    page = api.get("/report", params={"format": "html", "language": "zh"})
    text = api.get("/report", params={"format": "markdown", "language": "en"}).text

    assert data["hosts"][0]["name"] == "db-1"
    assert data["unknown"] == 1
    assert page.headers["content-type"].startswith("text/html")
    assert "<td>db-1</td>" in page.text
    assert "| db-1 | findings |" in text
    assert "hidden-1: could not be read: permission denied \\(publickey\\)" in text or "publickey" in text


def test_messages_and_channels_are_listed_without_secrets(api: httpx2.Client, folder: Path) -> None:
    api.post("/channels/dingtalk/test")
    sent = api.post("/report/send", json={"channels": ["dingtalk"]}).json()
    unknown = api.post("/report/send", json={"channels": ["pager"]}, headers={"Accept-Language": "en"})
    wait_until(lambda: api.get("/notifications?state=waiting").json()["items"] == [])
    channels = api.get("/channels").text
    messages = api.get("/notifications").json()["items"]

    assert sent == {"channels": 1}
    assert unknown.status_code == 404
    assert "access_token" not in channels
    assert {message["kind"] for message in messages} == {"alert", "report", "test"}
    assert {message["state"] for message in messages} <= {"sent", "sending"}
    assert any("Health report" in text for text in read_texts(folder))


def test_health_tells_of_patrol_and_channels(api: httpx2.Client) -> None:
    parts = {part["name"]: part for part in api.get("/health").json()["parts"]}

    assert parts["patrol"] == {"name": "patrol", "status": "ok", "detail": "4 of 5 looked at"}
    assert parts["channel:dingtalk"]["status"] == "ok"


def test_what_people_do_is_audited(api: httpx2.Client) -> None:
    records = api.get("/audit?limit=200").json()["items"]

    actions = {record["action"] for record in records}
    assert {
        "patrol.started",
        "finding.acknowledged",
        "finding.silenced",
        "finding.closed",
        "notification.sent",
    } <= actions
