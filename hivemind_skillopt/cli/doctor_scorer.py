"""Who judges: is the program there, which version is it, and, if asked for, does it really answer?"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from pydantic import BaseModel

from hivemind_skillopt.cli.doctor_checks import Finding, Findings, Level, Patient
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.chosen_scorer import chosen_name, chosen_scorer
from hivemind_skillopt.ports import Question
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.settings import AGENT_CLI, Settings
from hivemind_skillopt.state.spending import Use

VERSION_SECONDS = 60


class _Answer(BaseModel):
    ok: bool


NO_USE = Use("", "doctor")
QUESTION = Question(
    role="judge",
    system="hivemind-skillopt/doctor prompt v1\nAnswer with the JSON object alone.",
    prompt='Answer {"ok": true}.',
    schema=_Answer.model_json_schema(),
)

EXPLAINED = (
    (r"not on the PATH", "install it, or name another scorer: `hivemind-skillopt config set scorer NAME`"),
    (
        r"log ?in|log ?ged in|\b401\b|\b403\b|api key|authenticat|credential",
        "log in, or mend its API key",
    ),
    (r"\b429\b|rate.?limit|quota|usage limit", "its account has a limit; the worker tries again by itself"),
    (r"\b5\d\d\b|overloaded", "its service has trouble; the worker tries again by itself"),
    (r"did not answer within|timed? ?out|connect|network|ENOTFOUND", "look at the network and the proxy variables"),
    (r"model", "choose another model, see `hivemind-skillopt config get`"),
)
"""What a failure says, and what to do; the first that fits."""


def check_harness_program(patient: Patient) -> Findings:
    """The harness's own program: tested with this version? It judges too, unless another scorer is chosen."""
    settings = patient.context.settings
    for adapter in _agents(patient):
        chosen_scorer(settings, patient.context.hooks, adapter)  # raises where there is none
        judges = chosen_name(settings, adapter) == AGENT_CLI
        yield from _tools(settings, adapter)
        program, said = adapter.cli().program, _version(patient, adapter)
        if not said:
            what = "nobody can judge" if judges else "its version is not known"
            level = Level.FAIL if judges else Level.WARN
            yield Finding(level, program, f"`{program}` is not on the PATH or does not start: {what}")
        elif said.partition(".")[0] != adapter.seen_version.partition(".")[0]:
            yield Finding(Level.WARN, program, f"version {said}; tested with {adapter.seen_version}, look out for news")
        else:
            yield Finding(Level.OK, program, f"version {said} (tested with {adapter.seen_version})")


def _tools(settings: Settings, adapter: HarnessAdapter) -> Findings:
    """Who judges where the harness's own CLI cannot run without tools."""
    cli, name = adapter.cli(), chosen_name(settings, adapter)
    if cli.tool_free:
        return
    if name == AGENT_CLI:
        what = f"`{cli.program}` judges: read-only, but not without tools; with ANTHROPIC_API_KEY set, the SDK judges"
        yield Finding(Level.WARN, "scorer", what)
    elif name != settings.scorer:
        yield Finding(Level.OK, "scorer", f"{name} judges, because `{cli.program}` cannot run without tools")


def ask_scorer(patient: Patient) -> Findings:
    """One tiny call through the scorer that judges. It counts as one of today's."""
    context = patient.context
    for adapter in _agents(patient):
        scorer = chosen_scorer(context.settings, context.hooks, adapter)
        model = context.settings.model(adapter.name, QUESTION.role)
        question = replace(QUESTION, model=model.name, provider=model.provider)
        try:
            _, usage = ask_json(scorer, context.spending.of_use(NO_USE), question, _Answer)
        except ScorerFailed as error:
            said = str(error).removeprefix(f"{scorer.name}: ")  # a program that has its harness's name
            yield Finding(Level.FAIL, "scorer", f"{scorer.name}: {said}. {explain(said)}")
        else:
            yield Finding(Level.OK, "scorer", f"{scorer.name} answers, model {usage.model or 'unknown'}")


def explain(failure: str) -> str:
    """What a person can do about it."""
    found = (what for pattern, what in EXPLAINED if re.search(pattern, failure, re.I))
    advice = next(found, "try it by hand, then `hivemind-skillopt worker run --now`")
    return advice[0].upper() + advice[1:]


def _agents(patient: Patient) -> Iterator[HarnessAdapter]:
    """The one that HIVEMIND_SKILLOPT_AGENT names, else each installed harness."""
    if chosen := patient.context.settings.agent:
        return iter([patient.context.adapter(chosen)])
    adapters = patient.context.adapters
    return (adapters[name] for name in dict.fromkeys(one.harness for one in patient.installs) if name in adapters)


def _version(patient: Patient, adapter: HarnessAdapter) -> str:
    """What `PROGRAM --version` says, on whatever stream, run with an empty home: it must not touch the user's."""
    environ = patient.context.settings.environ
    program = shutil.which(adapter.cli().program, path=environ.get("PATH"))
    if program is None:
        return ""
    with tempfile.TemporaryDirectory(prefix="hivemind-skillopt-doctor-") as home:
        moved = {"HOME": home, adapter.home_variable: home, "DISABLE_AUTOUPDATER": "1"}
        env = {name: value for name, value in {**environ, **moved}.items() if name}
        try:
            done = subprocess.run(
                [program, "--version"], env=env, cwd=home, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                timeout=VERSION_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return ""
    found = re.search(r"\d+\.\d+[.\w-]*", done.stdout or done.stderr)
    return found[0] if found and done.returncode == 0 else ""
