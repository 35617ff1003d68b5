"""Which SKILL.md can have been rendered to a body. The rows were seen in the real program."""

from __future__ import annotations

import time

import pytest

from hivemind_skillopt.adapters.claude_code.skill_body import renders_as, split_rendered

FRONT = "---\nname: x\ndescription: d\n---\n"

SEEN = {
    "arguments are added": (FRONT + "\n# T\n\nDo it.\n", "# T\n\nDo it.\n\n\nARGUMENTS: staging eu west"),
    "no final newline": (FRONT + "\nDo it.", "Do it.\n\nARGUMENTS: x"),
    "the end is not trimmed": (FRONT + "\nDo it.\n\n\n", "Do it.\n\n\n"),
    "white space after the front matter goes": (FRONT + "\n\n   \n  # T", "# T"),
    "no front matter": ("\n\n# T\n", "\n\n# T\n"),
    "a BOM hides the front matter": ("\ufeff" + FRONT + "B\n", "\ufeff" + FRONT + "B\n"),
    "CRLF is kept": ("---\r\nname: x\r\n---\r\n\r\n# T\r\n", "# T\r\n"),
    "dashes inside the front matter end it": ("---\nd: uses a--- dash\n---\n\nBody.\n", "dash\n---\n\nBody.\n"),
    "all arguments": (FRONT + "Go $ARGUMENTS now: $0.\n", "Go staging eu now: staging.\n"),
    "no arguments, empty placeholders": (
        FRONT + "Deploy $ARGUMENTS now. Again: $ARGUMENTS.\n",
        "Deploy  now. Again: .\n",
    ),
    "own variables": (FRONT + "See ${CLAUDE_SKILL_DIR}/a.md\n", "See /h/skills/x/a.md\n"),
    "own variables and arguments": (FRONT + "See ${CLAUDE_SKILL_DIR}/a\n", "See /h/a\n\n\nARGUMENTS: staging"),
    "shell output": (FRONT + "Host: !`hostname`\nEnd\n", "Host: box\nEnd\n"),
}


@pytest.mark.parametrize("name", SEEN)
def test_seen(name: str) -> None:
    skill_md, rendered = SEEN[name]
    assert renders_as(skill_md, rendered)


OTHER = {
    "another line": (FRONT + "Do it.\n", "Do that.\n"),
    "more text": (FRONT + "Do it.\n", "Do it.\nAnd more.\n"),
    "less text": (FRONT + "Do it.\nAnd more.\n", "Do it.\n"),
    "another text around a placeholder": (FRONT + "Go $ARGUMENTS now.\n", "Go staging later.\n"),
    "another order": (FRONT + "$0 a $1 b $2 c\n", "x b y a z c\n"),
}


@pytest.mark.parametrize("name", OTHER)
def test_not_the_same_skill(name: str) -> None:
    skill_md, rendered = OTHER[name]
    assert not renders_as(skill_md, rendered)


def test_many_placeholders_cost_no_more_than_the_text() -> None:
    assert not renders_as(FRONT + "a $ARGUMENTS " * 2_000 + "end", "a x " * 20_000)


def test_only_a_rendered_skill_has_a_base_directory() -> None:
    assert split_rendered("Base directory for this skill: /a b/c\n\nBody\n\nmore") == ("/a b/c", "Body\n\nmore")
    assert split_rendered("<local-command-caveat>Caveat") is None
    assert split_rendered("Body\n\nBase directory for this skill: /x\n\ny") is None


def test_a_long_run_of_empty_lines_is_linear() -> None:
    start = time.process_time()
    assert not renders_as("---\n" + "\n" * 1_000_000, "x")
    assert not renders_as("---\n" + "$ARGUMENTS ```!" * 60_000, "x")
    assert time.process_time() - start < 10  # measured: 0.1 s
