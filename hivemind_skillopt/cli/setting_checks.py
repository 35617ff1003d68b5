"""Whether a setting that is about to be written names something that is there."""

from __future__ import annotations

from collections.abc import Callable

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.hooks.chosen_scorer import offered_scorer
from hivemind_skillopt.scorers.scripted import ScriptedScorer
from hivemind_skillopt.settings import AGENT_CLI
from hivemind_skillopt.store.engine import check_url


def refuse_what_is_not_there(name: str, context: Context) -> None:
    """`context` has the settings as they would be. Raises SettingsError."""
    if name in _CHECKS and context.settings.value(name):
        _CHECKS[name](context)


def _store(context: Context) -> None:
    """Could it be opened? Whether a server answers is `doctor`'s and `store status`'s to say."""
    check_url(context.settings.store_url)


def _scorer(context: Context) -> None:
    if context.settings.scorer != AGENT_CLI:
        offered_scorer(context.settings, context.hooks, context.settings.scorer)


def _agent(context: Context) -> None:
    context.adapter(context.settings.agent)


def _script(context: Context) -> None:
    ScriptedScorer(context.settings.script).script()


_CHECKS: dict[str, Callable[[Context], None]] = {
    "HIVEMIND_SKILLOPT_STORE": _store,
    "HIVEMIND_SKILLOPT_SCORER": _scorer,
    "HIVEMIND_SKILLOPT_AGENT": _agent,
    "HIVEMIND_SKILLOPT_SCRIPT": _script,
}
