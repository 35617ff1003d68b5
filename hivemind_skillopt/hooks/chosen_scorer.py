"""Which scorer asks the model: the agent's own CLI, or the one that HIVEMIND_SKILLOPT_SCORER names."""

from __future__ import annotations

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.ports import AgentCli, ConfiguredCli, HarnessAdapter, Scorer
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.settings import AGENT_CLI, Settings
from hivemind_skillopt.state.running_calls import RunningCalls


def chosen_scorer(settings: Settings, hooks: Hooks, adapter: HarnessAdapter) -> Scorer:
    """Raises SettingsError where none of that name is offered."""
    if settings.scorer == AGENT_CLI:
        return AgentCliScorer(_cli(settings, adapter), settings.environ, RunningCalls(settings.paths.calls))
    return offered_scorer(settings, hooks)


def _cli(settings: Settings, adapter: HarnessAdapter) -> AgentCli:
    cli = adapter.cli()
    return cli.at(adapter.home(settings.environ)) if isinstance(cli, ConfiguredCli) else cli


def offered_scorer(settings: Settings, hooks: Hooks) -> Scorer:
    """The one of that name which a plugin or a built-in offers. Raises SettingsError."""
    offered = hooks.scorers(settings)
    if settings.scorer not in offered:
        known = ", ".join([AGENT_CLI, *offered])
        raise SettingsError(f"HIVEMIND_SKILLOPT_SCORER is '{settings.scorer}'; use one of {known}")
    return offered[settings.scorer]
