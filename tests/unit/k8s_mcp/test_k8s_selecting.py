"""Selectors mean here what they mean to the API server."""

from __future__ import annotations

import pytest

from k8s_diagnosis.text.names import InvalidName
from k8s_mcp.selecting.fields import check_field_selector, parse_field_selector
from k8s_mcp.selecting.labels import SelectorNotUnderstood, check_label_selector, parse_label_selector
from simulator.store import parse_label_selector as as_the_server_reads_it

LABELS = [{}, {"app": "web"}, {"app": "web", "tier": "front"}, {"app": "db", "tier": "back"}, {"app": ""}]


@pytest.mark.parametrize(
    "selector",
    [
        "app=web",
        "app==web",
        "app!=web",
        "app",
        "!app",
        "! app",
        "app in (web,db)",
        "app in (web, db),tier=front",
        "app notin (web)",
        "app=web,tier!=back",
        "app.kubernetes.io/name=web",
        "app=",
        " app = web , !canary ",
    ],
)
def test_label_selector_chooses_what_the_server_would_choose(selector: str) -> None:
    test = parse_label_selector(check_label_selector(selector))
    server = as_the_server_reads_it(selector)

    assert [test(labels) for labels in LABELS] == [server.accepts(labels) for labels in LABELS]


@pytest.mark.parametrize("selector", ["app>1", "weight<5"])
def test_selector_that_only_the_server_understands_is_valid_and_left_to_it(selector: str) -> None:
    assert check_label_selector(selector) == selector
    with pytest.raises(SelectorNotUnderstood):
        parse_label_selector(selector)


@pytest.mark.parametrize("selector", ["", "=", "-l app", "app in web", "app=(a)", "../x", "a b", "app=web;rm", "a,,b"])
def test_text_that_is_no_label_selector_is_refused(selector: str) -> None:
    with pytest.raises(InvalidName):
        check_label_selector(selector)


def test_field_selector_is_judged_where_its_fields_are_plain() -> None:
    pod = {"metadata": {"name": "web"}, "spec": {"nodeName": "node-1"}, "status": {"phase": "Running"}}

    test = parse_field_selector("spec.nodeName=node-1,status.phase!=Failed")

    assert test is not None
    assert test(pod)
    assert not test({**pod, "status": {"phase": "Failed"}})
    assert parse_field_selector("spec.restartPolicy=Always") is None


@pytest.mark.parametrize("selector", ["", "x", "a=b,", "--field=x", "spec.nodeName=../x"])
def test_text_that_is_no_field_selector_is_refused(selector: str) -> None:
    with pytest.raises(InvalidName):
        check_field_selector(selector)
