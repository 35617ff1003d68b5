"""What the gate looks at: a SKILL.md before and after, the edits between them, and what is known about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from hivemind_skillopt.edits import apply_edits
from hivemind_skillopt.errors import EditRefused
from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.line_diff import Line, LineDiff, line_diff
from hivemind_skillopt.gate.markdown import Sentence, sentences
from hivemind_skillopt.model import Check, Edit, Policy, Result, SkillRef
from hivemind_skillopt.settings import Limits
from hivemind_skillopt.skill_md import SkillMd, parse_skill_md

CheckFunction = Callable[["Candidate"], Check]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was said and printed around the invocation. `human` are whole turns, pasted text included."""

    human: tuple[str, ...] = ()
    assistant: tuple[str, ...] = ()
    tool: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A change that wants to go out. Only `before` and `after` are always known; `check` knows no more.

    `edits` None: nobody says how `after` came to be. `frozen_by`: locked, retired or pinned, else ''.
    `remembered`: fingerprints of edits that the gate refused for their content or a person rejected.
    `recent`: the edits of the skill's last publications. Parsed views raise SkillInvalid where a side is no UTF-8.
    """

    before: bytes
    after: bytes
    edits: tuple[Edit, ...] | None = None
    ref: SkillRef | None = None
    parent_is_head: bool = True
    frozen_by: str = ""
    confidence: float | None = None
    confidence_floor: float = Limits().confidence_floor
    evidence: Evidence | None = None
    remembered: tuple[str, ...] = ()
    recent: tuple[tuple[Edit, ...], ...] = ()

    @cached_property
    def before_md(self) -> SkillMd:
        """The parent, split."""
        return parse_skill_md(self.before)

    @cached_property
    def after_md(self) -> SkillMd:
        """The proposed text, split."""
        return parse_skill_md(self.after)

    @cached_property
    def diff(self) -> LineDiff:
        """Lines added and removed, of the whole file."""
        return line_diff(self.before_md.text, self.after_md.text)

    @property
    def added_text(self) -> str:
        """All added lines, one after the other."""
        return "".join(line.text for line in self.diff.added)

    @cached_property
    def lines_above(self) -> int:
        """Of the proposed file, those above its body."""
        return self.after_md.front.count("\n")

    @cached_property
    def added_lines(self) -> tuple[Line, ...]:
        """Added lines of the body, numbered in the file."""
        return tuple(line for line in self.diff.added if line.number > self.lines_above)

    def place(self, text: str) -> Finding:
        """Where the change adds this, as far as one line holds it."""
        return Finding(next((line.number for line in self.added_lines if text in line.text), 0), text)

    @cached_property
    def new_sentences(self) -> tuple[Sentence, ...]:
        """Sentences of the proposed body that the parent's does not have. Moved or renumbered ones are not new.

        `line`: that of the file.
        """
        known = {sentence.folded for sentence in sentences(self.before_md.body)}
        new = (s for s in sentences(self.after_md.body) if s.folded not in known)
        return tuple(Sentence(s.line + self.lines_above, s.text) for s in new)

    @cached_property
    def gone_sentences(self) -> tuple[Sentence, ...]:
        """Sentences of the parent's body that the proposed one no longer has."""
        kept = {sentence.folded for sentence in sentences(self.after_md.body)}
        return tuple(s for s in sentences(self.before_md.body) if s.folded not in kept)


def edited(before: bytes, edits: Sequence[Edit]) -> bytes:
    """The text with the edits; the text as it is where they cannot be applied, which the gate then refuses."""
    try:
        return apply_edits(parse_skill_md(before), edits).data
    except EditRefused:
        return before


def frozen_by(policy: Policy) -> str:
    """What keeps every edit away from the skill, in a word, or ''."""
    return policy.value if policy in {Policy.LOCKED, Policy.RETIRED} else ""


def judged(name: str, bad: Result, problem: str, fine: str) -> Check:
    """The check's result: `bad` with the problem where there is one, else a pass."""
    return Check(name, bad, problem) if problem else Check(name, Result.PASS, fine)
