"""What differs between two states of an object, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.changes.difference import FieldChange, compare
from k8s_mcp.changes.reversal import write_manifest, write_reverse_patch
from simulator.api.patching import apply_json_patch

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("xy/~.", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)
SPECS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


def item(spec: JsonObject, **more: Any) -> JsonObject:  # Any: JSON
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec, **more}


def fields(before: JsonObject, after: JsonObject) -> list[tuple[str, str | None, str | None]]:
    return [(each.field, each.before, each.after) for each in compare(item(before), item(after))]


def test_values_are_named_by_their_path() -> None:
    assert fields({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3, "d": True}}) == [
        ("spec.a.c", "2", "3"),
        ("spec.a.d", None, "true"),
    ]


def test_entries_of_lists_are_told_apart_by_what_identifies_them() -> None:
    before = {"containers": [{"name": "web", "image": "a:1"}, {"name": "side", "image": "s"}]}
    after = {"containers": [{"name": "new", "image": "n"}, {"name": "web", "image": "a:2"}]}

    assert fields(before, after) == [
        ("spec.containers[web].image", "a:1", "a:2"),
        ("spec.containers[side].name", "side", None),
        ("spec.containers[side].image", "s", None),
        ("spec.containers[new].name", None, "new"),
        ("spec.containers[new].image", None, "n"),
    ]


def test_mounts_of_one_volume_are_told_apart_by_their_path() -> None:
    mounts = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]

    assert fields({"m": mounts}, {"m": [mounts[0], {**mounts[1], "readOnly": True}]}) == [
        ("spec.m[/b].readOnly", None, "true")
    ]


def test_another_order_alone_is_said_to_be_one() -> None:
    entries = [{"name": "a"}, {"name": "b"}]

    assert fields({"env": entries}, {"env": entries[::-1]}) == [("spec.env", "order a, b", "order b, a")]


def test_plain_lists_are_shown_whole() -> None:
    assert fields({"args": ["a"]}, {"args": ["a", "b"]}) == [("spec.args", '["a"]', '["a","b"]')]


def test_what_the_server_fills_in_is_no_difference() -> None:
    before = item({}, status={"ready": 1})
    before["metadata"] |= {"resourceVersion": "1", "generation": 1, "uid": "u", "managedFields": [{"manager": "x"}]}
    after = item({}, status={"ready": 2})
    after["metadata"] |= {"resourceVersion": "2", "generation": 2, "uid": "u", "managedFields": []}

    assert compare(before, after) == []


def test_new_object_shows_its_fields_and_not_its_name() -> None:
    assert compare(None, item({"a": 1})) == [FieldChange("spec.a", None, "1")]


def test_long_and_hostile_values_are_cut_and_cleaned() -> None:
    [(_, _, after)] = fields({}, {"a": "x" * 1000 + "\x1b[31m\u202e"})

    assert after is not None
    assert len(after) == 160
    assert "\x1b" not in after


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "Secret", "data": {"password": "aHVudGVyMg=="}},
        {"kind": "Secret", "stringData": {"any": "hunter2"}},
        {"kind": "ConfigMap", "data": {"api_key": "hunter2"}},
        {"kind": "Pod", "spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]}},
        {"kind": "Pod", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}}},
        {"kind": "Pod", "metadata": {"annotations": {"example.com/token": "hunter2"}}},
        {"kind": "Pod", "spec": {"containers": [{"args": ["--password=hunter2"]}]}},
        {"kind": "Pod", "spec": {"containers": [{"env": [{"name": "DSN", "value": "postgres://u:hunter2@db"}]}]}},
    ],
)
def test_secret_values_are_in_no_difference(source: JsonObject) -> None:
    shown = json.dumps([[each.before, each.after] for each in compare(None, source)])

    assert "hunter2" not in shown
    assert "aHVudGVyMg" not in shown


def test_changed_secret_still_shows_as_changed() -> None:
    [change] = compare({"kind": "Secret", "data": {"a": "b25l"}}, {"kind": "Secret", "data": {"a": "dHdv"}})

    assert change.before != change.after


def test_secret_of_which_nothing_may_be_shown_is_said_to_change() -> None:
    def pod(value: str) -> JsonObject:
        return {"kind": "Pod", "spec": {"containers": [{"name": "c", "env": [{"name": "TOKEN", "value": value}]}]}}

    [change] = compare(pod("hunter2"), pod("hunter3"))

    assert change == FieldChange("spec.containers[c].env[TOKEN].value", "[redacted]", "[redacted] (changed)")


@given(SPECS, SPECS)
def test_reverse_patch_leads_back_to_every_state(before: JsonObject, after: JsonObject) -> None:
    patch = write_reverse_patch(item(before), item(after))

    if patch is not None:
        assert apply_json_patch(item(after), json.loads(patch)) == item(before)
    else:
        assert before == after


@given(SPECS, SPECS)
def test_no_difference_means_equal_objects(before: JsonObject, after: JsonObject) -> None:
    assert (compare(item(before), item(after)) == []) == (before == after)


def test_way_back_that_would_show_a_secret_is_not_written() -> None:
    before = {"kind": "Pod", "metadata": {}, "spec": {"containers": [{"env": [{"name": "TOKEN", "value": "hunter2"}]}]}}
    after: JsonObject = {"kind": "Pod", "metadata": {}, "spec": {"containers": []}}

    assert write_reverse_patch(before, after) is None
    assert write_manifest(before) is None


def test_way_back_that_nobody_would_read_is_not_written() -> None:
    assert write_reverse_patch(item({"a": "x" * 3000}), item({})) is None
