"""One machine of a team: a lab whose store is PostgreSQL behind our proxy, with real hooks and real workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from hivemind_skillopt.model import ProposalStatus
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.worker_lock import is_held
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.crash.hook import hook, payload, silent, use
from tests.worker.lab import REACTION, SKILL, Lab
from tests.worker.processes import ends, environ_of, start, until

SESSIONS = ("before-the-fault", "in-the-fault")


class Team(Lab):
    """`url`: of the server itself."""

    url: str

    @cached_property
    def store(self) -> SqlStore:
        opened = open_store(self.url, self.settings.org)
        opened.migrate()
        return opened

    @contextmanager
    def looking(self) -> Iterator[SqlStore]:
        """Past the proxy, with connections of its own."""
        store = open_store(self.url, self.settings.org)
        yield store
        store.close()

    @property
    def box(self) -> Outbox:
        return Outbox(self.database, self.settings.store_id)

    def session(self, name: str) -> None:
        """Three real hooks, of which two start a real worker. None of them says or shows anything."""
        body = SKILL.split("---\n", 2)[2].lstrip("\n")
        self.transcribe(name, "p1", "t1", f"Base directory for this skill: {self.installed()}\n\n{body}")
        where = {"transcript_path": str(self.root / f"{name}.jsonl"), "cwd": "/home/dev/shop"}
        for event, data in (
            ("SessionStart", payload("SessionStart", name, **where)),
            ("PreToolUse", use(session=name, **where)),
            ("UserPromptSubmit", payload("UserPromptSubmit", name, prompt=REACTION, prompt_id="p2", **where)),
        ):
            assert silent(hook(self.paths.state, event, data, environ_of(self)))

    def taken_in(self) -> bool:
        return not any(self.paths.inbox.iterdir())

    def met_the_fault(self) -> bool:
        return bool(self.log("sync_failed") or self.log("job_waits") or self.log("pull_failed"))

    def drain(self) -> None:
        """As `worker run --now`: the store is asked at once. Again where another worker was just ending."""
        for _ in range(3):
            BackOff(self.database, self.settings.store_id).hurry()
            assert ends([start(self)]) == [0]
            until(lambda: not is_held(self.paths.lock))
            if self.left() == [0, 0, 0]:
                return
        assert self.left() == [0, 0, 0]

    def check_once(self, *sessions: str) -> None:
        """Everything has arrived, and once."""
        with self.looking() as store:
            found = [sorted(row.session_id for row in rows) for rows in (store.attributions(), store.invocations())]
            verdicts, proposals = store.verdicts(), store.proposals()
            assert found == [sorted(sessions)] * 2
            assert sorted(v.invocation_id for v in verdicts) == sorted(row.id for row in store.invocations())
            assert [p.status for p in proposals].count(ProposalStatus.PUBLISHED) == 1
            assert [v.version for v in store.history(proposals[0].ref)] == [1, 2]
        assert (self.jobs().failures(), self.box.refused(), self.log("worker_failed")) == ([], [], [])
