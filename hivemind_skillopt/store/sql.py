"""The org store in a SQL database. Every method is one transaction; driver errors become one line for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection, Engine, insert

from hivemind_skillopt.errors import ParentMoved, RowRefused
from hivemind_skillopt.model import (
    Annotation,
    Attribution,
    Invocation,
    Policy,
    Proposal,
    ProposalStatus,
    Publication,
    Record,
    SkillChange,
    SkillFolder,
    SkillRef,
    SkillVersion,
    Verdict,
)
from hivemind_skillopt.ports import OnUnreadable, SessionWords, SkillStore
from hivemind_skillopt.settings import OrgMode
from hivemind_skillopt.store import migrations, org_modes, publish, versions
from hivemind_skillopt.store.annotations import add_annotation, find_invocation, newest_annotations
from hivemind_skillopt.store.changes import as_changes, changed, next_change
from hivemind_skillopt.store.deadline import SECONDS
from hivemind_skillopt.store.folder_rules import check_folder
from hivemind_skillopt.store.records import (
    RowsOfRecords,
    add_rows,
    find_proposal,
    find_proposals,
    find_verdicts,
    forget_words,
    list_attributions,
    list_invocations,
    list_proposals,
    list_verdicts,
    rows_of_records,
    session_words,
)
from hivemind_skillopt.store.rows import Tell
from hivemind_skillopt.store.schema import policies
from hivemind_skillopt.store.transaction import TOO_LARGE, RowTaken, transaction


class SqlStore(SkillStore):
    """The rows of one org. Safe to share between threads. The first use prepares it.

    `own`: nobody but this machine uses the store, so a newer program may change its schema unasked. `tell`: is told
    once of each row that cannot be read and was left out of a list. `deadline`: seconds of one transaction on a server;
    a migration may take longer.
    """

    def __init__(
        self, engine: Engine, org: str, *, own: bool, tell: Tell | None = None, deadline: float = SECONDS
    ) -> None:
        self._engine = engine
        self._tell_once = tell
        self._told: set[str] = set()
        self._org = org
        self._own = own
        self._deadline = deadline
        self._prepared = False

    def prepare(self) -> None:
        """See whether its schema is ours; this machine's own store is made. Raises StoreTooNew, StoreTooOld."""
        if self._own:
            self.migrate()
            return
        with transaction(self._engine, self._deadline) as connection:
            migrations.check(connection)
        self._prepared = True

    def migrate(self) -> list[str]:
        """Make the schema, or bring it up to date; the names of the migrations applied. Raises StoreTooNew."""
        with transaction(self._engine, None) as connection:
            applied = migrations.migrate(connection)
        self._prepared = True
        return applied

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def publish(self, publication: Publication) -> SkillVersion:
        """Compare-and-set publish of version n+1. See the port; SkillInvalid for a folder that may not be."""
        check_folder(publication.folder)
        try:
            return self._publish(publication)
        except RowTaken:
            return self._publish_after_a_race(publication)

    def head(self, ref: SkillRef) -> SkillVersion | None:
        """The newest version."""
        with self._transaction() as connection:
            return versions.head(connection, self._org, ref)

    def history(self, ref: SkillRef) -> list[SkillVersion]:
        """All versions, oldest first."""
        with self._transaction() as connection:
            return versions.history(connection, self._org, ref, self._tell)

    def folder(self, ref: SkillRef, version: int) -> SkillFolder:
        """The bytes of one version, checked. Raises NotFound, StoreError, SkillInvalid."""
        with self._transaction() as connection:
            return versions.folder(connection, self._org, ref, version)

    def changes(
        self,
        user: str,
        since: int = 0,
        again: Sequence[int] = (),
        limit: int | None = None,
        on_unreadable: OnUnreadable | None = None,
    ) -> list[SkillChange]:
        """Each skill that `user` may see and that was published, or given a policy, after that change number."""
        with self._transaction() as connection:
            rows = changed(connection, self._org, user, since, again, limit)
        return as_changes(rows, on_unreadable or (lambda unknown: self._tell(unknown.why)))

    def published_since(self, at: int) -> int:
        """How many versions the loop has published since then (ns)."""
        with self._transaction() as connection:
            return versions.published_since(connection, self._org, at)

    def policy(self, ref: SkillRef) -> Policy:
        """`auto` where nothing else was set."""
        with self._transaction() as connection:
            return versions.policy(connection, self._org, ref)

    def policies(self, ref: SkillRef) -> list[Policy]:
        """All that were ever set, oldest first."""
        with self._transaction() as connection:
            return versions.all_policies(connection, self._org, ref)

    def set_policy(self, ref: SkillRef, policy: Policy, user: str, at: int) -> None:
        """The newest row wins."""
        row = {"name": ref.name, "author": ref.author, "policy": policy.value, "set_by": user, "set_at": at}
        with self._transaction() as connection:
            change = next_change(connection, self._org)
            connection.execute(insert(policies), {"org": self._org, "change": change, **row})

    def org_mode(self) -> OrgMode:
        """`auto` by nobody where none was set."""
        with self._transaction() as connection:
            return org_modes.org_mode(connection, self._org)

    def set_org_mode(self, mode: OrgMode) -> None:
        """The newest one wins."""
        with self._transaction() as connection:
            org_modes.set_org_mode(connection, self._org, mode)

    def record(self, records: Sequence[Record]) -> None:
        """Add rows, idempotent by id, all or nothing."""
        self.recording(records)()

    def recording(self, records: Sequence[Record]) -> Callable[[], None]:
        """Makes the rows; the call writes them."""
        try:
            return partial(self._write, rows_of_records(self._org, records))
        except OverflowError as error:
            raise RowRefused(TOO_LARGE) from error

    def attributions(self, limit: int = 100) -> list[Attribution]:
        """Newest first."""
        with self._transaction() as connection:
            return list_attributions(connection, self._org, limit, self._tell)

    def invocations(self, limit: int = 100) -> list[Invocation]:
        """Newest first."""
        with self._transaction() as connection:
            return list_invocations(connection, self._org, limit, self._tell)

    def find_invocation(self, id_start: str) -> Invocation:
        """The one whose id begins so. Raises NotFound."""
        with self._transaction() as connection:
            return find_invocation(connection, self._org, id_start)

    def verdicts(self, ref: SkillRef | None = None, limit: int = 100) -> list[Verdict]:
        """Newest first."""
        with self._transaction() as connection:
            return list_verdicts(connection, self._org, ref, limit, self._tell)

    def proposals(
        self, ref: SkillRef | None = None, limit: int = 100, statuses: Sequence[ProposalStatus] = ()
    ) -> list[Proposal]:
        """Newest first."""
        with self._transaction() as connection:
            return list_proposals(connection, self._org, ref, limit, statuses, self._tell)

    def find_proposal(self, id_start: str) -> Proposal:
        """The one whose id begins so. Raises NotFound."""
        with self._transaction() as connection:
            return find_proposal(connection, self._org, id_start)

    def find_verdicts(self, ids: Sequence[str]) -> dict[str, Verdict]:
        """By id; those that are not there, or not yet, are left out."""
        with self._transaction() as connection:
            return find_verdicts(connection, self._org, ids, self._tell)

    def find_proposals(self, ids: Sequence[str]) -> dict[str, Proposal]:
        """By id; those that are not there, or not yet, are left out."""
        with self._transaction() as connection:
            return find_proposals(connection, self._org, ids, self._tell)

    def session_words(self, session_id: str) -> SessionWords:
        """Looks only."""
        with self._transaction() as connection:
            return session_words(connection, self._org, session_id)

    def forget_session(self, session_id: str) -> SessionWords:
        """In one transaction."""
        with self._transaction() as connection:
            return forget_words(connection, self._org, session_id)

    def annotate(self, annotation: Annotation) -> None:
        """Add what a person says of an invocation."""
        with self._transaction() as connection:
            add_annotation(connection, self._org, annotation)

    def annotations(self, invocation_ids: Sequence[str]) -> dict[str, Annotation]:
        """By invocation, the newest of each."""
        with self._transaction() as connection:
            return newest_annotations(connection, self._org, invocation_ids)

    def _tell(self, what: str) -> None:
        if self._tell_once and what not in self._told:
            self._told.add(what)
            self._tell_once(what)

    def _publish(self, publication: Publication) -> SkillVersion:
        with self._transaction() as connection:
            return publish.publish(connection, self._org, publication)

    def _publish_after_a_race(self, publication: Publication) -> SkillVersion:
        """A concurrent writer was first. Seen now, its row names the refusal (or is this very proposal's)."""
        try:
            return self._publish(publication)
        except RowTaken as error:
            raise ParentMoved(f"{publication.ref} is being published by somebody else; pull, then push") from error

    def _write(self, rows: RowsOfRecords) -> None:
        with self._transaction() as connection:
            add_rows(connection, rows)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if not self._prepared:
            self.prepare()
        with transaction(self._engine, self._deadline) as connection:
            yield connection
