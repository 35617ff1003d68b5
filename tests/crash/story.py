"""A few sessions at work, and what must be true of them in the end, however often the worker was killed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

from hivemind_skillopt.adapters.claude_code.payload import reaction_id
from hivemind_skillopt.model import ProposalStatus, SkillRef
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.skill_folders import content_sha256
from tests.worker.lab import FAULT, PROPOSAL, REACTION, REF, SKILL, Lab, versions

LINT, DOCS = SkillRef("lint", "alice"), SkillRef("docs", "alice")
OFTEN = {"HIVEMIND_SKILLOPT_COOLDOWN_SECONDS": "0", "HIVEMIND_SKILLOPT_MAX_PUBLICATIONS_PER_DAY": "99"}
SECOND_EDIT = {"op": "append", "target": None, "content": "Say when it is live."}
SECOND_COMPLAINT = f"say when it is live. And {REACTION}"


@dataclass
class Story:
    """Sessions are told one by one; what was promised to the humans in them is remembered."""

    lab: Lab
    sessions: list[str] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)
    faults: Counter[SkillRef] = field(default_factory=Counter)

    @classmethod
    def begin(cls, lab: Lab) -> Story:
        """Three skills are pulled; the model answers by what the human said."""
        lab.environ |= OFTEN
        for ref in (LINT, DOCS):
            lab.publish(SKILL, ref)
        lab.pull()
        fine = {**FAULT, "outcome": "ok", "quote": None}
        lab.script(
            judge=[{"when": "what a zebra", "answer": fine}, {"answer": FAULT}],
            proposer=[
                {"when": "say when it is live", "answer": {**PROPOSAL, "edits": [SECOND_EDIT]}},
                {"answer": PROPOSAL},
            ],
        )
        return cls(lab)

    def session(self, ref: SkillRef, *reactions: str, fault: bool = True) -> None:
        """One session that uses one skill; "thanks" is a reaction that costs no call."""
        name = f"s{len(self.sessions)}"
        self.sessions.append(name)
        self.lab.event("SessionStart", session=name)
        self.lab.use(ref, session=name)
        for number, text in enumerate(reactions):
            self.lab.react(text, prompt=f"p{number + 2}", session=name)
            self.judged |= {reaction_id(name, f"p{number + 2}")} if text != "thanks" else set()
        self.faults[ref] += fault

    def check(self, *, workers_failed: bool = False) -> None:
        """After the last worker has ended. `workers_failed`: earlier ones had a reason to."""
        assert self.lab.left() == [0, 0, 0]
        assert self.lab.log("set_aside") == self.lab.jobs().failures() == []
        assert workers_failed or self.lab.log("worker_failed") == []
        self._check_rows()
        self._check_publications()
        self._check_disk()

    def _check_rows(self) -> None:
        store = self.lab.store
        pairs = [(verdict.invocation_id, one) for verdict in store.verdicts() for one in verdict.reaction_ids]
        assert len(pairs) == len(set(pairs)), "a reaction was judged twice"
        missing = self.judged - {one for _, one in pairs}
        assert not missing, "a recorded reaction was lost"
        assert Counter(row.session_id for row in store.attributions()) == Counter(self.sessions)
        assert Counter(row.session_id for row in store.invocations()) == Counter(self.sessions)

    def _check_publications(self) -> None:
        published = [p for p in self.lab.store.proposals() if p.status is ProposalStatus.PUBLISHED]
        for same in ("invocation_id", "reaction_id", "published_version"):
            once = Counter((proposal.ref, getattr(proposal, same)) for proposal in published)
            assert set(once.values()) <= {1}, f"published twice for one {same}"
        for ref in (REF, LINT, DOCS):
            assert versions(self.lab, ref) == list(range(1, self.faults[ref] + 2)), ref

    def _check_disk(self) -> None:
        lab = self.lab
        manifest = Manifest(lab.database, lab.paths, lab.settings.store_id)
        entries = {entry.ref: entry for entry in manifest.entries()}
        for ref in (REF, LINT, DOCS):
            head = lab.store.head(ref)
            assert head is not None
            assert (entries[ref].version, entries[ref].content_sha256) == (head.version, head.content_sha256)
            assert content_sha256(lab.installed(ref).resolve(strict=True)) == head.content_sha256
        assert manifest.recorders_know()
        files = (lab.paths.state_db, lab.root / "org" / "store.db")
        for file in (file for file in files if file.exists()):
            with closing(sqlite3.connect(file)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
