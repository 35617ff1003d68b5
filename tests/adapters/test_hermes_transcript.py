"""Hermes' state.db to a conversation: the recorded rows, and what a long, rewound or foreign one does."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.adapters.hermes import records
from hivemind_skillopt.adapters.hermes.records import MAX_ROWS
from hivemind_skillopt.adapters.hermes.skill_body import renders_as
from hivemind_skillopt.adapters.hermes.transcript import Invoked, read_transcript
from hivemind_skillopt.ports import Conversation

PAYLOADS = Path(__file__).parent.parent / "payloads" / "hermes"
ROWS: list[dict[str, Any]] = json.loads((PAYLOADS / "state_db_rows.json").read_text())["messages"]
SESSION = "20261121_020737_0529e7"
CALL = "call_skillview_1"
PUSHBACK = "no, that is wrong: it deployed to prod. Undo it."
SKILL_MD = json.loads(ROWS[2]["content"])["content"]
TABLE = """create table messages (id integer primary key autoincrement, session_id text, role text, content text,
tool_call_id text, tool_calls text, tool_name text, timestamp real, active integer default 1)"""
AT = int(1795226861.2 * 1e9)
Read = Callable[..., Conversation | None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a #1?" / "state.db"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute(TABLE)
        for row in rows:
            known = {
                k: row[k] for k in row if k in ("role", "content", "tool_call_id", "tool_calls", "tool_name", "active")
            }
            full = {
                "session_id": SESSION,
                "timestamp": 1.0,
                **known,
                **{k: row[k] for k in ("session_id", "timestamp") if k in row},
            }
            marks = ", ".join("?" * len(full))
            connection.execute(f"insert into messages ({', '.join(full)}) values ({marks})", list(full.values()))
        connection.commit()


def read(path: Path, tool_use_id: str = CALL, agent_id: str = "", at: int = AT) -> Conversation | None:
    return read_transcript(str(path), Invoked(SESSION, "deploy--alice", tool_use_id, agent_id, at))


def said(conversation: Conversation | None) -> list[tuple[str, str]]:
    assert conversation is not None
    return [(turn.who, turn.text) for turn in conversation.turns]


def test_the_recorded_session(path: Path) -> None:
    write(path, ROWS)
    found = read(path)
    assert said(found) == [
        ("human", "USE_SKILL:deploy--alice please deploy to staging"),
        ("tool", "skill_view: ok"),
        ("assistant", "Done after 1 tool result(s)."),
        ("human", PUSHBACK),
        ("assistant", f"ok: {PUSHBACK}"),
    ]
    assert found is not None
    assert [turn.at_invocation for turn in found.turns] == [False, True, False, False, False]
    assert {turn.reaction_id for turn in found.turns} == {""}
    assert found.skill_body == SKILL_MD
    assert len(found.tool_output) == 1


def scaffold(words: str = "staging", body: str = SKILL_MD) -> str:
    return (
        '[IMPORTANT: The user has invoked the "deploy--alice" skill, indicating they want you to follow its '
        f"instructions. The full skill content is loaded below.]\n\n{body.strip()}\n\n"
        "[Skill directory: /home/dev/.hermes/org-skills/deploy--alice]\nResolve any relative paths.\n\n"
        f"The user has provided the following instruction alongside the skill invocation: {words}"
    )


def test_a_typed_skill_is_found_by_its_time(path: Path) -> None:
    first, second = scaffold("first", "---\nname: x\n---\n\nOld."), scaffold("second")
    write(path, [
        {"role": "user", "content": first, "timestamp": 100.0},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": second, "timestamp": 200.0},
        {"role": "user", "content": "no, wrong", "timestamp": 210.0},
    ])  # fmt: skip
    found = read(path, "", at=int(199.9e9))
    assert said(found)[2:] == [("human", "/deploy--alice second"), ("human", "no, wrong")]
    assert found is not None
    assert [turn.at_invocation for turn in found.turns] == [False, False, True, False]
    assert renders_as(SKILL_MD, found.skill_body or "")
    earlier = read(path, "", at=int(100.2e9))
    assert earlier is not None
    assert renders_as("---\nname: x\n---\n\nOld.\n", earlier.skill_body or "")


def test_a_sub_agents_use_stands_at_the_prompt_it_worked_for(path: Path) -> None:
    child = [{**row, "session_id": "child"} for row in ROWS[1:3]]
    write(path, [
        {"role": "user", "content": "let somebody deploy", "timestamp": 100.0},
        *child,
        {"role": "user", "content": "no, wrong", "timestamp": 200.0},
    ])  # fmt: skip
    found = read(path, CALL, "child", at=int(150e9))
    assert said(found) == [("human", "let somebody deploy"), ("human", "no, wrong")]
    assert found is not None
    assert found.turns[0].at_invocation
    assert found.skill_body == SKILL_MD


def test_what_was_taken_back_or_that_nobody_typed_is_not_shown(path: Path) -> None:
    write(path, [
        *ROWS[:4],
        {"role": "user", "content": "undone", "active": 0},
        {"role": "user", "content": "[ASYNC DELEGATION BATCH COMPLETE \u2014 deleg_1]\nDone."},
        {"role": "tool", "content": '{"exit_code": 2, "error": null}', "tool_name": "terminal", "tool_call_id": "c2"},
        *ROWS[4:],
    ])  # fmt: skip
    texts = [text for _, text in said(read(path))]
    assert "undone" not in texts
    assert not any("DELEGATION" in text for text in texts)
    assert "terminal: failed" in texts


def test_other_sessions_and_a_call_that_is_not_there_yet(path: Path) -> None:
    write(path, [{**row, "session_id": "other"} for row in ROWS])
    assert read(path) is None
    assert read(path.parent / "gone.db") is None
    path.parent.joinpath("broken.db").write_bytes(b"no database at all" * 100)
    assert read(path.parent / "broken.db") is None


def test_a_cut_result_is_no_body(path: Path) -> None:
    write(path, [*ROWS[:2], {**ROWS[2], "content": ROWS[2]["content"][:300]}, *ROWS[3:]])
    found = read(path)
    assert found is not None
    assert found.skill_body is None


def test_three_human_turns_before_and_no_more(path: Path) -> None:
    write(path, [*({"role": "user", "content": f"earlier {n}"} for n in range(9)), *ROWS])
    assert [text for who, text in said(read(path)) if who == "human"][:2] == ["earlier 7", "earlier 8"]


def test_a_session_of_weeks_costs_its_tail(path: Path) -> None:
    write(path, [*({"role": "assistant", "content": f"{n} " + "x" * 2000} for n in range(3 * MAX_ROWS)), *ROWS])
    before = time.process_time()
    assert read(path) is not None
    assert time.process_time() - before < 5


def test_reading_changes_nothing(path: Path) -> None:
    write(path, ROWS)
    before = path.read_bytes()
    path.chmod(0o400)
    read(path)
    assert path.read_bytes() == before


def test_reading_leaves_no_file(path: Path) -> None:
    """SQLite itself would, of a database in WAL mode that was closed cleanly."""
    write(path, ROWS)
    before = sorted(path.parent.iterdir())
    assert before == [path]
    assert read(path) is not None
    assert sorted(path.parent.iterdir()) == before


def test_what_is_in_the_log_alone_is_read(path: Path) -> None:
    """Hermes runs."""
    write(path, ROWS[:3])
    with closing(sqlite3.connect(path)) as hermes:
        hermes.execute("insert into messages (session_id, role, content) values (?, 'user', 'no')", [SESSION])
        hermes.commit()
        assert said(read(path))[-1] == ("human", "no")


@pytest.mark.parametrize("odd", [
    {"role": None}, {"content": b"\xff\x00"}, {"timestamp": "yesterday"}, {"tool_calls": b"[]"},
    {"timestamp": float("inf")},
])  # fmt: skip
def test_a_row_without_sense_costs_only_itself(path: Path, odd: dict[str, Any]) -> None:
    write(path, [*ROWS[:3], {"role": "user", "content": "odd", **odd}, *ROWS[3:]])
    assert len(said(read(path))) == 5


def test_all_that_is_read_has_a_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_TOTAL_CHARS", 12_000)
    write(path, [*({"role": "user", "content": f"{n} " + "x" * 4000} for n in range(9)), *ROWS])
    assert [text[:2] for who, text in said(read(path)) if who == "human"][:2] == ["7 ", "8 "]


@pytest.mark.parametrize(("skill_md", "body", "same"), [
    ("---\nname: a\n---\n\nText.\n", "---\nname: a\n---\n\nText.\n", True),
    ("---\r\nname: a\r\n---\r\n\r\nText.\r\n", "---\nname: a\n---\n\nText.", True),
    ("---\nname: a\n---\n\nText.\n", "---\nname: a\n---\n\nOther.\n", False),
    ("Run ${HERMES_SKILL_DIR}/x in ${HERMES_SESSION_ID}.", "Run /a/b/x in 2026.", True),
    ("Run ${HERMES_SKILL_DIR}/x in ${HERMES_SESSION_ID}.", "Run /a/b/y in 2026.", False),
    ("Now: !`date`\nGo.", "Now: Monday\nGo.", True),
    ("Now: !`date`\nGo.", "Now: !`date`\nGo.", True),
    ("a${HERMES_SKILL_DIR}a", "a", False),
])  # fmt: skip
def test_which_text_was_loaded(skill_md: str, body: str, same: bool) -> None:
    assert renders_as(skill_md, body) is same
