"""Which text of a user message did a person type? Each harness puts text of its own there, in its own wrapping."""

from __future__ import annotations

import re

NOT_HUMAN = (
    # Claude Code
    "<system-reminder>",
    "Base directory for this skill:",
    "[Request interrupted",
    "[structured-output-enforce]",
    # Codex: user rows that it adds to the typed one
    "<environment_context>",
    "<skill>",
    "<skills_instructions>",
    "<user_instructions>",
    "<user_shell_command>",
    "<turn_aborted>",
    "# AGENTS.md instructions",
    # Hermes: its own turns inside the user's session
    "Review the conversation above and ",
    "[ASYNC DELEGATION",
)

CLAUDE_SLASH = re.compile(
    r"(?=<command-).*?<command-name>(?P<name>.*?)</command-name>(?:\s*<command-args>(?P<words>.*?)</command-args>)?",
    re.DOTALL,
)
PI_SKILL = re.compile(r'<skill name="(?P<name>[^"]+)" location=.*\n</skill>(?:\n\n(?P<words>.*))?', re.DOTALL)
HERMES_SKILL = re.compile(
    r'\[IMPORTANT: The user has invoked the "(?P<name>[^"]+)" skill,'
    r"(?:.*\nThe user has provided the following instruction alongside the skill invocation: (?P<words>.*))?",
    re.DOTALL,
)
HERMES_STACK = re.compile(
    r'\[IMPORTANT: The user has invoked the "(?P<name>/[^"]+)" stacked skill bundle,[^\n]*'
    r"(?:\n\nSkills loaded: [^\n]*)?(?:\n\nUser instruction: (?P<words>[^\n]*))?"
)
WRAPPINGS = ((CLAUDE_SLASH, ""), (PI_SKILL, "/skill:"), (HERMES_SKILL, "/"), (HERMES_STACK, ""))

TYPED_SKILL = re.compile(r"^/|(?<![A-Za-z0-9_])\$[a-z0-9][\w:-]*--")


def is_human(text: str) -> bool:
    return not text.lstrip().startswith(NOT_HUMAN)


def as_typed(text: str) -> str:
    """The line that a harness turned into a skill's body: `/deploy--alice now`, pi's `/skill:deploy--alice now`.

    Hermes has people type `/deploy-alice`; its wrapping of a single skill names the skill itself, so that comes out.
    """
    for wrapping, prefix in WRAPPINGS:
        if found := wrapping.match(text):
            return " ".join(part for part in (prefix + found["name"], found["words"]) if part)
    return text


def names_a_skill(typed: str) -> bool:
    """Whether the person invoked a skill: `/name`, `/skill:name`, or Codex's `$name--author` anywhere."""
    return TYPED_SKILL.search(typed) is not None
