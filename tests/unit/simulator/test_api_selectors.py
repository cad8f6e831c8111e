"""Label and field selectors."""

import pytest

from simulator.store import SelectorError, matches_label_selector, parse_field_selector, parse_label_selector

LABELS = {"app": "web", "tier": "front", "size": "3"}


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=front", True),
        ("app!=web", False),
        ("colour!=red", True),
        ("app in (web, api)", True),
        ("app notin (web),tier=front", False),
        ("colour notin (red)", True),
        ("app", True),
        ("!app", False),
        ("!colour", True),
        ("size>2", True),
        ("size<2", False),
        ("app>2", False),
    ],
)
def test_label_selectors_select(text: str, selects: bool) -> None:
    assert parse_label_selector(text).accepts(LABELS) is selects


@pytest.mark.parametrize("text", ["app in web", "(x", "app=we b", "-app=web", "app=-x", ","])
def test_what_is_no_label_selector_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        parse_label_selector(text)


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("status.phase=Running", True),
        ("status.phase!=Running", False),
        ("status.phase==Running,spec.nodeName=", True),
        ("spec.hostNetwork=true", True),
    ],
)
def test_field_selectors_select(text: str, selects: bool) -> None:
    pod = {"spec": {"hostNetwork": True}, "status": {"phase": "Running"}}

    assert parse_field_selector(text).accepts(pod) is selects


def test_what_is_no_field_selector_is_refused() -> None:
    with pytest.raises(SelectorError, match="can't understand 'running'"):
        parse_field_selector("running")


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_selector_objects_select(selector: dict[str, object] | None, selects: bool) -> None:
    assert matches_label_selector(selector, LABELS) is selects
