"""The real Claude Code sessions of the corpus, and what is in them, read without the code that is tested."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.adapters.claude_code.transcript import Invoked
from tests.corpora import corpus


@dataclass(frozen=True)
class Session:
    """One transcript and the one use of a skill in it. `human`: what was typed, in order."""

    file: str
    invoked: Invoked
    body_starts: str
    folder: str
    human: tuple[str, ...]
    turns: tuple[str, ...]

    @property
    def path(self) -> Path:
        return corpus("transcripts/qvr_real") / self.file


def use(skill: str, tool: str, prompt: str, agent: str = "", link: str = "") -> Invoked:
    return Invoked("s", skill, tool, prompt, agent, link)


SLASH = Session(
    "claude_injected_skill.jsonl",
    use("optimize-skill-loop", "", "b0ca74d1-90ee-462b-af86-df85e612b75f"),
    "# optimize-skill-loop\n",
    "/home/dev/project/.claude/skills/optimize-skill-loop",
    ("/clear", "/optimize-skill-loop"),
    ("human", "human", "assistant", "Bash: ok", "Bash: ok", "assistant", "AskUserQuestion: failed"),
)
REASONING = Session(
    "claude_reasoning.jsonl",
    use("regex-rules", "toolu_01279JQ25LwaMUTvLfDsQGUN", "07310cae-7e69-4d08-b47a-dda2dfd1dfa8"),
    "# regex-rules\n",
    "/home/dev/project/.claude/skills/regex-rules",
    ("[qvr-run-key: e1ce92f5",),
    ("human", "Skill: ok", "assistant"),
)
TOOL = Session(
    "claude_skill.jsonl",
    use("slugify-title", "toolu_015B8W1dVfv6r1RBUZf5kMF2", "10f84de8-55e4-418e-bed5-2a22943bac2d"),
    "# slugify-title\n",
    "/home/dev/project/.claude/skills/slugify-title",
    ("[qvr-run-key: 4438ec3f",),
    ("human", "Skill: ok", "assistant"),
)
PARENT = Session(
    "claude_subagent_parent.jsonl",
    use("remote-control", "toolu_none", "02738a85-8ac9-44d5-882f-ef970bd1e208", agent="a8876cef462c86071"),
    "",
    "",
    ("how do i do /remote-control",),
    ("human", "assistant", "Agent: ok", "assistant"),
)
SESSIONS = {"slash": SLASH, "reasoning": REASONING, "tool": TOOL, "parent": PARENT}

WORDS = 5


def windows(text: str) -> set[tuple[str, ...]]:
    """Runs of five words: enough to tell whose text it is, and few enough to survive a damaged byte."""
    words = re.findall(r"\w+", text)
    return {tuple(words[n : n + WORDS]) for n in range(len(words) - WORDS + 1)}


def laid_out(session: Session, folder: Path) -> Path:
    """The transcript in a place of its own, a sub-agent's file beside it as the program writes it."""
    path = folder / "s.jsonl"
    shutil.copyfile(session.path, path)
    if session.invoked.agent_id:
        child = folder / "s" / "subagents" / f"agent-{session.invoked.agent_id}.jsonl"
        child.parent.mkdir(parents=True)
        shutil.copyfile(session.path.with_name("claude_subagent_child.jsonl"), child)
    return path


def machine_text(data: bytes) -> set[tuple[str, ...]]:
    """What tools printed and what the program wrote in the user's name, less what the human typed too."""
    machine: set[tuple[str, ...]] = set()
    typed: set[tuple[str, ...]] = set()
    for line in data.split(b"\n"):
        record = json.loads(line) if line else {}
        content = record.get("message", {}).get("content", "") if record.get("type") == "user" else ""
        if record.get("isMeta") or "tool_result" in [part.get("type") for part in content if isinstance(part, dict)]:
            machine |= windows(text_of(content))
        else:
            typed |= windows(text_of(content))
    return machine - typed


def text_of(content: object) -> str:
    """All text in a message, tool results included."""
    match content:
        case str(text):
            return text
        case list(parts):
            return "\n".join(text_of(part) for part in parts)
        case dict(part):
            return text_of(part.get("content") or part.get("text") or "")
        case _:
            return ""
