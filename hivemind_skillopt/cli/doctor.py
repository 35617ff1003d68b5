"""`doctor`: does every part really work? The installed hooks are run, not only looked at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext

import click

from hivemind_skillopt.cli import doctor_checks as checks
from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.doctor_checks import Check, Finding, Level, Patient
from hivemind_skillopt.cli.doctor_scorer import ask_scorer, check_harness_program
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import at_a_terminal, console, print_json, print_table
from hivemind_skillopt.errors import SkillOptError

CHECKS: dict[str, Check] = {
    "program": checks.check_program,
    "plugins": checks.check_plugins,
    "state": checks.check_state,
    "launcher": checks.check_launcher,
    "hooks": checks.check_hooks,
    "harness": check_harness_program,
    "store": checks.check_store,
    "worker": checks.check_work,
    "skills": checks.check_skills,
}
"""In the order in which a person would mend things."""


@click.command("doctor", short_help="Does every part really work?")
@click.option("--scorer", is_flag=True, help="Also ask the model one tiny question: a real call, counted as one.")
@as_json
def command(scorer: bool, as_json: bool) -> None:
    """Check every part, and say what to do where one fails.

    Each installed hook is run with its own command as it stands in the harness's file, in a temporary state
    directory, and the worker that it starts has to take in what was recorded. Nothing of yours is changed.

    Exit codes: 0 no check failed, 1 one did.
    """
    waiting = console().status("running the hooks ...") if not as_json and at_a_terminal() else nullcontext()
    with waiting:
        findings = list(_examine(scorer))
    failed = any(finding.level is Level.FAIL for finding in findings)
    if as_json:
        print_json({"ok": not failed, "checks": [finding.facts() for finding in findings]})
    else:
        print_table(("", "check", "what"), [(one.level, one.check, one.message) for one in findings])
    sys.exit(failed)


def _examine(scorer: bool) -> Iterator[Finding]:
    """One check that breaks must not hide the others."""
    context = Context()
    yield checks.check_settings(context)
    patient = Patient.of(context)
    for name, check in (CHECKS | ({"scorer": ask_scorer} if scorer else {})).items():
        try:
            yield from check(patient)
        except (SkillOptError, OSError) as error:
            yield Finding(Level.FAIL, name, str(error))
        except Exception as error:  # noqa: BLE001  a stranger's scorer may raise anything
            yield Finding(Level.FAIL, name, f"{type(error).__name__}: {error}")
