"""The dashboard on the simulated hosts, in a real browser."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
FULL_DISK = re.compile(r"postgresql 已使用 9\d%")

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def patrol(page: Page) -> None:
    """One patrol from a click to its end; another may be at work already."""
    page.get_by_role("button", name="立即巡检").click()
    ends = page.get_by_role("log").get_by_text("巡检完成")
    expect(ends.last).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="立即巡检")).to_be_visible()


def find_disk_fault(page: Page) -> Locator:
    heads = page.get_by_role("button", name=FULL_DISK)
    return page.get_by_role("region", name="问题").get_by_role("listitem").filter(has=heads)


def find_violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    result: dict[str, Any] = page.evaluate(f"axe.run({{runOnly: {RULES}}})")  # Any: JSON
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in result["violations"]]


def test_full_disk_is_found_by_a_patrol_explained_acknowledged_and_asked_about(demo: str, page: Page) -> None:
    page.goto(f"{demo}/spa/dashboard")

    patrol(page)

    # The host shows the fault with its figures, the finding with its cause and fix.
    host = page.get_by_role("listitem", name="db-1")
    expect(host).to_contain_text("严重")
    expect(host.get_by_role("meter", name="db-1 /var/lib/postgresql")).to_have_attribute(
        "aria-valuenow", re.compile(r"9\d")
    )
    finding = find_disk_fault(page)
    finding.get_by_role("button", name=FULL_DISK).click()
    expect(finding).to_contain_text("原因")
    expect(finding).to_contain_text("du -xh")
    finding.get_by_role("button", name="确认处理").click()
    page.get_by_label("备注").fill("正在清理")
    page.keyboard.press("Enter")
    expect(finding).to_contain_text("local 处理中")
    assert find_violations(page) == []

    # It stays so for everybody, and the robot takes the question over.
    page.reload()
    expect(finding).to_contain_text("正在清理")
    finding.get_by_role("link", name="询问机器人").click()
    expect(page.get_by_role("textbox", name="消息")).to_have_value(re.compile("db-1.*/var/lib/postgresql"))


def test_pages_fit_a_phone_in_the_dark_without_an_accessibility_violation(demo: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 720}, color_scheme="dark", locale="zh-CN")
    context.set_default_timeout(20_000)
    page = context.new_page()
    found = {}
    for path, ready in (("dashboard", "db-1"), ("tools", "k8s-get-pods"), ("audit", "patrol")):
        page.goto(f"{demo}/spa/{path}")
        expect(page.get_by_text(ready).first).to_be_attached()
        wide = page.evaluate("document.documentElement.scrollWidth") > 375
        found[path] = [*find_violations(page), *(["wider than the screen"] if wide else [])]
    context.close()

    assert found == {"dashboard": [], "tools": [], "audit": []}
