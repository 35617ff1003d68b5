"""The recorder in a state directory with an odd name, and with 10,000 pulled skills."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.hook import hook, silent, use
from tests.worker.lab import Lab
from tests.worker.processes import environ_of

ODD = ["a state dir", "stäte-日本語-😀", 'it\'s "quoted"', "$HOME `id` \\x", "new\nline", " lead", "-dash", "x" * 200]


@pytest.mark.parametrize("name", ODD)
def test_a_place_with_an_odd_name(tmp_path: Path, name: str) -> None:
    """The very same text on argv and in the variable."""
    for number, by_variable in enumerate((False, True)):
        state = tmp_path / str(number) / name
        state.mkdir(parents=True)
        (state / "org-skills").write_text("deploy--alice\n")
        chosen = {"HIVEMIND_SKILLOPT_STATE_DIR": str(state)} if by_variable else {}
        environ = {"HOME": str(tmp_path), "PATH": os.defpath, **chosen}
        assert silent(hook(tmp_path / "elsewhere" if by_variable else state, "PreToolUse", use(), environ))
        (file,) = (state / "inbox").iterdir()
        assert file.read_bytes().endswith(use())
        assert len(list((state / "sessions").iterdir())) == 1
    assert not (tmp_path / "elsewhere").exists()


def test_the_worker_works_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / 'it\'s "stäte" dir 😀'
    root.mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(root / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(root / "config"))
    lab = Lab.of_today(root)
    lab.publish()
    lab.pull()
    assert silent(hook(lab.paths.state, "PreToolUse", use(), environ_of(lab)))
    lab.work()
    assert len(lab.store.invocations()) == 1
    assert lab.left() == [0, 0, 0]


@pytest.mark.parametrize(("ref", "files"), [("skill-9999--alice", 1), ("skill-5--bob", 0), ("skill--alice", 0)])
def test_ten_thousand_pulled_skills(tmp_path: Path, ref: str, files: int) -> None:
    """Only a whole ref of the list counts, and the last one as well as the first."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "org-skills").write_text("".join(f"skill-{number}--alice\n" for number in range(10_000)))
    assert silent(hook(state, "PreToolUse", use().replace(b"deploy--alice", ref.encode())))
    assert len(list((state / "inbox").iterdir()) if (state / "inbox").exists() else []) == files


@pytest.mark.parametrize(
    "data", [b"", b"\n\n  \n", b"\xff\xfe\n", b"deploy--alice", b"\0" * 1000, b"deploy--alice\r\n"]
)
def test_an_odd_list_of_skills(tmp_path: Path, data: bytes) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "org-skills").write_bytes(data)
    assert silent(hook(state, "PreToolUse", use()))
    assert (state / "inbox").exists() == (b"deploy--alice" in data)
