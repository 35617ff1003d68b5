"""Named cases of the Agent Skills specification: the file's name is the verdict, and each has its place with us.

| case | who says it |
|---|---|
| no front matter, no name, empty description, a bad name in the front matter | the gate's `loadable` (skills-ref) |
| a folder whose name is no skill name (upper case, hyphens at its ends, too long) | `push` (SkillRef), in one line |
| name and folder differ | nobody: `push` writes the folder's name into `name:` |
| consecutive hyphens | the gate; not `push`: every org skill is `name--author` (DESIGN 2) |
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.gate import refuse
from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.model import Result, SkillRef
from hivemind_skillopt.skill_md import front_matter, parse_skill_md, text_field, with_name
from tests.cli.conftest import Cli
from tests.corpora import corpus

GOOD = b"---\nname: good\ndescription: Nothing to object to.\n---\nx\n"
OBJECTIONS = {
    "bad-format": "no longer parses",
    "no-frontmatter": "no longer parses",
    "consecutive-hyphens": "consecutive hyphens",
    "empty-desc": "description",
    "long-name": "way-too-long",
    "no-name": "Missing required field",
    "starts-hyphen": "hyphen",
    "uppercase": "lowercase",
}
"""By case; what is left is valid for the gate."""

INVALID = {*OBJECTIONS, "name-mismatch"}


def cases() -> dict[str, bytes]:
    """By name, without `qvr__` and `__SKILL.md`."""
    files = corpus("spec_cases").glob("*__SKILL.md")
    return {path.name.split("__")[1]: path.read_bytes() for path in files}


def test_the_gate_says_what_the_files_name_says() -> None:
    found = cases()
    assert len(found) == 11
    for name, data in found.items():
        answer = refuse.loadable(Candidate(GOOD, data))
        why = OBJECTIONS.get(name.removeprefix("invalid-skill-"))
        assert (answer.result is Result.REFUSE) == (why is not None), (name, answer.message)
        assert why is None or why in answer.message, (name, answer.message)
    assert {name for name in found if name.startswith("invalid")} == {f"invalid-skill-{case}" for case in INVALID}


@pytest.mark.parametrize("case", ["invalid-skill-long-name", "invalid-skill-starts-hyphen", "invalid-skill-uppercase"])
def test_a_folder_of_that_name_is_no_org_skill(case: str) -> None:
    name = text_field(parse_skill_md(cases()[case]), "name")
    with pytest.raises(SkillInvalid):
        SkillRef(name, "alice")


def test_push_makes_name_and_folder_agree() -> None:
    pushed = with_name(parse_skill_md(cases()["invalid-skill-name-mismatch"]), "name-mismatch--alice")
    assert (front_matter(pushed) or {})["name"] == "name-mismatch--alice"


def test_push_refuses_a_bad_folder_name_in_one_line(cli: Cli, tmp_path: Path) -> None:
    data = cases()["invalid-skill-uppercase"].decode()
    assert "small letters" in cli.fails("push", cli.skill("Invalid-Uppercase", data))
    assert "shorten the name" in cli.fails("push", cli.skill("a" * 60, data))
    cli.run("push", cli.skill("valid-skill", cases()["valid-skill"].decode()))
    assert cli.json("list")[0]["ref"] == "valid-skill--alice"
