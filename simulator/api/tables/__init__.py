"""Tables for people: the columns `kubectl get` shows, computed by the server."""

from simulator.api.tables.columns import Column, TablePrinter
from simulator.api.tables.rendering import encode_table, find_printer, table_event

__all__ = ["Column", "TablePrinter", "encode_table", "find_printer", "table_event"]
