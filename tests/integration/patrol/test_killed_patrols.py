"""SIGKILL in the middle of a patrol and in the middle of a message: nothing is lost, nothing is said twice unmarked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fakes.product import kill_group, product
from tests.integration.patrol.processes import (
    Json,
    dingtalk_url,
    environment,
    read_texts,
    robots,
    wait_until,
    write_world,
)

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="SIGKILL"), pytest.mark.timeout(180)]
ONE_BY_ONE = {"HOSTS_HOSTS_PER_CALL": "1", "HOSTS_PARALLEL_CALLS": "1", "PATROL_ENABLED": "true"}


@contextmanager
def backend(folder: Path, **settings: str) -> Iterator[tuple[httpx2.Client, Any]]:  # Any: its process
    with product("web", data=folder / "data", **environment(folder, **settings)) as (address, process):
        client = httpx2.Client(base_url=f"{address}/api/v2", timeout=20)
        try:
            yield client, process
        finally:
            client.close()


def read_run(client: httpx2.Client, run_id: str) -> Json:
    return dict(client.get(f"/patrol/runs/{run_id}").json())


def is_over(client: httpx2.Client, run_id: str) -> bool:
    return bool(read_run(client, run_id)["state"] != "running")


def count_waiting(client: httpx2.Client) -> int:
    return int(client.get("/channels").json()["items"][0]["waiting"])


def test_patrol_that_was_killed_goes_on_where_it_was_and_tells_once(tmp_path: Path) -> None:
    names = [f"web-{number}" for number in range(6)]
    write_world(tmp_path, disks=dict.fromkeys(names, 0.97), delay=0.4)
    with robots(tmp_path) as address:
        settings = {**ONE_BY_ONE, "DINGTALK_WEBHOOK_URL": dingtalk_url(address)}
        with backend(tmp_path, **settings) as (client, process):
            run_id = client.post("/patrol/runs").json()["id"]
            wait_until(lambda: read_run(client, run_id)["looked"] >= 2)
            kill_group(process)
        write_world(tmp_path, disks=dict.fromkeys(names, 0.97))
        with backend(tmp_path, **settings) as (client, _process):
            wait_until(lambda: is_over(client, run_id))
            wait_until(lambda: count_waiting(client) == 0)
            run = read_run(client, run_id)

    shown = "\n".join(read_texts(tmp_path))
    assert (run["state"], run["looked"], run["opened"]) == ("finished", 6, 6)
    assert [shown.count(f"Alert: {name}: /var") for name in names] == [1] * 6
    assert "repetition" not in shown


def test_message_that_was_killed_under_way_is_sent_again_and_says_so(tmp_path: Path) -> None:
    write_world(tmp_path, disks={"web-1": 0.97})
    with robots(tmp_path, delay=1.0) as address:
        settings = {**ONE_BY_ONE, "DINGTALK_WEBHOOK_URL": dingtalk_url(address)}
        with backend(tmp_path, **settings) as (client, process):
            run_id = client.post("/patrol/runs").json()["id"]
            wait_until(lambda: is_over(client, run_id))
            wait_until(lambda: client.get("/notifications?state=sending").json()["items"] != [])
            kill_group(process)
        with backend(tmp_path, **settings) as (client, _process):
            wait_until(lambda: count_waiting(client) == 0)

    texts = read_texts(tmp_path)
    unmarked = [text for text in texts if "repetition" not in text]
    assert len(unmarked) <= 1
    assert len(texts) - len(unmarked) == 1
    assert "[may be a repetition] Alert: web-1" in "\n".join(texts)


def test_message_written_before_the_kill_and_not_yet_taken_is_sent_once(tmp_path: Path) -> None:
    write_world(tmp_path, disks={"web-1": 0.97})
    nowhere = {**ONE_BY_ONE, "DINGTALK_WEBHOOK_URL": "http://127.0.0.1:9/robot/send?access_token=token"}
    with backend(tmp_path, **nowhere) as (client, process):
        run_id = client.post("/patrol/runs").json()["id"]
        wait_until(lambda: is_over(client, run_id))
        # By then the attempts are seconds apart, and none of them is under way.
        wait_until(lambda: client.get("/notifications").json()["items"][0]["attempts"] >= 4)
        kill_group(process)
    with (
        robots(tmp_path) as address,
        backend(tmp_path, **{**ONE_BY_ONE, "DINGTALK_WEBHOOK_URL": dingtalk_url(address)}) as (client, _process),
    ):
        wait_until(lambda: count_waiting(client) == 0)

    [text] = read_texts(tmp_path)
    assert "repetition" not in text
