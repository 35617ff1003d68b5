"""A machine without a harness: inbox files as a recorder writes them, a scripted model, a clock that tests move."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hivemind_skillopt.model import SECOND, Publication, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.pull import Puller, PullReport, Request
from hivemind_skillopt.pull.puller import EVERYTHING
from hivemind_skillopt.settings import Settings, load_settings
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.installs import Install, Installs
from hivemind_skillopt.state.jobs import Jobs, Place
from hivemind_skillopt.state.log import Log, read_log
from hivemind_skillopt.state.made_folders import MadeFolders
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.state.pull_cursors import PullCursors
from hivemind_skillopt.state.skill_folders import VersionFolders
from hivemind_skillopt.state.windows import Windows
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from hivemind_skillopt.worker.compose import build_loop

REF = SkillRef("deploy", "alice")
SKILL = "---\nname: deploy--alice\ndescription: d\n---\n\n# Deploy\n\n1. Build.\n2. Deploy it to production.\n"
REACTION = "no, that is wrong: always ask which environment first"
FAULT = {"outcome": "skill_fault", "confidence": 0.9, "reason": "why", "quote": "always ask which environment first"}
EDIT = {"op": "replace", "target": "2. Deploy it to production.", "content": "2. Always ask which environment first."}
PROPOSAL = {
    "root_cause": "r", "generality": "g", "expected": {"signal": "s", "horizon": "h", "fallback": "f"},
    "edits": [EDIT], "no_change_reason": None,
}  # fmt: skip


@dataclass
class Lab:
    """State under `root/home` by the platform's rules; `now` moves with every event and every sleep.

    `folder` is the harness's home below the user's.
    """

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    now: int = 1_800_000_000 * SECOND
    harness: str = "claude_code"
    folder: str = ".claude"

    @classmethod
    def of_today(cls, root: Path) -> Lab:
        """For real processes, which have the real clock: events of the last minutes."""
        return cls(root, now=time.time_ns() - 600 * SECOND)

    def __post_init__(self) -> None:
        self.harness_home.mkdir(parents=True)
        self.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])

    def script(self, **roles: list[dict[str, object]]) -> None:
        """What the model says from now on."""
        (self.root / "script.json").write_text(json.dumps(roles))

    @property
    def harness_home(self) -> Path:
        return self.root / "home" / self.folder

    @property
    def settings(self) -> Settings:
        home = self.root / "home"
        base = {
            "HOME": str(home),
            "HIVEMIND_USER": "alice",
            "HIVEMIND_SKILLOPT_STATE_DIR": str(self.root / "state"),
            "HIVEMIND_SKILLOPT_STORE": f"sqlite:///{self.root}/org/store.db",
            "HIVEMIND_SKILLOPT_SCORER": "scripted",
            "HIVEMIND_SKILLOPT_SCRIPT": str(self.root / "script.json"),
        }
        return load_settings({**base, **self.environ})

    @property
    def paths(self) -> Paths:
        return self.settings.paths

    @property
    def store(self) -> SqlStore:
        store = open_store(self.settings.store_url, self.settings.org)
        store.migrate()
        return store

    @property
    def database(self) -> Database:
        return Database(self.paths.state_db)

    def clock(self) -> int:
        self.now += 1_000
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)

    def publish(self, text: str = SKILL, ref: SkillRef = REF) -> None:
        """The next version, by its author."""
        head = self.store.head(ref)
        folder = SkillFolder((SkillFile("SKILL.md", text.replace("deploy--alice", str(ref)).encode()),))
        self.store.publish(Publication(ref, folder, head.content_sha256 if head else None, "alice", self.clock()))

    def pull(self, request: Request = EVERYTHING) -> PullReport:
        """Install into the one harness home and pull."""
        home = self.harness_home
        database = self.database
        install = Install(self.harness, str(home), str(home / "skills"), "py", "0", 1, ())
        Installs(database).put(install)
        return self.puller(database).pull([install], request)

    def puller(self, database: Database) -> Puller:
        settings = self.settings
        return Puller(
            store=self.store,
            manifest=Manifest(database, self.paths, settings.store_id),
            folders=VersionFolders(self.paths.skills, self.paths.edited),
            settings=settings,
            log=Log(self.paths.log, self.clock),
            cursors=PullCursors(database, settings.store_id, settings.user),
            pins=Pins(database, settings.store_id),
            made_folders=MadeFolders(self.paths.made_folders),
        )

    def installed(self, ref: SkillRef = REF) -> Path:
        return self.harness_home / "skills" / str(ref)

    def event(self, name: str, carried: Mapping[str, str] | None = None, session: str = "s1", **fields: object) -> str:
        """An inbox file, as the recorder writes it; its name."""
        self.now += SECOND
        generation = self.paths.generation.read_text().strip() if self.paths.generation.exists() else ""
        settings = {
            "HOME": str(self.root / "home"),
            "HIVEMIND_SKILLOPT_STORE": self.settings.store_url,
            **(carried or {}),
        }
        head = ["hivemind-skillopt inbox 1", f"harness={self.harness}", f"event={name}", f"generation={generation}"]
        head += [f"{key}={value}" for key, value in settings.items()]
        transcript = str(self.root / f"{session}.jsonl")
        common = {
            "session_id": session,
            "hook_event_name": name,
            "transcript_path": transcript,
            "cwd": "/home/dev/shop",
        }
        payload = {**common, **fields}
        self.paths.inbox.mkdir(parents=True, exist_ok=True)
        file = self.paths.inbox / f"{self.now:020d}-x"
        file.write_bytes("\n".join(head).encode() + b"\n\n" + json.dumps(payload).encode())
        return file.name

    def use(
        self, ref: SkillRef = REF, tool: str = "t1", prompt: str = "p1", session: str = "s1", **carried: str
    ) -> None:
        """The model calls the skill; the transcript has the body as it is on disk now."""
        call = {"tool_name": "Skill", "tool_input": {"skill": str(ref)}, "tool_use_id": tool, "prompt_id": prompt}
        self.event("PreToolUse", carried, session, **call)
        body = (self.installed(ref) / "SKILL.md").read_text().split("---\n", 2)[2].lstrip("\n")
        self.transcribe(session, prompt, tool, f"Base directory for this skill: {self.installed(ref)}\n\n{body}")

    def transcribe(
        self, session: str, prompt: str, tool: str, body: str, output: str = "", *, denied: bool = False
    ) -> None:
        """Append one use to the session's transcript."""
        path = self.root / f"{session}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        last = json.loads(lines[-1])["uuid"] if lines else None
        call = [
            {"type": "tool_use", "id": tool, "name": "Skill"},
            {"type": "tool_use", "id": f"{tool}-b", "name": "Bash"},
        ]
        result = {"type": "tool_result", "tool_use_id": f"{tool}-b", "content": output}
        outcome = {"type": "tool_result", "tool_use_id": tool, "is_error": denied}
        loaded = {"type": "text", "text": body}
        records: list[dict[str, object]] = [
            {"type": "user", "promptId": prompt, "message": {"content": "please deploy it"}},
            {"type": "assistant", "message": {"content": call}},
            {"type": "user", "message": {"content": [result]}},
            {"type": "user", "message": {"content": [outcome]}},
            {"type": "user", "isMeta": True, "sourceToolUseID": tool, "message": {"content": [loaded]}},
            {"type": "assistant", "message": {"content": [{"type": "text", "text": "It is live."}]}},
        ]  # fmt: skip
        with path.open("a") as file:
            for number, record in enumerate(records):
                uuid = f"{prompt}-{tool}-{number}"
                file.write(json.dumps({"uuid": uuid, "parentUuid": last, **record}) + "\n")
                last = uuid

    def react(self, text: str = REACTION, prompt: str = "p2", session: str = "s1", **carried: str) -> None:
        """The human's next prompt."""
        self.event("UserPromptSubmit", carried, session, prompt=text, prompt_id=prompt)

    def work(self) -> None:
        """One run of the worker, in this process."""
        build_loop(self.settings, self.clock, self.sleep).run()

    def log(self, what: str) -> list[dict[str, object]]:
        return [entry for entry in read_log(self.paths.log) if entry["what"] == what]

    def jobs(self) -> Jobs:
        return Jobs(self.database)

    def next_due(self) -> int | None:
        home = str(self.harness_home)
        return self.jobs().next_due(Place(self.settings.store_id, frozenset({home})))

    def windows(self) -> Windows:
        return Windows(self.database)

    def left(self) -> list[int]:
        """Inbox files, jobs, outbox rows."""
        inbox = len(list(self.paths.inbox.iterdir()))
        return [inbox, sum(self.jobs().counts().values()), Outbox(self.database, self.settings.store_id).count()]

    def holding(self, *texts: str) -> list[tuple[str, str]]:
        """Which of our files, the org store's included, holds which of the texts."""
        transcripts_and_script = {*self.root.glob("*.jsonl"), self.root / "script.json"}
        files = [path for path in self.root.rglob("*") if path.is_file() and path not in transcripts_and_script]
        return [(path.name, text) for path in files for text in texts if text.encode() in path.read_bytes()]


def versions(lab: Lab, ref: SkillRef = REF) -> list[int]:
    return [version.version for version in lab.store.history(ref)]


def outcomes(lab: Lab) -> list[str]:
    return [verdict.outcome.value for verdict in lab.store.verdicts()]
