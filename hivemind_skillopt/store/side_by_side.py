"""The same table of two stores, row by row: what the second lacks, and that it has nothing else."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from sqlalchemy import Connection, Table

from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.store.schema import org_changes
from hivemind_skillopt.store.snapshot import Cells, canonical, rows

Key = tuple[str | int, ...]


def side_by_side(source: Connection, target: Connection, table: Table) -> Generator[tuple[Cells, bool], None, None]:
    """Each row of FROM, and whether TO has it. Raises StoreError for a row that TO has alone, or otherwise.

    Both come in the order of their keys, which Python compares as the databases do: text by code points.
    """
    with closing(rows(source, table)) as ours, closing(rows(target, table)) as theirs:
        other = next(theirs, None)
        for cells in ours:
            if other is not None and _key(table, other) < _key(table, cells):
                raise _diverged(table, other)
            if other is None or _key(table, other) != _key(table, cells):
                yield cells, False
                continue
            yield cells, _has(table, cells, other)
            other = next(theirs, None)
        if other is not None:
            raise _diverged(table, other)


def _key(table: Table, cells: Cells) -> Key:
    columns = table.c.keys()
    values = (cells[columns.index(column.name)] for column in table.primary_key)
    return tuple(value if isinstance(value, int) else str(value) for value in values)


def _has(table: Table, ours: Cells, other: Cells) -> bool:
    """An org's last change number only ever rises: TO may still have an earlier one."""
    if canonical(ours) == canonical(other):
        return True
    if table is org_changes and int(str(other[1])) < int(str(ours[1])):
        return False
    raise _diverged(table, other)


def _diverged(table: Table, cells: Cells) -> StoreError:
    key = ", ".join(map(str, _key(table, cells)))
    words = f"TO has a row in '{table.name}' ({key}) that FROM does not have, or has otherwise"
    return StoreError(f"{words}; nothing was copied: give it an empty database, and pause the loop meanwhile")
