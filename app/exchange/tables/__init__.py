"""Tables as others publish them: opened, bounded, decoded, row by row as text."""

from app.exchange.tables.opening import open_table
from app.exchange.tables.table import BadRow, Bounds, Row, Table, UnreadableTable

__all__ = ["BadRow", "Bounds", "Row", "Table", "UnreadableTable", "open_table"]
