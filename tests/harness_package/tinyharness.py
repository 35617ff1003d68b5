"""The adapter of Tiny Harness, as a third party writes it: one module, `tinyharness_data/` and `payloads/`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.adapters.base import origin_of
from hivemind_skillopt.errors import HarnessError, PayloadUnreadable, ScorerFailed
from hivemind_skillopt.events import Event, InboxItem, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit
from hivemind_skillopt.harness import AgentCli, Command, Completed, HarnessAdapter, HookProbe, RunProgram
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import Provenance, Usage, derived_id
from hivemind_skillopt.ports import Answer, Conversation, Question, Turn, UnusableAnswer

NAME = "tinyharness"
DATA = Path(__file__).parent / "tinyharness_data"
TAIL_BYTES = 1 << 20
TURNS_BEFORE = 6


class Payload(BaseModel):
    """What the harness writes to a hook; nothing is trusted to be there but the session."""

    model_config = ConfigDict(extra="ignore")
    session_id: str = Field(min_length=1, max_length=200)
    event: str = ""
    log: str = ""
    dir: str = ""
    turn: str = ""
    resumed: bool = False
    by: str = ""
    text: str = ""
    call: str = ""
    skill: str = ""


class Record(BaseModel):
    """One line of a session's file."""

    model_config = ConfigDict(extra="ignore")
    who: str
    turn: str = ""
    call: str = ""
    skill: str = ""
    text: str = ""


class Said(BaseModel):
    """What `tinyharness -p` prints."""

    model_config = ConfigDict(extra="ignore")
    ok: bool
    text: str = ""
    tokens: dict[str, int] = {}


class TinyHarness:
    """Implements `harness.HarnessAdapter`, in its order."""

    name = NAME
    title = "Tiny Harness"
    seen_version = "1.0"
    trust = "its hooks need no trust"
    home_variable = "TINYHARNESS_HOME"
    routes: tuple[str, ...] = ("hooks",)

    def home(self, environ: Mapping[str, str]) -> Path:
        chosen = environ.get(self.home_variable, "")
        return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".tinyharness"

    def skill_root(self, home: Path) -> Path:
        return home / "skills"

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        try:
            payload = Payload.model_validate_json(item.payload)
        except ValidationError as error:
            raise PayloadUnreadable(f"{error.error_count()} fields do not fit") from None
        event = self._event(item, payload)
        key = payload.call or payload.turn or item.id
        return [SeenEvent(derived_id(NAME, payload.session_id, payload.event, key), event)] if event else []

    def _event(self, item: InboxItem, payload: Payload) -> Event | None:
        """What the timer sends is no reaction: nobody typed it."""
        origin = origin_of(item, str(self.home(item.carried)), payload.session_id, payload.dir, payload.log)
        match payload.event:
            case "start":
                return SessionStart(origin, "resume" if payload.resumed else "startup")
            case "skill":
                return PreToolUse(
                    origin, payload.skill, Provenance.TOOL, tool_use_id=payload.call, prompt_id=payload.turn
                )
            case "prompt" if payload.by == "human":
                identity = reaction_id(payload.session_id, payload.turn)
                return UserPromptSubmit(origin, identity, payload.text, payload.text.strip(), payload.turn)
            case _:
                return None

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        records = list(records_at_end(Path(window.transcript_path)))
        calls = [record.call for record in records if record.who == "skill"]
        if window.tool_use_id not in calls:
            return None
        at = next(i for i, record in enumerate(records) if record.call == window.tool_use_id)
        session = window.invocation.session_id
        turns = (as_turn(session, record, window.tool_use_id) for record in records[max(0, at - TURNS_BEFORE) :])
        return Conversation(tuple(turns), skill_body=records[at].text)

    def renders_as(self, skill_md: str, body: str) -> bool:
        return skill_md.split("---\n", 2)[-1] == body

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        return (home / "hooks.json",)

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        base, ours = text if text and text.strip() else "{}\n", our_hooks(launcher)
        if [hook for hook in hooks_in(base) if is_ours(hook, launcher)] == ours:
            return base
        base = stripped(base, launcher)
        if "hooks" not in read_object(base):
            return json_text.add(base, (), ours, "hooks")
        for hook in ours:
            base = json_text.add(base, ("hooks",), hook)
        return base

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        rest = stripped(text, launcher)
        if rest == text:
            return text
        if not hooks_in(rest) and "hooks" not in leniently(before or "{}"):
            rest = json_text.remove(rest, ("hooks",))
        return None if before is None and not read_object(rest) else rest

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        (text,) = texts.values()
        there = {str(hook["on"]): str(hook["run"]) for hook in hooks_in(text) if is_ours(hook, launcher)}
        common = {"session_id": "doctor", "log": "/nonexistent", "dir": "/nonexistent"}
        own: dict[str, dict[str, object]] = {
            "start": {"resumed": False},
            "skill": {"turn": "1", "call": "1-0", "skill": skill},
            "prompt": {"turn": "2", "by": "human", "text": "ok, thanks"},
        }
        return [
            HookProbe(on, there.get(on, ""), as_line({**common, "event": on, **fields}), starts_worker=on != "skill")
            for on, fields in own.items()
        ]

    def switched_off(self, home: Path) -> str:
        file = home / "hooks.json"
        try:
            off = leniently(file.read_text("utf-8")).get("enabled") is False
        except (OSError, UnicodeDecodeError):
            return ""
        return f"enabled is false in {file}" if off else ""

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        return ""

    def cli(self) -> AgentCli:
        return TinyCli()


class TinyCli:
    """`tinyharness -p` as a scorer."""

    name = NAME
    program = "tinyharness"
    tool_free = True

    def command(self, question: Question) -> Command:
        argv = (self.program, "-p", "--no-session", "--system", question.system)
        return Command(argv, question.prompt, (TinyHarness.home_variable,), ())

    def answer(self, completed: Completed) -> Answer:
        """The exit code is 0 on an error, too."""
        try:
            said = Said.model_validate_json(completed.stdout)
        except ValidationError:
            raise ScorerFailed(f"tinyharness ended with code {completed.returncode} and no answer") from None
        tokens = said.tokens
        usage = Usage(self.name, "tiny", input_tokens=tokens.get("in"), output_tokens=tokens.get("out"))
        if completed.returncode or not said.ok or not said.text.strip():
            raise UnusableAnswer(f"tinyharness: {said.text[:200] or 'no answer'}", usage)
        return Answer(said.text, usage)


def reaction_id(session: str, turn: str) -> str:
    return derived_id(NAME, session, "reaction", turn)


def as_line(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload).encode() + b"\n"


def records_at_end(log: Path) -> Iterator[Record]:
    """The whole lines of the file's tail. The last one may be half written, the first one cut."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield Record.model_validate_json(line)
        except ValidationError:
            continue


def as_turn(session: str, record: Record, call: str) -> Turn:
    if record.who == "human":
        return Turn("human", record.text, reaction_id=reaction_id(session, record.turn))
    if record.who == "skill":
        return Turn("tool", f"skill {record.skill}: ok", at_invocation=record.call == call)
    return Turn("assistant" if record.who == "assistant" else "tool", record.text)


def our_hooks(launcher: Path) -> list[dict[str, Any]]:
    """As in `tinyharness_data/hooks.json`, with the launcher's path as the shell reads it."""
    hooks: list[dict[str, Any]] = json.loads((DATA / "hooks.json").read_text("utf-8"))["hooks"]
    return [{**hook, "run": hook["run"].replace("LAUNCHER", shlex.quote(str(launcher)))} for hook in hooks]


def is_ours(hook: object, launcher: Path) -> bool:
    run = hook.get("run") if isinstance(hook, dict) else None
    return isinstance(run, str) and f"{shlex.quote(str(launcher))} {NAME} " in run


def stripped(text: str, launcher: Path) -> str:
    while True:
        at = next((i for i, hook in enumerate(hooks_in(text)) if is_ours(hook, launcher)), None)
        if at is None:
            return text
        text = json_text.remove(text, ("hooks", at))


def hooks_in(text: str) -> list[dict[str, Any]]:
    hooks = read_object(text).get("hooks", [])
    if not isinstance(hooks, list):
        raise HarnessError("'hooks' in hooks.json is no list; mend it, then try again")
    return hooks


def read_object(text: str) -> dict[str, Any]:
    try:
        found = json_text.read(text)
    except ValueError as error:
        raise HarnessError(f"hooks.json is not plain JSON ({error}); mend it, then try again") from None
    if not isinstance(found, dict):
        raise HarnessError("hooks.json does not hold a JSON object; mend it, then try again")
    return found


def leniently(text: str) -> dict[str, Any]:
    try:
        return read_object(text)
    except HarnessError:
        return {}


@hookimpl
def harness_adapters() -> Sequence[HarnessAdapter]:
    return (TinyHarness(),)
