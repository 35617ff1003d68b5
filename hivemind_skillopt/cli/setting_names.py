"""The settings that `config` knows: their variables, defaults and meanings, as in the user guide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.settings import PREFIXES, config_key


@dataclass(frozen=True, slots=True)
class Known:
    """What stands where nothing is set, and what it is for. `secret`: never printed."""

    default: str
    meaning: str
    secret: bool = False


NAMES: Final = {
    "HIVEMIND_SKILLOPT_MODE": Known("auto", "auto, review, observe or off"),
    "HIVEMIND_SKILLOPT_DISABLED": Known("0", "1: everything is off"),
    "HIVEMIND_SKILL_ATTRIBUTION": Known("1", "0: no attribution rows"),
    "HIVEMIND_AUTOPULL_DISABLED": Known("0", "1: no pull by itself"),
    "HIVEMIND_SKILLOPT_NOTICE": Known("1", "0: no line about changed skills at a session's start"),
    "HIVEMIND_SKILLOPT_JUDGE_WINDOW": Known("3", "how many messages after a use may be reactions"),
    "HIVEMIND_SKILLOPT_STORE": Known("SQLite file", "the org store's URL"),
    "HIVEMIND_ORG_ID": Known("local", "which org"),
    "HIVEMIND_WORKSPACE_ID": Known("default", "which workspace"),
    "HIVEMIND_USER": Known("git email", "your name as an author"),
    "HIVEMIND_SKILLOPT_SHARE_QUOTES": Known("1", "0: the store gets a hash instead of the quote"),
    "HIVEMIND_SKILLOPT_AGENT": Known("harness in use", "whose CLI and models judge and propose"),
    "HIVEMIND_SKILLOPT_SCORER": Known("agent_cli", "agent_cli, anthropic, openai, scripted or a plugin's"),
    "HIVEMIND_SKILLOPT_SCRIPT": Known("", "JSON file of the scripted scorer"),
    "HIVEMIND_SKILLOPT_MAX_JUDGE_CALLS_PER_DAY": Known("50", "judge calls a day, and as many proposer calls"),
    "HIVEMIND_SKILLOPT_MAX_TOKENS_PER_DAY": Known("2000000", "tokens a day"),
    "HIVEMIND_SKILLOPT_MAX_USD_PER_DAY": Known("5", "US dollars a day"),
    "HIVEMIND_SKILLOPT_MAX_SHARE_PER_SKILL": Known("0.5", "how much of these one skill may take"),
    "HIVEMIND_SKILLOPT_MAX_SHARE_PER_SESSION": Known("0.25", "how much of these one session may take"),
    "HIVEMIND_SKILLOPT_MAX_PUBLICATIONS_PER_DAY": Known("3", "publications a day and skill, by the loop"),
    "HIVEMIND_SKILLOPT_COOLDOWN_SECONDS": Known("600", "between two publications of a skill by the loop"),
    "HIVEMIND_SKILLOPT_CONFIDENCE_FLOOR": Known("0.7", "under it a proposal is held"),
    "HIVEMIND_SKILLOPT_CLAUDE_CODE_MODEL": Known("", "model of both roles with Claude Code"),
    "HIVEMIND_SKILLOPT_CLAUDE_CODE_JUDGE_MODEL": Known("haiku", "model of the judge"),
    "HIVEMIND_SKILLOPT_CLAUDE_CODE_PROPOSER_MODEL": Known("sonnet", "model of the proposer"),
    "HIVEMIND_SKILLOPT_CODEX_MODEL": Known("", "model of both roles with Codex"),
    "HIVEMIND_SKILLOPT_CODEX_PROVIDER": Known("", "that model's provider in config.toml"),
    "HIVEMIND_SKILLOPT_CURSOR_MODEL": Known("", "model of both roles with Cursor"),
    "HIVEMIND_SKILLOPT_CURSOR_JUDGE_MODEL": Known("", "model of the judge"),
    "HIVEMIND_SKILLOPT_CURSOR_PROPOSER_MODEL": Known("", "model of the proposer"),
    "HIVEMIND_SKILLOPT_HERMES_MODEL": Known("", "model of both roles with Hermes"),
    "HIVEMIND_SKILLOPT_HERMES_PROVIDER": Known("", "that model's provider, as `hermes --provider` takes it"),
    "HIVEMIND_SKILLOPT_PI_MODEL": Known("", "model of both roles with pi"),
    "HIVEMIND_SKILLOPT_PI_PROVIDER": Known("", "provider of that model"),
    "ANTHROPIC_API_KEY": Known("", "for the scorer anthropic", secret=True),
    "ANTHROPIC_AUTH_TOKEN": Known("", "for the scorer anthropic, instead of a key", secret=True),
    "ANTHROPIC_BASE_URL": Known("", "for the scorer anthropic"),
    "OPENAI_API_KEY": Known("", "for the scorer openai", secret=True),
    "OPENAI_BASE_URL": Known("", "for the scorer openai"),
}
"""HIVEMIND_SKILLOPT_STATE_DIR is not among them: it is where config.toml's reader starts from."""

AGENT_NAME = re.compile(r"HIVEMIND_SKILLOPT_[A-Z0-9_]+_(?:(?:JUDGE|PROPOSER)_)?(?:MODEL|PROVIDER)")
"""The models and providers of other harnesses and of plugins."""


def find_name(text: str) -> str:
    """The variable that a variable's name or a key of config.toml means. Raises SettingsError."""
    for name in NAMES:
        if text.upper() == name or text.lower() == config_key(name):
            return name
    full = text.upper() if text.upper().startswith(PREFIXES) else PREFIXES[0] + text.upper()
    if AGENT_NAME.fullmatch(full):
        return full
    raise SettingsError(f"no setting is called '{text}'; `hivemind-skillopt config get` shows all")
