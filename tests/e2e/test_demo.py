"""What `make demo` promises, in a real browser."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Page, expect

from simulator.world import load_scenarios
from tests.fakes.product import product

ROOT = Path(__file__).parents[2]
POD_SCENARIOS = [
    scenario
    for scenario in load_scenarios(None)
    if scenario.namespaces == ("default",) and "Deployment" in scenario.subject
]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="消息").fill(question)
    page.get_by_role("button", name="发送").click()


def wait_until_answered(page: Page) -> None:
    """The answer's marks and its last line come when the run is over."""
    expect(page.get_by_role("button", name="复制回答").last).to_be_visible()


def read_ready(address: str, deployment: str) -> Any:  # Any: a table cell
    """The READY cell of a Deployment, asked for through the product's own API."""
    session = _post(f"{address}/api/v2/sessions", {})
    run = _post(f"{address}/api/v2/sessions/{session['id']}/runs", {"message": "list deployments in default"})
    with urllib.request.urlopen(f"{address}/api/v2/runs/{run['run_id']}/events", timeout=20) as stream:
        stream.read()
    with urllib.request.urlopen(f"{address}/api/v2/sessions/{session['id']}/messages", timeout=20) as response:
        blocks = json.load(response)["items"][-1]["blocks"]
    table = next(block["structured"] for block in blocks if block["type"] == "tool_call")
    keys = table["columns"]
    row = next(row for row in table["rows"] if row[keys.index("name")] == deployment)
    return row[keys.index("ready")]


def _post(url: str, body: dict[str, Any]) -> Any:  # Any: JSON
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def test_broken_pods_are_named_with_the_causes_of_the_ground_truth(demo: str, page: Page) -> None:
    page.goto(f"{demo}/spa/")

    ask(page, "default 命名空间里有哪些 Pod 不正常?为什么?")

    answer = page.get_by_role("article", name="机器人").last
    expect(answer).to_contain_text("规则模式")
    text = answer.inner_text()
    assert len(POD_SCENARIOS) >= 5
    for scenario in POD_SCENARIOS:
        assert scenario.id in text
        assert scenario.object_at_fault.rsplit("/", 1)[1] in text


def test_scaling_waits_for_approval_and_then_five_pods_run(demo: str, page: Page) -> None:
    page.goto(f"{demo}/spa/")
    ask(page, "scale web to 5")
    card = page.get_by_role("group", name="把 Deployment default/web 从 3 个副本调整为 5 个？")
    expect(card).to_be_visible()
    expect(card).to_contain_text("将启动 2 个 Pod")
    ready_before = read_ready(demo, "web")

    card.get_by_role("button", name="批准并执行").click()

    # The tool answers when the new pods are ready, or when it has waited long enough for them.
    answer = page.get_by_role("article", name="机器人").last
    expect(answer).to_contain_text("scaled from 3 to 5", timeout=40_000)
    assert ready_before == "3/3"
    for _ in range(100):
        if read_ready(demo, "web") == "5/5":
            break
        page.wait_for_timeout(200)
    assert read_ready(demo, "web") == "5/5"


def test_answer_is_still_there_after_a_reload_and_found_by_search(demo: str, page: Page) -> None:
    page.goto(f"{demo}/spa/")
    ask(page, "payments 里的 fraud-check 服务为什么不通?")
    wait_until_answered(page)
    expect(page.get_by_role("article", name="机器人").last).to_contain_text("service-selector-no-match")
    before = page.get_by_role("article", name="机器人").last.inner_text()

    page.reload()
    wait_until_answered(page)

    assert page.get_by_role("article", name="机器人").last.inner_text() == before
    page.get_by_label("搜索会话和消息").fill("fraud-checker")
    expect(page.get_by_role("navigation", name="会话").get_by_role("link")).to_have_count(1)


def test_page_speaks_english_and_goes_dark(demo: str, page: Page) -> None:
    page.goto(f"{demo}/spa/")

    page.get_by_text("English", exact=True).click()

    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def test_page_fits_a_phone(demo: str, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 720})
    page.goto(f"{demo}/spa/")

    ask(page, "default 命名空间里有哪些 Pod 不正常?为什么?")
    expect(page.get_by_role("article", name="机器人").last).to_contain_text("规则模式")

    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_page_has_no_accessibility_violation(demo: str, page: Page) -> None:
    page.goto(f"{demo}/spa/")
    ask(page, "payments 里的 fraud-check 服务为什么不通?")
    expect(page.get_by_role("article", name="机器人").last).to_contain_text("规则模式")

    page.evaluate((ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text())
    result = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")

    assert [violation["id"] for violation in result["violations"]] == []


def test_demo_that_is_killed_leaves_no_simulator_behind(tmp_path: Path) -> None:
    with product("demo", data=tmp_path, OPENAI_API_KEY="", LLM_BASE_URL="") as (_address, process):
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()

        _gone, alive = psutil.wait_procs(children, timeout=10)

    assert len(children) >= 2
    assert alive == []
