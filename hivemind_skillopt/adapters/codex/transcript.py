"""Codex's rollout, read from its end for one invocation.

A sub-agent writes a rollout of its own. Its use of a skill belongs to the parent's session: what was loaded is read
from the sub-agent's file, the conversation from the parent's, in which the human's last message before the use stands
for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from hivemind_skillopt.adapters.codex.payload import SHELL, prompt_id_of, reaction_id
from hivemind_skillopt.adapters.codex.records import Item, Row, rows_from_end
from hivemind_skillopt.adapters.codex.skill_body import Loaded, of_command, of_mention
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Conversation, Turn

HUMAN_TURNS_BEFORE = 3
"""How far back the conversation is read: enough to see what the user wanted."""

HUMAN, AGENT, COMMAND = "UserMessage", "AgentMessage", "CommandExecution"
TOOLS = {COMMAND: SHELL, "FileChange": "apply_patch"}
"""The names that tools have in hooks; other items say which tool they are, or are called by their kind."""

_SESSION = re.compile(r"[0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class _Around:
    """The rows from a few human turns before the use to the end, and the one in which the skill was used."""

    rows: list[Row]
    pivot: Row

    def until_next_prompt(self) -> Iterator[Row]:
        """What Codex shows the model of a mention stands behind the prompt."""
        after = self.rows[self.rows.index(self.pivot) + 1 :]
        return takewhile(lambda row: row.item.type != HUMAN, after)


def read_transcript(window: JudgmentWindow) -> Conversation | None:
    """The conversation around the invocation; None where there is no rollout or it is not in it yet."""
    try:
        path = _rollout(window)
        around = _around(path, window) if path else None
        loaded = _loaded(window, around) if around else Loaded()
    except OSError:
        return None
    if around is None:
        return None
    outputs = [row.item.aggregated_output for row in around.rows]
    return Conversation(
        turns=tuple(turn for row in around.rows if (turn := _turn(row, window, row is around.pivot))),
        skill_body=loaded.body,
        tool_output=tuple(output for output in outputs if output and output != loaded.body),
        other_skill=loaded.elsewhere,
    )


def _rollout(window: JudgmentWindow) -> Path | None:
    """The session's file; a sub-agent's hook names the sub-agent's."""
    told = Path(window.transcript_path)
    if not window.transcript_path:
        return None
    if not window.agent_id:
        return told
    session = window.invocation.session_id
    days = told.parents[min(3, len(told.parents) - 1)]
    found = days.glob(f"*/*/*/rollout-*-{session}.jsonl") if _SESSION.fullmatch(session) else ()
    return next(iter(found), None)


def _around(path: Path, window: JudgmentWindow) -> _Around | None:
    pivot, before = None, 0
    rows: list[Row] = []
    for row in rows_from_end(path):
        rows.append(row)
        before += pivot is not None and row.item.type == HUMAN
        if pivot is None and _is_pivot(row, window):
            pivot = row
        if before >= HUMAN_TURNS_BEFORE:
            break
    return _Around(rows[::-1], pivot) if pivot else None


def _is_pivot(row: Row, window: JudgmentWindow) -> bool:
    """Is this where the skill was used?"""
    item = row.item
    if window.agent_id:
        return item.type == HUMAN and row.at <= window.opened_at
    if window.tool_use_id:
        return item.type == COMMAND and item.id == window.tool_use_id
    return item.type == HUMAN and prompt_id_of(row.payload.turn_id, item.text) == window.prompt_id


def _loaded(window: JudgmentWindow, around: _Around) -> Loaded:
    if window.agent_id:
        commands = (row.item for row in rows_from_end(Path(window.transcript_path)))
        return next((of_command(item) for item in commands if item.id == window.tool_use_id), Loaded())
    if window.tool_use_id:
        return of_command(around.pivot.item)
    shown = (text for row in around.until_next_prompt() for text in row.shown)
    return of_mention(shown, str(window.invocation.ref), window.link)


def _turn(row: Row, window: JudgmentWindow, is_pivot: bool) -> Turn | None:
    """What was said, or a tool's name and how it ended; never its output."""
    item = row.item
    if item.type == HUMAN and item.text:
        identity = reaction_id(window.invocation.session_id, row.payload.turn_id, item.text)
        return Turn("human", item.text, is_pivot, identity)
    if item.type == AGENT and item.text.strip():
        return Turn("assistant", item.text)
    return Turn("tool", _ended(item), is_pivot) if item.status else None


def _ended(item: Item) -> str:
    return f"{TOOLS.get(item.type) or item.tool or item.type}: {'ok' if item.is_ok else 'failed'}"
