"""Which scorer asks the model: the agent's own CLI, or the one that HIVEMIND_SKILLOPT_SCORER names."""

from __future__ import annotations

from collections.abc import Iterator

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.harness import AgentCli, ConfiguredCli, HarnessAdapter
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.ports import Scorer
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.settings import AGENT_CLI, Settings
from hivemind_skillopt.state.running_calls import RunningCalls


def chosen_scorer(settings: Settings, hooks: Hooks, adapter: HarnessAdapter) -> Scorer:
    """Raises SettingsError where none of that name is offered, or its own settings cannot be read."""
    name = chosen_name(settings, adapter)
    if name == AGENT_CLI:
        return AgentCliScorer(_cli(settings, adapter), settings.environ, RunningCalls(settings.paths.calls))
    return offered_scorer(settings, hooks, name)


def chosen_name(settings: Settings, adapter: HarnessAdapter) -> str:
    """A CLI whose model can use tools gives way to an SDK that has a key (DESIGN 7), unless a person named the CLI."""
    if settings.value("HIVEMIND_SKILLOPT_SCORER") or adapter.cli().tool_free:
        return settings.scorer
    return next(_sdks_with_key(settings, adapter.name), AGENT_CLI)


def _sdks_with_key(settings: Settings, agent: str) -> Iterator[str]:
    """Those that can be asked for the agent's models: anthropic knows its own only, openai has none by default."""
    models = [settings.model(agent, role).name for role in ("judge", "proposer")]
    if settings.anthropic.has_key and all(not model or model.startswith("claude") for model in models):
        yield "anthropic"
    if settings.openai.has_key and all(models):
        yield "openai"


def _cli(settings: Settings, adapter: HarnessAdapter) -> AgentCli:
    cli = adapter.cli()
    return cli.at(adapter.home(settings.environ)) if isinstance(cli, ConfiguredCli) else cli


def offered_scorer(settings: Settings, hooks: Hooks, name: str) -> Scorer:
    """The one of that name which a plugin or a built-in offers. Raises SettingsError."""
    offered = hooks.scorers(settings)
    if name not in offered:
        known = ", ".join([AGENT_CLI, *offered])
        raise SettingsError(f"HIVEMIND_SKILLOPT_SCORER is '{name}'; use one of {known}")
    return offered[name]
