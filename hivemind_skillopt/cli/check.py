"""`check`: the gate on two SKILL.md files, without a model. For people's own CI too."""

from __future__ import annotations

from pathlib import Path

import click
from pydantic import BaseModel, ConfigDict, ValidationError

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import print_json, print_table, say
from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.decide import decision, run_checks
from hivemind_skillopt.model import Check, Result
from hivemind_skillopt.skill_md import parse_skill_md

EXIT_CODES = {Result.PASS: 0, Result.HOLD: 3, Result.REFUSE: 4}
STYLES = {Result.PASS: "green", Result.HOLD: "yellow", Result.REFUSE: "red"}

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class EvidenceFile(BaseModel):
    """`--evidence`: who said what."""

    model_config = ConfigDict(extra="forbid")
    human: list[str] = []
    assistant: list[str] = []
    tool: list[str] = []


@click.command("check", short_help="The gate on two SKILL.md files, for your CI.")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--evidence", type=FILE, help='JSON: {"human": [...], "assistant": [...], "tool": [...]}, who said what.')
@as_json
def command(before: Path, after: Path, evidence: Path | None, as_json: bool) -> None:
    """Ask the gate whether the change from BEFORE to AFTER may go out without a person.

    Both are SKILL.md files. Exit codes: 0 pass, 3 hold for a person, 4 refuse, 1 error, 2 usage.
    """
    parse_skill_md(before.read_bytes())
    candidate = Candidate(before=before.read_bytes(), after=after.read_bytes(), evidence=_evidence(evidence))
    checks = run_checks(candidate, Context().hooks.gate_checks())
    result = decision(checks)
    if as_json:
        print_json({"decision": result, "checks": [_facts(check) for check in checks]})
    else:
        _print(checks, result)
    raise SystemExit(EXIT_CODES[result])


def _evidence(path: Path | None) -> Evidence | None:
    if path is None:
        return None
    try:
        found = EvidenceFile.model_validate_json(path.read_bytes())
    except ValidationError:
        raise SkillInvalid(f'{path} is no evidence; write {{"human": [..], "assistant": [..], "tool": [..]}}') from None
    return Evidence(tuple(found.human), tuple(found.assistant), tuple(found.tool))


def _facts(check: Check) -> dict[str, object]:
    return {"name": check.name, "result": check.result, "message": check.message}


def _print(checks: tuple[Check, ...], result: Result) -> None:
    """What a person has to look at; the rest is one line."""
    found = [check for check in checks if check.result is not Result.PASS]
    if found:
        print_table(("result", "check", ""), [(check.result, check.name, check.message) for check in found])
        say("")
    say(f"decision: {result} ({len(checks) - len(found)} of {len(checks)} checks passed)", STYLES[result])
