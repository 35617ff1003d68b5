"""The conversation around one invocation, from the rows of Hermes' state.db."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hivemind_skillopt.adapters.hermes.payload import read_skill_view
from hivemind_skillopt.adapters.hermes.records import Row, rows_of
from hivemind_skillopt.adapters.hermes.scaffold import Scaffold, is_human, read_scaffold
from hivemind_skillopt.ports import Conversation, Turn

HUMAN_TURNS_BEFORE = 3
"""How far back the conversation is read: enough to see what the user wanted."""


@dataclass(frozen=True, slots=True)
class Invoked:
    """The handles of an invocation. `at`: when, in ns; a typed `/skill` has no id in state.db."""

    session_id: str
    skill: str
    tool_use_id: str
    agent_id: str
    at: int


def read_transcript(path: str, invoked: Invoked) -> Conversation | None:
    """None where it cannot be read, or the invocation is not in it yet."""
    try:
        rows = rows_of(path, invoked.session_id)
        agents = rows_of(path, invoked.agent_id) if invoked.agent_id else rows
    except OSError:
        return None
    pivot = _pivot(rows, invoked)
    if pivot is None:
        return None
    shown = rows[_beginning(rows, pivot) :]
    results = {row.tool_call_id: row for row in shown if row.role == "tool"}
    turns = [turn for row in shown for turn in _turns(row, invoked, results, at_invocation=row is rows[pivot])]
    return Conversation(
        turns=tuple(turns),
        skill_body=_body(agents, rows[pivot], invoked),
        tool_output=tuple(row.content for row in results.values()),
    )


def _pivot(rows: Sequence[Row], invoked: Invoked) -> int | None:
    """Where the skill was used; for a sub-agent, the prompt that it worked for."""
    if invoked.tool_use_id and not invoked.agent_id:
        return next((at for at, row in enumerate(rows) if invoked.tool_use_id in row.call_ids), None)
    spoken = [at for at, row in enumerate(rows) if _spoken(row) is not None]
    if invoked.agent_id:
        return max((at for at in spoken if rows[at].at <= invoked.at), default=None)
    typed = [at for at in spoken if invoked.skill in _typed_skills(rows[at])]
    return min(typed, key=lambda at: abs(rows[at].at - invoked.at), default=None)


def _beginning(rows: Sequence[Row], pivot: int) -> int:
    before = [at for at in range(pivot) if _spoken(rows[at]) is not None]
    return before[-HUMAN_TURNS_BEFORE] if len(before) >= HUMAN_TURNS_BEFORE else 0


def _body(rows: Sequence[Row], pivot: Row, invoked: Invoked) -> str | None:
    """The text that was loaded; None where it is not there whole."""
    if not invoked.tool_use_id:
        spoken = _spoken(pivot)
        loaded = spoken.skills if spoken else ()
        return next((skill.text for skill in loaded if skill.name == invoked.skill), None)
    row = next((row for row in rows if row.tool_call_id == invoked.tool_use_id), None)
    viewed = read_skill_view(row.content) if row and row.tool_name == "skill_view" else None
    return viewed.content if viewed else None


def _turns(row: Row, invoked: Invoked, results: dict[str, Row], *, at_invocation: bool) -> list[Turn]:
    if row.role == "tool":
        return [_tool_turn(row, invoked)]
    spoken = _spoken(row)
    if spoken is not None:
        return [Turn("human", spoken.shown, at_invocation)]
    words = [Turn("assistant", row.content)] if row.role == "assistant" and row.content.strip() else []
    missing = [call for call in sorted(row.call_ids) if call not in results]
    return words + [Turn("tool", "a call: no result", call == invoked.tool_use_id) for call in missing]


def _tool_turn(row: Row, invoked: Invoked) -> Turn:
    """The tool's name and how it ended; never its output."""
    used = bool(invoked.tool_use_id) and row.tool_call_id == invoked.tool_use_id
    return Turn("tool", f"{row.tool_name}: {'failed' if row.failed else 'ok'}", used)


def _spoken(row: Row) -> Scaffold | None:
    """What the human typed in this row, with the skills that it names; None where nobody typed it."""
    if row.role != "user":
        return None
    scaffold = read_scaffold(row.content)
    if scaffold or not row.content.strip() or not is_human(row.content):
        return scaffold
    return Scaffold((), row.content)


def _typed_skills(row: Row) -> list[str]:
    spoken = _spoken(row)
    return [skill.name for skill in spoken.skills] if spoken else []
