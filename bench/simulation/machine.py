"""One simulated machine: its own HOME, state, data, harness home and user; the store is the proxy's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.simulation.plan import HARNESS, Event, Say, Start, Use
from hivemind_skillopt import launch, recorder
from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.jobs import Jobs
from hivemind_skillopt.state.log import read_log
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.skill_folders import content_sha256
from tests.crash.hook import payload
from tests.worker.lab import Lab

CAPS = {
    "HIVEMIND_SKILLOPT_MAX_JUDGE_CALLS_PER_DAY": "100000",
    "HIVEMIND_SKILLOPT_MAX_PUBLICATIONS_PER_DAY": "100000",
    "HIVEMIND_SKILLOPT_COOLDOWN_SECONDS": "0",
}
"""A month's work is done in minutes here."""

EVENT_NAMES = {Start: "SessionStart", Use: "PreToolUse", Say: "UserPromptSubmit"}


@dataclass
class Machine:
    """`name` is also the beginning of its sessions' ids; `user` the one person who works here."""

    name: str
    user: str
    folder: Path
    store_url: str

    @cached_property
    def lab(self) -> Lab:
        """Its files, as the tests of the worker make them."""
        self.folder.mkdir(parents=True)
        return Lab(self.folder, {"HIVEMIND_USER": self.user, "HIVEMIND_SKILLOPT_STORE": self.store_url, **CAPS})

    @cached_property
    def environ(self) -> dict[str, str]:
        """What every process of this machine is given."""
        folders = {f"XDG_{name}_HOME": str(self.folder / name.lower()) for name in ("DATA", "CONFIG", "STATE")}
        return {**dict(self.lab.settings.environ), **folders, "PATH": os.environ["PATH"]}

    @cached_property
    def state(self) -> Path:
        """The state directory."""
        return self.folder / "state"

    @cached_property
    def database(self) -> Database:
        """The machine's state.db."""
        return Database(self.lab.paths.state_db)

    def cli(self, *arguments: str) -> subprocess.Popen[str]:
        """A person's command, begun."""
        argv = [sys.executable, "-m", "hivemind_skillopt", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, env=self.environ, cwd=self.folder, stdout=pipe, stderr=pipe, text=True)

    def record(self, event: Event) -> bool:
        """The recorder's own function, in this process; True when a worker is due."""
        name = EVENT_NAMES[type(event)]
        with self._environment():
            return recorder.record(str(self.state), HARNESS, name, self._payload(event), ["CLAUDE_CONFIG_DIR"])

    def hook(self, event: Event) -> tuple[float, str]:
        """The hook's command as a harness runs it: its milliseconds, and what a harness would complain of."""
        launcher = self.state / "launcher"
        command = f"[ -x '{launcher}' ] && '{launcher}' {HARNESS} {EVENT_NAMES[type(event)]} || true"
        began = time.perf_counter()
        done = subprocess.run(
            ["/bin/sh", "-c", command], input=self._payload(event), env=self.environ, capture_output=True, check=False
        )
        took, said = (time.perf_counter() - began) * 1000, (done.stdout + done.stderr).decode("utf-8", "replace")
        return took, f"exit {done.returncode}: {said}" if done.returncode or said else ""

    def transcribe(self, use: Use) -> None:
        """The skill was loaded: the transcript has its body as it is on disk now."""
        link = self.link(use.ref)
        body = (link / "SKILL.md").read_text().split("---\n", 2)[2].lstrip("\n")
        self.lab.transcribe(use.session, use.prompt, use.tool, f"Base directory for this skill: {link}\n\n{body}")

    def start_worker(self) -> int:
        """As the recorder does; its pid."""
        with self._environment():
            return launch.start_worker(str(self.state))

    def link(self, ref: SkillRef) -> Path:
        """Where the harness finds the skill."""
        return self.lab.harness_home / "skills" / str(ref)

    def sha_on_disk(self, ref: SkillRef) -> str:
        """Of the folder that the link leads to; '' where there is none."""
        link = self.link(ref)
        return content_sha256(link.resolve()) if link.is_dir() else ""

    def left(self) -> dict[str, int]:
        """What the worker has not finished, or could not, as `status` tells it."""
        told = json.loads(self.cli("status", "--json").communicate()[0])
        failed = len(told["jobs_failed"])
        return {
            "inbox": told["inbox"],
            "jobs": told["jobs"] - failed,
            "outbox": told["outbox"],
            "failed jobs": failed,
            "set aside": told["set_aside"],
            "rows refused": len(told.get("outbox_refused", ())),
            "rows dropped": told.get("outbox_dropped", 0),
        }

    def waits(self) -> bool:
        """Is anything there that a worker could still do?"""
        paths, jobs = self.lab.paths, Jobs(self.database).counts()
        jobs.pop("failed", None)
        rows = Outbox(self.database, self.lab.settings.store_id).count()
        return bool(jobs or rows or Inbox(paths.inbox, paths.set_aside).names())

    def work_off(self) -> subprocess.Popen[bytes]:
        """`worker run --now`, begun: nothing waits for its next try any more."""
        argv = [sys.executable, "-m", "hivemind_skillopt", "worker", "run", "--now"]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(argv, env=self.environ, cwd=self.folder, stdout=quiet, stderr=quiet)

    def logged(self, what: str) -> Sequence[dict[str, object]]:
        """Entries of its log."""
        return [entry for entry in read_log(self.lab.paths.log) if entry["what"] == what]

    def said(self, whats: Sequence[str]) -> list[str]:
        """Of these entries the reasons, short."""
        return [f"{what}: {entry.get('why')}"[:110] for what in whats for entry in self.logged(what)]

    def _payload(self, event: Event) -> bytes:
        common = {"transcript_path": str(self.folder / f"{event.session}.jsonl"), "cwd": "/home/dev/shop"}
        name = EVENT_NAMES[type(event)]
        match event:
            case Start():
                return payload(name, event.session, **common, source="startup")
            case Use():
                call = {"tool_name": "Skill", "tool_input": {"skill": str(event.ref)}, "tool_use_id": event.tool}
                return payload(name, event.session, **common, **call, prompt_id=event.prompt)
            case Say():
                return payload(name, event.session, **common, prompt=event.text, prompt_id=event.prompt)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """This process is that machine for a moment: the recorder reads the environment."""
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(self.environ)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
