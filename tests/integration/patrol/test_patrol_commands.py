"""`ding-robot patrol` and `ding-robot status` as a person types them."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from backend.status_program import advise, guess_format
from backend.watch_program import read_settings
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


@pytest.fixture(scope="module")
def patrolled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    """A data directory after a patrol, and what that printed."""
    folder = tmp_path_factory.mktemp("patrolled")
    write_world(folder, disks={"web-1": 0.4, "db-1": 0.97})
    return folder, run_command("patrol", "--once", folder=folder)


def test_once_prints_what_is_wrong_and_says_so_by_its_exit_code(patrolled: tuple[Path, CompletedProcess[str]]) -> None:
    _folder, found = patrolled

    assert found.returncode == 1
    assert "CRITICAL db-1: /var is 97% full" in found.stdout
    assert "du -xh --max-depth=2 /var" in found.stdout
    assert "[2/2]" in found.stderr


def test_once_as_json_is_one_object(patrolled: tuple[Path, CompletedProcess[str]]) -> None:
    found = run_command("patrol", "--once", "--json", folder=patrolled[0])

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


def test_status_that_is_not_delivered_gives_exit_code_1_and_keeps_the_report(
    patrolled: tuple[Path, CompletedProcess[str]],
) -> None:
    folder, _found = patrolled
    with robots(folder) as address:
        wrong = f"{address}/robot/send?access_token=another"
        found = run_command("status", "--no-look", "--webhook", wrong, folder=folder)

    assert found.returncode == 1
    assert "token is not exist" in found.stderr


def test_status_writes_a_page_where_the_file_is_called_so(patrolled: tuple[Path, CompletedProcess[str]]) -> None:
    folder, _found = patrolled

    found = run_command("status", "--no-look", "--output", str(folder / "report.html"), folder=folder)

    written = (folder / "report.html").read_text()
    assert found.returncode == 0
    assert written.startswith("<!doctype html>")
    assert "/var 97%" in written


@pytest.mark.parametrize(
    ("name", "expected"),
    [("r.html", "html"), ("r.HTM", "html"), ("r.json", "json"), ("r.md", "markdown"), ("r", "markdown")],
)
def test_form_of_a_report_follows_from_the_name_of_its_file(name: str, expected: str) -> None:
    assert guess_format(Path(name)) == expected


@pytest.mark.parametrize(
    ("reason", "setting"),
    [
        ("310000 keywords not in content", "DINGTALK_KEYWORD"),
        ("19024 Key Words Not Found", "FEISHU_KEYWORD"),
        ("310000 sign not match", "DINGTALK_SECRET"),
        ("19021 sign match fail or timestamp is not within one hour", "FEISHU_SECRET"),
    ],
)
def test_refusal_of_a_robot_is_answered_with_the_setting_that_mends_it(reason: str, setting: str) -> None:
    assert setting in advise(reason)


def test_webhook_that_is_no_address_is_refused() -> None:
    with pytest.raises(SystemExit, match="put it in quotes"):
        read_settings(webhook="oapi.dingtalk.com", language=None)
