"""`demo`: the whole loop, offline, in a temporary home. The real pipeline with a scripted model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import click
from rich.rule import Rule

from hivemind_skillopt.cli import demo_story as story
from hivemind_skillopt.cli.diff import folder_diff, print_diff
from hivemind_skillopt.cli.log import describe
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import console, print_json, print_table, say, say_indented
from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import SECOND, Attribution, SkillRef
from hivemind_skillopt.state.log import read_log
from hivemind_skillopt.store.engine import open_store

PATIENCE_SECONDS = 30
TOLD = ("attributed", "pushed", "pulled", "window_opened", "reaction_queued", "verdict", "proposal", "published")


@dataclass(frozen=True, slots=True)
class Home:
    """A temporary home directory, and how things are run in it."""

    path: Path

    @property
    def environ(self) -> dict[str, str]:
        """Nothing of the real user's settings gets in."""
        return {
            "HOME": str(self.path),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HIVEMIND_USER": "alice",
            "HIVEMIND_SKILLOPT_STATE_DIR": str(self.path / "state"),
            "XDG_DATA_HOME": str(self.path / "data"),
            "XDG_CONFIG_HOME": str(self.path / "config"),
            "HIVEMIND_SKILLOPT_SCORER": "scripted",
            "HIVEMIND_SKILLOPT_SCRIPT": str(self.path / "script.json"),
        }

    def cli(self, *arguments: str) -> str:
        """Run our own CLI; its standard output. Raises SkillOptError with what it said."""
        argv = [sys.executable, "-m", "hivemind_skillopt", *arguments]
        done = subprocess.run(argv, env=self.environ, cwd=self.path, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SkillOptError(f"demo: `{' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout

    def status(self) -> dict[str, int]:
        """`status --json`, the counts of it."""
        counts: dict[str, int] = json.loads(self.cli("status", "--json"))
        return counts

    @property
    def store_url(self) -> str:
        """The demo's own org store."""
        return str(json.loads(self.cli("status", "--json"))["store"]["url"])

    def hook(self, event: str, payload: dict[str, object]) -> None:
        """What the harness does: run the installed command with the payload on standard input."""
        settings = json.loads((self.path / ".claude" / "settings.json").read_text())
        command = settings["hooks"][event][0]["hooks"][0]["command"]
        text = json.dumps({"hook_event_name": event, **payload}, separators=(",", ":")) + "\n"
        subprocess.run(["/bin/sh", "-c", command], env=self.environ, input=text.encode(), check=True)

    def work(self, folder: Path) -> None:
        """One session: it starts, the model uses the skill, the user pushes back."""
        transcript = story.Transcript(self.path / "transcripts" / f"{story.SESSION}.jsonl", folder)
        common: dict[str, object] = {
            "session_id": story.SESSION,
            "transcript_path": str(transcript.path),
            "cwd": str(self.path / "shop"),
        }
        self.hook("SessionStart", {**common, "source": "startup"})
        call = {"tool_name": "Skill", "tool_input": {"skill": story.REF}, "tool_use_id": "toolu_demo"}
        self.hook("PreToolUse", {**common, **call, "prompt_id": "prompt-1"})
        transcript.write()
        self.hook("UserPromptSubmit", {**common, "prompt": story.REACTION, "prompt_id": "prompt-2"})


@click.command("demo", short_help="Watch one turn of the loop, offline.")
@click.option("--keep", is_flag=True, help="Leave the temporary home in place and print where it is.")
@as_json
def command(keep: bool, as_json: bool) -> None:
    """Watch one turn of the loop: no account, no key, no network, nothing of yours is touched.

    A temporary home gets the hooks and an org skill. The hooks run as they do under Claude Code; the
    detached worker judges the user's reaction, proposes an edit, asks the gate and publishes version 2.
    Only the model is replaced, by a script.
    """
    with _temporary_home(keep) as home:
        steps = console().status("one turn of the loop ...") if not as_json else nullcontext()
        with steps:
            _one_turn(home)
        _tell(home, as_json=as_json)
        if keep:
            say(f"kept: {home.path}")


@contextmanager
def _temporary_home(keep: bool) -> Iterator[Home]:
    path = Path(tempfile.mkdtemp(prefix="hivemind-skillopt-demo-")).resolve()
    try:
        yield Home(path)
    finally:
        if not keep:
            shutil.rmtree(path, ignore_errors=True)


def _one_turn(home: Home) -> None:
    skill = home.path / "deploy"
    skill.mkdir()
    (skill / "SKILL.md").write_text(story.SKILL)
    (home.path / "script.json").write_text(json.dumps(story.SCRIPT))
    home.cli("install", "--harness", "claude_code", "--yes")
    home.cli("push", str(skill))
    home.cli("pull")
    home.work(home.path / ".claude" / "skills" / story.REF)
    _wait(home)


def _wait(home: Home) -> None:
    """Until the detached worker has published, pulled and sent its rows."""
    link = home.path / ".claude" / "skills" / story.REF / "SKILL.md"
    first = link.read_bytes()
    until = time.monotonic() + PATIENCE_SECONDS
    while link.read_bytes() == first or home.status()["outbox"]:
        if time.monotonic() > until:
            raise SkillOptError("demo: the worker did not publish; run `demo --keep` and read state/log.jsonl there")
        time.sleep(0.05)


def _tell(home: Home, *, as_json: bool) -> None:
    ref = SkillRef.parse(story.REF)
    store = open_store(home.store_url, "local")
    verdict, row = store.verdicts(ref)[0], store.attributions()[0]
    change = folder_diff(store.folder(ref, 1), store.folder(ref, 2), "v1", "v2")
    log = [entry for entry in read_log(home.path / "state" / "log.jsonl") if entry["what"] in TOLD]
    if as_json:
        facts = {"outcome": verdict.outcome, "confidence": verdict.confidence, "quote": verdict.quote}
        print_json({"verdict": facts, "diff": change, "attribution": _row(row), "log": log})
        return
    _chapter("1. What happened")
    print_table(("", "what", ""), [(_since(log, entry), entry["what"], describe(entry)) for entry in log])
    _chapter("2. The verdict")
    say(f"{verdict.outcome}, confidence {verdict.confidence:g}")
    say_indented(verdict.reason)
    say_indented(f'the user wrote: "{verdict.quote}"', "italic")
    _chapter(f"3. {ref}: version 1 to version 2")
    print_diff(change)
    _chapter("4. The attribution row of the session")
    print_json(_row(row))
    say("")
    say("Every teammate's next pull has version 2. Yours: hivemind-skillopt install", "bold")


def _chapter(title: str) -> None:
    console().print()
    console().print(Rule(title, align="left", style="cyan"))


def _since(log: list[dict[str, object]], entry: dict[str, object]) -> str:
    start, at = log[0]["at"], entry["at"]
    return f"{(at - start) / SECOND:5.2f} s" if isinstance(start, int) and isinstance(at, int) else ""


def _row(row: Attribution) -> dict[str, object]:
    skills = [{"skill": str(skill.ref), "version": skill.version} for skill in row.skills]
    return {"session_id": row.session_id, "harness": row.harness, "skills": skills, "ab_bucket": row.ab_bucket}
