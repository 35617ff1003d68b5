"""What people say of invocations: append-only, the newest of each invocation counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from hivemind_skillopt.model import Annotation, Invocation
from hivemind_skillopt.store.changes import next_change
from hivemind_skillopt.store.dialect import insert_into
from hivemind_skillopt.store.records import rows_that_begin
from hivemind_skillopt.store.rows import from_row, to_row
from hivemind_skillopt.store.rules import only_invocation
from hivemind_skillopt.store.schema import annotation_table as said
from hivemind_skillopt.store.schema import invocations


def add_annotation(connection: Connection, org: str, annotation: Annotation) -> None:
    """One row more; none for an id that is there."""
    row = to_row(org, annotation) | {"change": next_change(connection, org)}
    connection.execute(
        insert_into(connection, said).on_conflict_do_nothing(index_elements=[said.c.org, said.c.id]), row
    )


def newest_annotations(connection: Connection, org: str, invocation_ids: Sequence[str]) -> dict[str, Annotation]:
    """By invocation; by order of writing, because the clocks of two machines differ."""
    wanted = (said.c.org == org, said.c.invocation_id.in_(invocation_ids))
    rows = connection.execute(select(said).where(*wanted).order_by(said.c.change)).mappings()
    return {row["invocation_id"]: from_row(Annotation, dict(row)) for row in rows}


def find_invocation(connection: Connection, org: str, id_start: str) -> Invocation:
    """The one whose id begins so. Raises NotFound."""
    rows = rows_that_begin(connection, invocations, org, id_start)
    return only_invocation([from_row(Invocation, row) for row in rows], id_start)
