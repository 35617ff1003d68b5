"""The worker dies by kill -9 while the real Claude Code asks a model: the next worker ends what it left running."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.conftest import lab
from tests.harness.claude_code import find_claude, missing_claude
from tests.harness.fake_model import FakeModel, Reply, Request
from tests.harness.requirements import require
from tests.scorers.processes import descendants, group, is_running, still_running
from tests.worker.lab import FAULT, Lab, outcomes
from tests.worker.processes import ends, start, until

__all__ = ["lab"]

pytestmark = pytest.mark.real_cli


def leaders(worker: int) -> list[int]:
    return [pid for pid in descendants(worker) if pid in group(pid)]


def test_the_next_worker_ends_it_and_asks_again(lab: Lab, tmp_path: Path) -> None:
    binary = find_claude()
    if binary is None:
        require(missing_claude())
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    asked: list[Request] = []
    replies = [Reply.hang(300)]

    def policy(request: Request) -> Reply:
        asked.append(request)
        return replies[-1]

    with FakeModel(policy) as model:
        lab.environ |= {
            "HIVEMIND_SKILLOPT_SCORER": "agent_cli", "ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "k",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }  # fmt: skip
        environ = {"PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(temporary)}
        lab.use()
        lab.react()
        worker = start(lab, **environ)
        until(lambda: bool(asked))
        (leader,) = leaders(worker.pid)
        worker.kill()
        worker.wait()
        members = group(leader)
        assert is_running(leader), "nobody else ends it"
        assert len(list(lab.paths.calls.iterdir())) == len(list(temporary.glob("skillopt-*"))) == 1
        replies.append(Reply.structured({**FAULT, "outcome": "ok", "quote": None}))
        assert ends([start(lab, **environ)]) == [0]
        assert still_running(*members) == []
    assert group(leader) == []
    assert list(lab.paths.calls.iterdir()) == list(temporary.glob("skillopt-*")) == []
    assert (outcomes(lab), lab.left()) == (["ok"], [0, 0, 0])
