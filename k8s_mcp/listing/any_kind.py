"""Rows of k8s-get-resources: any kind, in the columns the API server chose, what looks abnormal first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from k8s_mcp.cluster.interfaces import ApiTable, Resource, TableRow
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape
from k8s_mcp.results import Cell
from mcp_kit.redaction import HIDDEN, is_credential_name
from mcp_kit.sanitising import sanitise_line

_MAX_CELL = 200
_READY = re.compile(r"(\d+)/(\d+)")
_STATUS_COLUMNS = ("status", "phase", "state", "health")
_TRUTH_COLUMNS = frozenset({"ready", "synced", "available", "healthy", "established", "accepted"})
"""Columns in which custom kinds show a condition: False there is bad."""

_BAD_STATUS = re.compile(
    r"(?i)(fail|error|lost|unknown|degraded|notready|backoff|unavailable|pending|denied|outofsync|missing|evicted|oom)"
)
_WORD_GAPS = re.compile(r"[^A-Za-z0-9]+")


def shape_of(resource: Resource, table: ApiTable) -> TableShape:
    columns = ["namespace", *map(_to_key, table.columns)] if resource.is_namespaced else map(_to_key, table.columns)
    return TableShape(kind=f"{resource.kind}List", noun=resource.qualified_name, columns=tuple(columns))


def make_rows(resource: Resource, table: ApiTable) -> list[Row]:
    keys = [_to_key(column) for column in table.columns]
    return [_make_row(resource, row, keys) for row in table.rows]


def _make_row(resource: Resource, row: TableRow, keys: Sequence[str]) -> Row:
    cells = [_show(key, cell) for key, cell in zip(keys, row.cells, strict=False)]
    cells += [""] * (len(keys) - len(cells))
    by_key = dict(zip(keys, map(str, cells), strict=True))
    place = (row.namespace,) if resource.is_namespaced else ()
    return Row(
        key=(row.namespace, row.name),
        cells=(*place, *cells),
        status=_status_of(by_key),
        is_abnormal=is_abnormal(by_key),
    )


def is_abnormal(cells: dict[str, str]) -> bool:
    """Whether the columns say that something is wrong: a bad word as status, fewer ready than wanted, Ready False."""
    if any(cells.get(key, "") in {"False", "false"} for key in _TRUTH_COLUMNS):
        return True
    if any(_BAD_STATUS.search(cells.get(key, "")) for key in _STATUS_COLUMNS):
        return True
    counted = _READY.fullmatch(cells.get("ready", ""))
    is_finished = cells.get("status", "") in {"Completed", "Succeeded", "Complete"}
    return bool(counted) and not is_finished and counted is not None and int(counted[1]) < int(counted[2])


def _status_of(cells: dict[str, str]) -> str:
    for key in _STATUS_COLUMNS:
        if cells.get(key):
            return cells[key]
    ready = cells.get("ready", "")
    if ready in {"True", "False"}:
        return "Ready" if ready == "True" else "NotReady"
    counted = _READY.fullmatch(ready)
    return ("Ready" if int(counted[1]) >= int(counted[2]) else "NotReady") if counted else "present"


def _show(key: str, cell: object) -> Cell:
    """Custom kinds choose their columns themselves, a password among them if they like."""
    if cell is None:
        return ""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    text = sanitise_line(str(cell), max_characters=_MAX_CELL)
    return HIDDEN if text and is_credential_name(key) else text


def _to_key(column: str) -> str:
    return _WORD_GAPS.sub("_", column).strip("_").lower()
