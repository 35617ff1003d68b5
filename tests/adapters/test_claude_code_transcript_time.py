"""No transcript can keep the worker busy, whatever stands in it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.transcript import Invoked, read_transcript

CALL = {"content": [{"type": "tool_use", "id": "t1", "name": "Skill"}]}
HOSTILE = {
    "a long word": "a" * 1_000_000,
    "open commands": "<command-name>" * 70_000,
    "open arguments": "<command-name>x</command-name><command-args>" * 20_000,
    "spaces after a command": "<command-name>x</command-name>" + " " * 1_000_000,
}
LINES = {
    "deep lists": '{"type":"user","message":{"content":' + "[" * 1_000_000,
    "deep blocks": '{"type":"user","uuid":"c","message":{"content":' + '[{"content":' * 80_000,
    "empty lines": "\n" * 1_000_000,
    "a circle of parents": "\n".join(f'{{"uuid":"{n % 9}","parentUuid":"{(n + 1) % 9}"}}' for n in range(30_000)),
} | {name: json.dumps({"type": "user", "uuid": "c", "message": {"content": text}}) for name, text in HOSTILE.items()}


@pytest.mark.parametrize("name", LINES)
def test_a_hostile_record_costs_no_more_than_its_bytes(name: str, tmp_path: Path) -> None:
    records = [{"type": "user", "uuid": "a", "promptId": "p1", "message": {"content": "deploy"}}]
    records += [{"type": "assistant", "uuid": "b", "parentUuid": "a", "message": CALL}]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records) + f"{LINES[name]}\n")
    start = time.process_time()
    assert read_transcript(str(path), Invoked("s", "deploy--alice", "t1", "p1", "")) is not None
    assert time.process_time() - start < 10  # measured: at most 1 s
