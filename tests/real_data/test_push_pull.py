"""Every real SKILL.md through the real verbs and the real store: pushed, pulled, the same bytes but for the name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from hivemind_skillopt.cli.main import main
from hivemind_skillopt.skill_md import front_matter, parse_skill_md
from tests.corpora import skill_files


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's machine with nothing but PATH; the embedded store."""
    for name in set(os.environ) - {"PATH", "SKILLOPT_CORPORA"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HIVEMIND_USER", "alice")
    (tmp_path / ".claude").mkdir()
    return tmp_path


def run(*arguments: str) -> None:
    """A verb in this process: 579 processes would take minutes."""
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, (arguments, done.output)


def expected(data: bytes, ref: str) -> bytes:
    """The bytes with another `name:` scalar, found without the code that is tested."""
    name = (front_matter(parse_skill_md(data)) or {}).get("name")
    lines = data.decode().splitlines(keepends=True)
    at = [n for n, line in enumerate(lines) if line.startswith("name:")]
    if name is None:
        return data
    key, _, rest = lines[at[0]].partition("name:")
    value = rest.strip()
    assert value.strip("'\"") == name, "the corpus has a name that is no plain scalar on one line"
    lines[at[0]] = f"{key}name:{rest.replace(value, ref, 1)}"
    return "".join(lines).encode()


@pytest.mark.timeout(1200)  # 579 publications, each on disk when it is done
def test_what_is_pulled_is_what_was_pushed_but_for_the_name(home: Path) -> None:
    run("install", "--yes")
    for number, path in enumerate(skill_files()):
        folder = home / "src" / f"skill-{number}"
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_bytes(path.read_bytes())
        run("push", str(folder))
    run("pull")
    renamed = 0
    for number, path in enumerate(skill_files()):
        ref = f"skill-{number}--alice"
        pulled = (home / ".claude" / "skills" / ref / "SKILL.md").read_bytes()
        assert pulled == expected(path.read_bytes(), ref), path.name
        renamed += pulled != path.read_bytes()
    assert renamed > 500
