"""What a person typed is found in the messages that the harnesses were seen to send."""

from __future__ import annotations

import pytest

from tests.harness.human_text import as_typed, is_human, names_a_skill

CLAUDE = (
    "<command-message>deploy--alice</command-message>\n<command-name>/deploy--alice</command-name>\n"
    "<command-args>staging now</command-args>"
)
PI = '<skill name="deploy--alice" location="/s/SKILL.md">\nReferences are relative to /s.\n\n# Deploy\n</skill>'
HERMES = '[IMPORTANT: The user has invoked the "deploy--alice" skill, indicating they want it.]\n\n# Deploy\n\n'
HERMES_WORDS = "The user has provided the following instruction alongside the skill invocation: staging now"
STACK = '[IMPORTANT: The user has invoked the "/deploy-alice /notes" stacked skill bundle, loading 2 skills together.]'
STACK_LOADED = "\n\nSkills loaded: deploy--alice, notes"


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("please deploy", "please deploy"),
        (CLAUDE, "/deploy--alice staging now"),
        (PI, "/skill:deploy--alice"),
        (f"{PI}\n\nstaging now", "/skill:deploy--alice staging now"),
        (HERMES, "/deploy--alice"),
        (HERMES + HERMES_WORDS, "/deploy--alice staging now"),
        (f"{STACK}{STACK_LOADED}\n\n[Loaded as part", "/deploy-alice /notes"),
        (f"{STACK}{STACK_LOADED}\n\nUser instruction: do both\n\n[Loaded", "/deploy-alice /notes do both"),
    ],
)
def test_a_skill_that_a_harness_unwrapped_is_wrapped_again(text: str, typed: str) -> None:
    assert is_human(text)
    assert as_typed(text) == typed


@pytest.mark.parametrize(
    "text",
    [
        "<environment_context>\n  <cwd>/home/dev</cwd>",
        "<skill>\n<name>deploy--alice</name>",
        "# AGENTS.md instructions for /home/dev\n",
        "\n<system-reminder>",
        "Review the conversation above and update the skill library",
        "[ASYNC DELEGATION BATCH COMPLETE - deleg_1]",
    ],
)
def test_what_a_harness_says_is_not_human(text: str) -> None:
    assert not is_human(text)


@pytest.mark.parametrize("typed", ["/deploy--alice", "/skill:deploy--alice now", "use $deploy--alice, `$p:lint--bob`"])
def test_a_skill_is_named(typed: str) -> None:
    assert names_a_skill(typed)


@pytest.mark.parametrize("typed", ["deploy--alice", "it costs $5", "echo $home and/or US$deploy--alice"])
def test_no_skill_is_named(typed: str) -> None:
    assert not names_a_skill(typed)
