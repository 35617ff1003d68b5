"""How far the loop may go by itself in the whole org: the newest row wins."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.settings import Mode, OrgMode
from hivemind_skillopt.store.changes import next_change
from hivemind_skillopt.store.rows import BROKEN_CELL, known_word
from hivemind_skillopt.store.schema import org_modes


def org_mode(connection: Connection, org: str) -> OrgMode:
    """`auto` by nobody where none was set. Raises StoreTooNew; StoreError for a row that nobody here wrote."""
    newest = select(org_modes).where(org_modes.c.org == org).order_by(org_modes.c.change.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    if row is None:
        return OrgMode()
    try:
        return OrgMode(known_word(Mode, row["mode"], "mode"), str(row["set_by"]), int(row["set_at"]))
    except BROKEN_CELL:
        mend = "set the mode again with `store mode`, or have the row removed"
        raise StoreError(f"the newest row of org_modes in the org store is damaged; {mend}") from None


def set_org_mode(connection: Connection, org: str, mode: OrgMode) -> None:
    """Add a row."""
    row = {"mode": mode.mode.value, "set_by": mode.set_by, "set_at": mode.set_at}
    connection.execute(insert(org_modes), {"org": org, "change": next_change(connection, org), **row})
