"""Tables as the API server writes them: columns with a priority, rows with or without their object."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_int, read_maps, read_text
from k8s_mcp.cluster.access_limits import AccessLimits
from k8s_mcp.cluster.interfaces import NAMESPACES, ApiTable, Resource, TableRow
from k8s_mcp.errors import RequestRefused

_KIND = "Table"


def parse_table(document: JsonObject, *, namespace: str) -> ApiTable:
    """One page. Columns of a priority above 0 are for wide screens and left out.

    Raises RequestRefused when the answer is no table: an extension server may not know the form.
    """
    if read_text(document, "kind") != _KIND:
        raise RequestRefused("The API server behind this kind writes no tables; k8s-describe-resource shows one object")
    definitions = read_maps(document, "columnDefinitions")
    shown = [index for index, each in enumerate(definitions) if not read_int(each, "priority")]
    rows = []
    for row in read_maps(document, "rows"):
        cells = row.get("cells") or []
        kept = tuple(cells[index] for index in shown if index < len(cells))
        source = row.get("object")
        name = name_of(source) or str(kept[0] if kept else "")
        rows.append(TableRow(namespace_of(source) or namespace, name, kept))
    return ApiTable(tuple(read_text(definitions[index], "name") for index in shown), tuple(rows))


def join_tables(tables: Sequence[ApiTable], resource: Resource, *, limits: AccessLimits, is_complete: bool) -> ApiTable:
    """All pages, without the rows of namespaces that the operator denies."""
    rows = [
        row
        for table in tables
        for row in table.rows
        if not limits.denies_namespace(row.name if resource == NAMESPACES else row.namespace)
    ]
    return ApiTable(tables[0].columns if tables else (), tuple(rows), is_complete)
