"""A store with everything in it, and a process of its own that copies it and may die at a step.

`python -m tests.store.copies` forks for each line `[from, to, die_at]` of its input; it has imported everything, so a
life costs milliseconds. A step is a statement or a commit in TO.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from sqlalchemy import event, insert
from sqlalchemy.engine import Engine

from hivemind_skillopt.model import Annotation, Outcome, Policy, Publication, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.settings import Mode, OrgMode
from hivemind_skillopt.store.copy import copy_store, plan_copy
from hivemind_skillopt.store.engine import open_engine, open_store
from hivemind_skillopt.store.schema import sessions
from hivemind_skillopt.store.snapshot import TABLES
from tests.store.values import DEPLOY, LINT, NOON, attribution, invocation, proposal, verdict

ROOT = Path(__file__).parents[2]
ODD = "é \U0001f600 e\u0301 \u202e \ufdd0 \U0010ffff \r\n\t ' \" \\ %s \x01\x7f ﷽"
BINARY = bytes(range(256)) * 8


def fill(url: str, orgs: tuple[str, ...] = ("acme", "Ärzte", "z\U0001f600"), skills: int = 3) -> None:
    """Skills of several orgs, some the same, with histories, policies, annotations and every kind of row."""
    for org in orgs:
        store = open_store(url, org)
        store.migrate()
        refs = [DEPLOY, LINT, *(SkillRef(f"skill-{number}", "zoe") for number in range(skills))]
        for ref in refs:
            head = None
            for version in range(1, 4):
                head = store.publish(made(ref, version, head.content_sha256 if head else None, org))
        for number, policy in enumerate((Policy.LOCKED, Policy.AUTO, Policy.REVIEW)):
            store.set_policy(refs[number], policy, ODD, NOON + number)
            store.set_org_mode(OrgMode(Mode.REVIEW, ODD, NOON + number))
        records = [invocation(n, project=ODD, version=None) for n in range(30)]
        verdicts = [verdict(n, confidence=n / 7, quote=None if n % 2 else ODD) for n in range(30)]
        store.record([*records, *verdicts, proposal(), proposal(2, usage=None), attribution(), attribution(2)])
        store.annotate(Annotation("note", "invocation-1", DEPLOY, Outcome.OK, ODD, "carol", -1))
        store.close()


def made(ref: SkillRef, version: int, parent: str | None, org: str) -> Publication:
    text = f"---\nname: {ref}\ndescription: Deploys {ODD.split()[0]}\n---\n\n{org} {version} {ref}\n"
    files = (
        SkillFile("SKILL.md", text.encode()),
        SkillFile("bin/go.sh", b"#!/bin/sh\n", True),
        SkillFile("data/é.bin", BINARY + bytes([version])),
        SkillFile("empty", b""),
    )
    return Publication(ref, SkillFolder(files), parent, "alice", NOON + version)


def seeds_of(url: str) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: table.rows for table in plan_copy(url, "sqlite:////nowhere/at/all.db")}


class Copies:
    """Asks for copies, one after the other."""

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "tests.store.copies"]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.stdin.close()

    def copy(self, source: str, target: str, die_at: int = 0) -> int:
        """Its steps; 0 for one that was killed."""
        print(json.dumps([source, target, die_at]), file=self._process.stdin, flush=True)
        code, steps = json.loads(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL), code
        return 0 if code else steps


def live(source: str, target: str, die_at: int, report: int) -> None:
    taken = 0

    def step(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    copy_store(source, target, lambda *_: None)
    os.write(report, str(taken).encode())


def main() -> None:
    for line in sys.stdin:
        source, target, die_at = json.loads(line)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                live(source, target, die_at, writer)
                code = 0
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(code)
        os.close(writer)
        _, status = os.waitpid(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), int(os.read(reader, 20) or 0)]), flush=True)
        os.close(reader)


def all_kinds_are_there(url: str) -> bool:
    """No table is empty; every nullable column that code writes is NULL somewhere."""
    return set(seeds_of(url)) == {table.name for table in TABLES} and all(seeds_of(url).values())


def add_session(url: str, org: str) -> None:
    """A row that only this store has."""
    engine = open_engine(url)
    with engine.begin() as connection:
        row = {column.name: "x" for column in sessions.c} | {"size_bytes": 1, "org": org, "message_embedding": None}
        connection.execute(insert(sessions), row)
    engine.dispose()


if __name__ == "__main__":
    main()
