"""The hook specification: everything a plugin can take part in. A plugin writes

    from hivemind_skillopt.hooks.specs import hookimpl

and names its module in the entry-point group `hivemind_skillopt`. Plugins run in the worker and in the
CLI, never inside a harness. One that raises is logged and left out; the others go on.

The three events arrive in order per session, each once, as frozen values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

from hivemind_skillopt.events import PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.ports import Scorer
from hivemind_skillopt.settings import Settings

if TYPE_CHECKING:
    from hivemind_skillopt.gate.candidate import CheckFunction  # and with it the readers of Markdown

PROJECT = "hivemind_skillopt"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def session_start(event: SessionStart) -> None:
    """A harness session started, or was resumed, cleared or compacted.

    Also called at a session's first other event where the harness never says that it started.
    """


@hookspec
def pre_tool_use(event: PreToolUse) -> None:
    """A skill is about to be used: by the model's tool call, by a typed command, or read by its path.

    Called for every skill the recorder let through; whether it is an org skill the manifest says.
    """


@hookspec
def user_prompt_submit(event: UserPromptSubmit) -> None:
    """The human sent a prompt in a session that may have an open judgment window."""


@hookspec
def harness_adapters() -> Sequence[HarnessAdapter]:
    """Offer adapters for harnesses; the built-in ones are offered here too. The first of a name wins."""
    raise NotImplementedError


@hookspec
def scorers(settings: Settings) -> Sequence[Scorer]:
    """Offer scorers. HIVEMIND_SKILLOPT_SCORER chooses one by its `name`; the first of a name wins."""
    raise NotImplementedError


@hookspec
def gate_checks() -> Sequence[CheckFunction]:
    """Offer gate checks, run after the built-in ones. A check can make the gate stricter, never milder."""
    raise NotImplementedError
