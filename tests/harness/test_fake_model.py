"""The fake model and the runner do what they say, seen with the real Claude Code CLI where it can be had."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.harness.claude_code import ClaudeCode, Result, TuiSession, find_claude, missing_claude, missing_tmux
from tests.harness.fake_model import FakeModel, Reply, Request, ScriptedAgent
from tests.harness.requirements import REQUIRE_ALL, require

JUDGE = "hivemind-skillopt/judge prompt v1\nYou judge."
VERDICT = {"outcome": "skill_fault", "confidence": 0.9}
SCHEMA = {"type": "object", "properties": {"outcome": {}, "confidence": {}}, "required": ["outcome", "confidence"]}
SAFE_MODE = ("--no-session-persistence", "--tools", "", "--strict-mcp-config", "--safe-mode", "--system-prompt", JUDGE)


@pytest.fixture
def claude(tmp_path: Path) -> Callable[[FakeModel], ClaudeCode]:
    """A fresh person with two org-looking skills, for any model; skips where the CLI cannot be had."""
    binary = find_claude()
    if binary is None:
        require(missing_claude())
    home, project = tmp_path / "home", tmp_path / "project"
    project.mkdir()
    for name in ("deploy--alice", "lint--bob"):
        write_skill(home, name, "first text")
    return lambda model: ClaudeCode(binary, home, project, model.url)


def write_skill(home: Path, name: str, body: str) -> None:
    folder = home / ".claude" / "skills" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: Does {name}.\n---\n\n{body}\n", "utf-8")


def skill_bodies(claude: ClaudeCode, result: Result) -> list[str]:
    with claude.transcript(result.session_id).open(encoding="utf-8") as lines:  # not splitlines(): U+2028 stays raw
        records = [json.loads(line) for line in lines]
    return [record["message"]["content"][0]["text"] for record in records if record.get("isMeta")]


def body_of(claude: ClaudeCode, name: str, text: str) -> str:
    return f"Base directory for this skill: {claude.home}/.claude/skills/{name}\n\n{text}"


def ask(model: FakeModel, **body: Any) -> tuple[int, str]:
    """One API call without the CLI."""
    connection = http.client.HTTPConnection(urlsplit(model.url).netloc, timeout=20)
    question = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **body}
    connection.request("POST", "/v1/messages?beta=true", json.dumps(question))
    try:
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_cut_by_its_length_says_so(stream: bool) -> None:
    with FakeModel(lambda _: Reply.cut_by_length("half of")) as model:
        status, said = ask(model, stream=stream)
    assert status == 200
    assert '"half of"' in said
    assert '"stop_reason": "max_tokens"' in said


@pytest.mark.real_cli
def test_skills_of_one_turn_are_called_in_one_message_and_only_once(claude: Callable[[FakeModel], ClaudeCode]) -> None:
    agent = ScriptedAgent(
        skill_for={"deploy": [("deploy--alice", "staging"), "lint--bob"]}, bash_for={"deploy": "touch deployed"}
    )
    with FakeModel(agent) as model:
        dev = claude(model)
        first = dev.prompt("please deploy")
        second = dev.prompt("no, that was production", resume=first.session_id)
    assert (first.text, second.text) == ("Done.", "Noted.")
    assert [(r.last_human, [t.name for t in r.tool_results_since_human]) for r in model.requests] == [
        ("please deploy", []),
        ("please deploy", ["Skill", "Skill"]),
        ("please deploy", ["Skill", "Skill", "Bash"]),
        ("no, that was production", []),
    ]
    assert skill_bodies(dev, first) == [
        body_of(dev, "deploy--alice", "first text\n\n\nARGUMENTS: staging"),
        body_of(dev, "lint--bob", "first text\n"),
    ]
    assert (dev.project / "deployed").exists()
    assert dev.sessions() == [first.session_id] == [second.session_id]
    assert model.unexpected_paths == []


@pytest.mark.real_cli
def test_a_typed_slash_loads_the_skill_without_a_call(claude: Callable[[FakeModel], ClaudeCode]) -> None:
    with FakeModel(ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})) as model:
        dev = claude(model)
        result = dev.prompt("/deploy--alice staging")
    assert [request.last_human for request in model.requests] == ["/deploy--alice staging"]
    assert skill_bodies(dev, result) == [body_of(dev, "deploy--alice", "first text\n\n\nARGUMENTS: staging")]


@pytest.mark.real_cli
def test_headless_keeps_the_skill_of_its_start_when_it_changes_before_the_call(
    claude: Callable[[FakeModel], ClaudeCode],
) -> None:
    agent = ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})
    with FakeModel(agent) as model:
        dev = claude(model)
        agent.before_skill_call = lambda: write_skill(dev.home, "deploy--alice", "second text")
        result = dev.prompt("please deploy")
        dev.prompt("deploy again", resume=result.session_id)
    assert skill_bodies(dev, result) == [body_of(dev, "deploy--alice", f"{nth} text\n") for nth in ("first", "second")]


@pytest.mark.real_cli
def test_a_judge_call_is_answered_by_the_structured_output_tool(claude: Callable[[FakeModel], ClaudeCode]) -> None:
    with FakeModel(ScriptedAgent(judge=lambda request: {**VERDICT, "outcome": request.last_human})) as model:
        dev = claude(model)
        args = ["-p", "--output-format", "json", "--model", "haiku", *SAFE_MODE, "--json-schema", json.dumps(SCHEMA)]
        run = dev.run(args, stdin="environment")
    assert json.loads(run.stdout)["structured_output"] == {"outcome": "environment", "confidence": 0.9}
    assert [(request.role, request.tools) for request in model.requests] == [("judge", ("StructuredOutput",))]
    assert dev.sessions() == []


@pytest.mark.real_cli
@pytest.mark.parametrize("reply", [Reply.error(400), Reply.truncated(), Reply.garbage()], ids=lambda reply: reply.kind)
def test_a_broken_answer_fails_the_run(claude: Callable[[FakeModel], ClaudeCode], reply: Reply) -> None:
    with FakeModel(lambda _: reply) as model:
        result = claude(model).prompt("hello")
    assert result.returncode == 1
    assert result.text.startswith("API Error")


@pytest.mark.real_cli
def test_the_tui_is_typed_into_and_its_title_is_not_scripted(claude: Callable[[FakeModel], ClaudeCode]) -> None:
    if missing_tmux():
        require(missing_tmux())
    with FakeModel(ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})) as model:
        dev = claude(model)
        with TuiSession(dev) as tui:
            tui.type("please deploy")
            tui.wait_for(r"Done\.")
            tui.type("no, wrong")
            tui.wait_for(r"Noted\.")
    scripted = [request.last_human for request in model.requests if request.role == "agent"]
    assert scripted == ["please deploy", "please deploy", "no, wrong"]
    assert len(dev.sessions()) == 1


def test_a_plain_call_gets_plain_json_and_a_structured_answer_without_the_tool_is_text() -> None:
    with FakeModel(ScriptedAgent(proposer=VERDICT)) as model:
        status, body = ask(model, system="hivemind-skillopt/proposer prompt v1")
    assert status == 200
    assert json.loads(json.loads(body)["content"][0]["text"]) == VERDICT
    assert model.count("proposer") == 1


def test_a_streamed_call_gets_events() -> None:
    with FakeModel(lambda _: Reply.tools([("Skill", {"skill": "a--b"})], said="so")) as model:
        _, body = ask(model, stream=True)
    assert [line.removeprefix("event: ") for line in body.splitlines() if line.startswith("event")] == [
        "message_start",
        *["content_block_start", "content_block_delta", "content_block_stop"] * 2,
        "message_delta",
        "message_stop",
    ]


def test_a_hang_ends_when_the_server_closes() -> None:
    started = time.monotonic()
    with FakeModel(lambda _: Reply.hang(60)) as model:
        closer = threading.Timer(0.2, model.close)
        closer.start()
        with pytest.raises(http.client.RemoteDisconnected):
            ask(model)
        closer.join()
    assert time.monotonic() - started < 10


def test_what_a_policy_raises_comes_out_of_the_context() -> None:
    def policy(request: Request) -> Reply:
        raise AssertionError(f"unexpected: {request.last_human}")

    with pytest.raises(AssertionError, match="unexpected: hi"), FakeModel(policy) as model:
        assert ask(model)[0] == 400


def test_require_skips_here_and_fails_where_nothing_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_ALL, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no npm"):
        require("no npm")
    monkeypatch.setenv(REQUIRE_ALL, "1")
    with pytest.raises(pytest.fail.Exception, match="no npm"):
        require("no npm")
