"""The chain: whole as written, and every change to it is found at the first record it touches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_chain.chain import (
    MAX_DETAILS_BYTES,
    Entry,
    Fault,
    FaultKind,
    Head,
    Record,
    find_first_fault,
    link,
    make_entry,
    write_canonical,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
details = st.dictionaries(texts, json_values, max_size=4)
entries = st.builds(
    lambda actor, action, subject, detail, seconds: make_entry(
        at=NOON + timedelta(seconds=seconds), actor=actor, action=action, subject=subject, details=detail, redact=str
    ),
    texts,
    st.sampled_from(["tool.finished", "login.failed"]),
    texts,
    details,
    st.floats(0, 10**6),
)


def build_chain(items: list[Entry]) -> list[Record]:
    chain: list[Record] = []
    head = Head()
    for entry in items:
        chain.append(link(entry, after=head))
        head = Head(seq=chain[-1].seq, hash=chain[-1].hash)
    return chain


@given(st.lists(entries, max_size=8))
def test_untouched_chain_is_whole(items: list[Entry]) -> None:
    chain = build_chain(items)

    head, fault = find_first_fault(chain, after=Head())

    assert fault is None
    assert head.seq == len(items)


@given(st.lists(entries, min_size=1, max_size=8), st.data())
def test_any_changed_field_is_found_where_it_is(items: list[Entry], data: st.DataObject) -> None:
    chain = build_chain(items)
    position = data.draw(st.integers(0, len(chain) - 1))
    record = chain[position]
    changed = data.draw(
        st.sampled_from(
            [
                replace(record, entry=replace(record.entry, actor=record.entry.actor + "x")),
                replace(record, entry=replace(record.entry, action="tool.sent")),
                replace(record, entry=replace(record.entry, subject=record.entry.subject + "x")),
                replace(record, entry=replace(record.entry, details=record.entry.details + " ")),
                replace(record, entry=replace(record.entry, at=record.entry.at + timedelta(microseconds=1))),
                replace(record, hash="f" * 64),
                replace(record, previous_hash="f" * 64),
            ]
        )
    )
    chain[position] = changed

    head, fault = find_first_fault(chain, after=Head())

    assert (head.seq, fault) == (position, Fault(seq=position + 1, kind=FaultKind.ALTERED))


@given(st.lists(entries, min_size=2, max_size=8), st.data())
def test_removed_record_is_named(items: list[Entry], data: st.DataObject) -> None:
    chain = build_chain(items)
    position = data.draw(st.integers(0, len(chain) - 2))
    del chain[position]

    _head, fault = find_first_fault(chain, after=Head())

    assert fault == Fault(seq=position + 1, kind=FaultKind.MISSING)


@given(st.lists(entries, min_size=2, max_size=8), st.data())
def test_record_that_was_rewritten_with_a_fitting_hash_breaks_the_next(items: list[Entry], data: st.DataObject) -> None:
    chain = build_chain(items)
    position = data.draw(st.integers(0, len(chain) - 2))
    record = chain[position]
    before = Head() if position == 0 else Head(seq=chain[position - 1].seq, hash=chain[position - 1].hash)
    chain[position] = link(replace(record.entry, actor=record.entry.actor + "x"), after=before)

    _head, fault = find_first_fault(chain, after=Head())

    assert fault == Fault(seq=position + 2, kind=FaultKind.FORKED)


@given(details, details)
def test_canonical_form_does_not_depend_on_order(left: dict[str, Any], right: dict[str, Any]) -> None:
    one = {"a": str(left), "b": str(right)}
    other = {"b": str(right), "a": str(left)}

    assert write_canonical(one) == write_canonical(other)
    assert write_canonical(one).isascii()


def test_nobody_can_forge_a_second_line() -> None:
    entry = make_entry(at=NOON, actor="amy\n2026 admin", action="x", subject="a\x00b\u202ec", details={}, redact=str)

    assert entry.actor == "amy�2026 admin"
    assert entry.subject == "a�b�c"


def test_details_are_redacted_wherever_they_stand() -> None:
    entry = make_entry(
        at=NOON,
        actor="amy",
        action="x",
        subject="hunter2",
        details={"a": ["hunter2"], "b": {"hunter2": "say hunter2"}},
        redact=lambda text: text.replace("hunter2", "***"),
    )

    assert "hunter2" not in repr(entry)


@pytest.mark.parametrize("value", ["x" * 10**6, ["y" * 900] * 90, {str(number): "z" * 500 for number in range(90)}])
def test_details_are_bounded(value: Any) -> None:
    entry = make_entry(at=NOON, actor="amy", action="x", subject="y", details={"v": value}, redact=str)

    assert len(entry.details) <= MAX_DETAILS_BYTES
