"""Our file among pi's extensions: rendered, recognised, removed; and the settings that keep it from loading."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.pi.adapter import Pi
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.launch import WORKER_MAIN
from tests.adapters.pi_bridge import Bridge

HOME = Path("/home/dev/.pi/agent")
FILE = HOME / "extensions" / "hivemind-skillopt.ts"
LAUNCHER = Path('/home/d\u00e9v/"state"\\x/launcher')


def rendered(launcher: Path = LAUNCHER) -> str:
    return Pi().with_hooks(FILE, None, launcher)


def test_the_file_lies_among_the_users_extensions() -> None:
    assert Pi().hook_files(HOME, "extension") == (FILE,)
    assert Pi().skill_root(HOME) == HOME / "skills"


def test_the_paths_of_this_machine_are_its_only_difference() -> None:
    template = (bundle_dir() / "adapters" / "pi" / FILE.name).read_text()
    different = [
        pair for pair in zip(template.splitlines(), rendered().splitlines(), strict=True) if len(set(pair)) > 1
    ]
    ((before, after),) = different
    assert before == "const INSTALLED = null;"
    paths = json.loads(after.removeprefix("const INSTALLED = ").removesuffix(";"))
    assert paths == {"launcher": str(LAUNCHER), "python": sys.executable, "worker": WORKER_MAIN}
    assert after.isascii()


def test_installed_twice_is_installed_once() -> None:
    assert Pi().with_hooks(FILE, rendered(), LAUNCHER) == rendered()
    assert Pi().with_hooks(FILE, rendered(Path("/old/launcher")), LAUNCHER) == rendered()


def test_a_foreign_file_of_that_name_stays() -> None:
    with pytest.raises(HarnessError, match="not ours"):
        Pi().with_hooks(FILE, "export default () => {}\n", LAUNCHER)
    assert Pi().without_hooks(FILE, "export default () => {}\n", LAUNCHER, None) == "export default () => {}\n"


def test_ours_goes_even_when_it_was_edited() -> None:
    assert Pi().without_hooks(FILE, rendered(), LAUNCHER, None) is None
    assert Pi().without_hooks(FILE, rendered(Path("/old")) + "// mine\n", LAUNCHER, None) is None


@pytest.mark.parametrize(
    ("extensions", "loads"),
    [
        ([], True),
        (["-extensions/hivemind-skillopt.ts"], False),
        (["-./extensions/hivemind-skillopt.ts"], False),
        (["!extensions/*"], False),
        (["!hivemind-*"], False),
        (["!**/hivemind-skillopt.ts"], False),
        (["!extensions/*", "+extensions/hivemind-skillopt.ts"], True),
        (["+extensions/hivemind-skillopt.ts", "-extensions/hivemind-skillopt.ts"], False),
        (["!other.ts", "-extensions/other.ts", "/x/more.ts", 5, None], True),
        ("nonsense", True),
    ],
)
def test_settings_that_keep_it_from_loading(tmp_path: Path, extensions: Sequence[object] | str, loads: bool) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"extensions": extensions, "theme": "dark"}))
    off = Pi().switched_off(tmp_path)
    assert (off == "") is loads
    assert loads or str(tmp_path / "settings.json") in off


def test_no_settings_keep_nothing_from_loading(tmp_path: Path) -> None:
    assert Pi().switched_off(tmp_path) == ""


def test_the_probes_run_the_installed_file(tmp_path: Path) -> None:
    """As `doctor` runs them, without the worker."""
    bridge = Bridge(tmp_path, refs=["doctor--x"])
    probes = Pi().hook_probes({bridge.file: bridge.file.read_text()}, bridge.launcher, "doctor--x")
    for probe in probes:
        done = subprocess.run(["/bin/sh", "-c", probe.command], input=probe.payload, capture_output=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    kinds = [item.event for item in bridge.inbox()]
    assert kinds == ["SessionStart", "PreToolUse", "UserPromptMention", "UserPromptMention"]
    assert [probe.starts_worker for probe in probes] == [kind != "PreToolUse" for kind in kinds]
