"""`ding-robot patrol` and `ding-robot status` as a person types them."""

import json
from pathlib import Path

import pytest

from tests.integration.patrol.processes import (
    dingtalk_url,
    read_shown,
    read_texts,
    robots,
    run_command,
    write_world,
)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_world(tmp_path, disks={"web-1": 0.4, "db-1": 0.97})
    return tmp_path


def test_once_prints_what_is_wrong_and_says_so_by_its_exit_code(folder: Path) -> None:
    found = run_command("patrol", "--once", folder=folder)

    assert found.returncode == 1
    assert "CRITICAL db-1: /var is 97% full" in found.stdout
    assert "du -xh --max-depth=2 /var" in found.stdout
    assert "[2/2]" in found.stderr


def test_once_as_json_is_one_object(folder: Path) -> None:
    found = run_command("patrol", "--once", "--json", folder=folder)

    body = json.loads(found.stdout)
    assert body["run"]["state"] == "finished"
    assert [(item["target"]["id"], item["check"]) for item in body["findings"]] == [("db-1", "disk-usage")]


def test_healthy_hosts_give_exit_code_0(folder: Path) -> None:
    write_world(folder, disks={"web-1": 0.4})

    found = run_command("patrol", "--once", folder=folder)

    assert (found.returncode, found.stdout) == (0, "Nothing is wrong with what could be looked at.\n")


def test_nothing_that_can_be_looked_at_gives_exit_code_2(folder: Path) -> None:
    hosts = {"web-1": {"error": "host key is not known", "error_kind": "host_key"}}
    (folder / "world.json").write_text(json.dumps({"hosts": hosts}))

    found = run_command("patrol", "--once", folder=folder)

    assert found.returncode == 2
    assert "Nothing could be looked at" in found.stdout
    assert "host key is not known" in found.stderr


def test_once_tells_the_group_of_the_webhook(folder: Path) -> None:
    with robots(folder) as address:
        run_command("patrol", "--once", "--webhook", dingtalk_url(address), folder=folder)
        again = run_command("patrol", "--once", "--webhook", dingtalk_url(address), folder=folder)

    [text] = read_texts(folder)
    assert "Alert: db-1: /var is 97% full" in text
    assert again.returncode == 1


def test_status_sends_the_report_to_the_webhook_and_nothing_else(folder: Path) -> None:
    with robots(folder) as address:
        sent = run_command("status", "--webhook", dingtalk_url(address), "--language", "zh", folder=folder)
        feishu = f"{address}/open-apis/bot/v2/hook/abc"
        run_command("status", "--webhook", feishu, "--no-look", folder=folder)

    dingtalk, card = read_shown(folder)
    text = dingtalk["markdown"]["text"]
    assert sent.returncode == 0
    assert "健康日报" in text
    assert "- **db-1** · 状态 有问题 · CPU 20% · 内存 37% · 每核负载 0.1 · 最满磁盘 /var 97% · 问题 1 严重" in text
    tables = [element for element in card["card"]["body"]["elements"] if element["tag"] == "table"]
    assert tables[0]["rows"][0]["c0"] == "db-1"


def test_status_that_is_not_delivered_gives_exit_code_1_and_keeps_the_report(folder: Path) -> None:
    with robots(folder) as address:
        wrong = f"{address}/robot/send?access_token=another"
        found = run_command("status", "--webhook", wrong, folder=folder)

    assert found.returncode == 1
    assert "token is not exist" in found.stderr


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("report.html", "<!doctype html>"), ("report.md", "# Health report"), ("report.json", "{")],
)
def test_status_writes_a_file_in_the_form_of_its_name(folder: Path, name: str, beginning: str) -> None:
    found = run_command("status", "--output", str(folder / name), folder=folder)

    written = (folder / name).read_text()
    assert found.returncode == 0
    assert written.startswith(beginning)
    assert "/var 97%" in written or '"disk"' in written


def test_webhook_that_is_no_address_is_refused(folder: Path) -> None:
    found = run_command("status", "--webhook", "oapi.dingtalk.com", folder=folder)

    assert found.returncode == 1
    assert "put it in quotes" in found.stderr
