"""doctor: says ok when all is well, and names each thing that is broken, one by one."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.cli.doctor_scorer import explain
from tests.cli.conftest import SKILL, Cli
from tests.cli.test_uninstall import launcher, snapshot, state

CLAUDE = '#!/bin/sh\necho "2.1.197 (Claude Code)"\n'


@pytest.fixture
def well(cli: Cli, tmp_path: Path) -> Cli:
    """Installed, one skill pulled, a `claude` on the PATH, temporary folders of our own."""
    program(tmp_path, CLAUDE)
    (tmp_path / "tmp").mkdir()
    cli.environ = {"PATH": f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(tmp_path / "tmp")}
    cli.run("install", "--yes")
    cli.run("push", cli.skill(text=SKILL))
    cli.run("pull")
    return cli


def program(root: Path, text: str) -> None:
    (root / "bin").mkdir(exist_ok=True)
    (root / "bin" / "claude").write_text(text)
    (root / "bin" / "claude").chmod(0o755)


def bad(cli: Cli, level: str = "fail", *arguments: str) -> list[str]:
    """The messages of that level; the exit code says whether a check failed."""
    done = cli.run("doctor", "--json", *arguments, code=1 if level == "fail" else 0)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["ok"] is (level != "fail")
    return [check["message"] for check in answer["checks"] if check["level"] == level]


def test_all_is_well_and_nothing_is_touched(well: Cli, tmp_path: Path) -> None:
    """Neither a file nor a process of the probe is left."""
    ours = [path for path in state(well).rglob("*") if path.name.startswith("state.db")]
    before = snapshot(well.home, *ours, state(well) / "worker.lock")
    answer = well.json("doctor")
    assert answer["ok"] is True
    assert {check["level"] for check in answer["checks"]} == {"ok"}
    assert "all 4 hooks fire" in json.dumps(answer)
    trust = {"level": "ok", "check": "Claude Code", "message": "hooks in user settings need no trust"}
    assert trust in answer["checks"]
    changed = {name for name, facts in snapshot(well.home, *ours).items() if before.get(name) != facts}
    assert [name for name in changed if "/state.db" not in name] == []
    assert list((tmp_path / "tmp").iterdir()) == []
    deadline = time.monotonic() + 30  # a process that has ended is in the list until its parent looks
    while left := [cmdline(pid) for pid in Path("/proc").glob("[0-9]*") if str(tmp_path / "tmp") in cmdline(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def cmdline(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:
        return ""


def test_before_the_install_it_says_so_and_makes_nothing(cli: Cli) -> None:
    (message,) = bad(cli)
    assert "nothing is installed; run `hivemind-skillopt install`" in message
    assert [path.name for path in cli.home.iterdir()] == [".claude"]


def delete_launcher(cli: Cli) -> None:
    launcher(cli).unlink()


def launcher_without_x(cli: Cli) -> None:
    launcher(cli).chmod(0o600)


def launcher_that_fails(cli: Cli) -> None:
    """Not even `|| true` keeps a hook silent that speaks."""
    launcher(cli).write_text("#!/bin/sh\necho oops\n")


def recorder_gone(cli: Cli) -> None:
    """The package was moved away under the launcher."""
    text = launcher(cli).read_text()
    launcher(cli).write_text(text.replace("hivemind_skillopt.recorder", "hivemind_skillopt.no_such"))


def one_hook_less(cli: Cli) -> None:
    settings = json.loads(cli.settings.read_text())
    del settings["hooks"]["UserPromptExpansion"]
    cli.settings.write_text(json.dumps(settings))


def hooks_disabled(cli: Cli) -> None:
    settings = json.loads(cli.settings.read_text())
    cli.settings.write_text(json.dumps({**settings, "disableAllHooks": True}))


def disabled_by_env(cli: Cli) -> None:
    settings = json.loads(cli.settings.read_text())
    cli.settings.write_text(json.dumps({**settings, "env": {"HIVEMIND_SKILLOPT_DISABLED": "1"}}))


def settings_with_a_comment(cli: Cli) -> None:
    cli.settings.write_text("// mine\n" + cli.settings.read_text())


def settings_gone(cli: Cli) -> None:
    cli.settings.unlink()


def malformed_entry(cli: Cli) -> None:
    settings = json.loads(cli.settings.read_text())
    settings["hooks"]["Stop"] = [{"hooks": [{"type": "bogus"}]}]
    cli.settings.write_text(json.dumps(settings))


def corrupt_state(cli: Cli) -> None:
    for path in state(cli).glob("state.db*"):
        path.write_bytes(b"this is no database " * 500)


def unreadable_store(cli: Cli) -> None:
    store = cli.home / ".local/share/hivemind-skillopt/store.db"
    for path in store.parent.glob("store.db*"):
        path.write_bytes(b"this is no database " * 500)


def store_of_no_kind(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = "gopher://x"


def wrong_setting(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "obsrve"


def failing_plugin(cli: Cli) -> None:
    info = cli.home.parent / "plugins" / "bad_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hivemind_skillopt]\nbad = no_such_module_of_a_stranger\n")
    cli.environ["PYTHONPATH"] = str(info.parent)


def no_claude(cli: Cli) -> None:
    cli.environ["PATH"] = "/usr/bin:/bin"


BROKEN: dict[str, tuple[Callable[[Cli], None], str]] = {
    "launcher deleted": (delete_launcher, "launcher is gone, so every hook is silent"),
    "launcher not executable": (launcher_without_x, "launcher is not executable"),
    "launcher speaks": (launcher_that_fails, "UserPromptExpansion, UserPromptSubmit: the hook is not silent"),
    "recorder gone": (recorder_gone, "UserPromptExpansion, UserPromptSubmit: the hook records nothing"),
    "one hook less": (one_hook_less, "the hook for UserPromptExpansion is not in ~/.claude/settings.json"),
    "hooks disabled": (hooks_disabled, "disableAllHooks is true"),
    "disabled in the harness's env": (disabled_by_env, "env has HIVEMIND_SKILLOPT_DISABLED"),
    "comment": (settings_with_a_comment, "not plain JSON"),
    "settings gone": (settings_gone, "settings.json is gone"),
    "malformed entry": (malformed_entry, "hooks.Stop.0.hooks.0 in settings.json is malformed"),
    "corrupt state.db": (corrupt_state, "it is damaged: move it away, then run `hivemind-skillopt install`"),
    "unreadable store": (unreadable_store, "not a database"),
    "store of no kind": (store_of_no_kind, "HIVEMIND_SKILLOPT_STORE has the scheme 'gopher'"),
    "wrong setting": (wrong_setting, "HIVEMIND_SKILLOPT_MODE is 'obsrve'"),
    "failing plugin": (failing_plugin, "bad is left out: ModuleNotFoundError"),
    "no claude": (no_claude, "`claude` is not on the PATH"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(well: Cli, name: str) -> None:
    break_it, expected = BROKEN[name]
    break_it(well)
    assert expected in " | ".join(bad(well))


def test_what_is_odd_is_a_warning(well: Cli, tmp_path: Path) -> None:
    program(tmp_path, "#!/bin/sh\necho 3.0.1\n")
    (well.pulled / "SKILL.md").write_text("mine")
    aside = state(well) / "set-aside"
    aside.mkdir()
    (aside / "00000000000000000001-x").write_text("?")
    well.run("pause")
    found = " | ".join(bad(well, "warn"))
    for message in (
        "version 3.0.1; tested with 2.1.197",
        "was edited here",
        "1 recorded event(s) could not be read",
        "paused",
    ):
        assert message in found


def test_a_link_that_leads_nowhere(well: Cli) -> None:
    shutil.rmtree(well.pulled.resolve())
    assert "leads nowhere; run `hivemind-skillopt pull deploy--alice`" in " | ".join(bad(well, "warn"))


def test_the_table_fits_a_terminal(well: Cli) -> None:
    lines = well.run("doctor").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["check", "what"]


def test_the_scorer_is_asked_only_on_request(well: Cli, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    answer = json.dumps(
        {"is_error": False, "result": "", "structured_output": {"ok": True}, "modelUsage": {"haiku": {}}}
    )
    program(tmp_path, f"#!/bin/sh\n[ \"$1\" = --version ] && echo 2.1.197 && exit\ntouch '{asked}'\necho '{answer}'\n")
    assert well.json("doctor")["ok"]
    assert not asked.exists()
    checks = well.json("doctor", "--scorer")["checks"]
    assert checks[-1] == {"level": "ok", "check": "scorer", "message": "claude_code answers, model haiku"}
    assert asked.exists()
    assert well.json("status")["today"]["judge_calls"] == 1


def test_a_scorer_that_fails_is_explained(well: Cli, tmp_path: Path) -> None:
    answer = json.dumps({"is_error": True, "result": "Not logged in · Please run /login"})
    program(tmp_path, f"#!/bin/sh\n[ \"$1\" = --version ] && echo 2.1.197 && exit\necho '{answer}'\nexit 1\n")
    (message,) = bad(well, "fail", "--scorer")
    assert message == "claude_code: claude: Not logged in · Please run /login. Log in, or mend its API key"


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        ("`claude` is not on the PATH", "install"), ("API Error: 401 invalid x-api-key", "log in"),
        ("429 rate_limit_error", "limit"), ("API Error: 529 overloaded", "trouble"),
        ("did not answer within 120 s", "network"), ("There's an issue with the selected model", "model"),
        ("something else", "by hand"),
    ],
)  # fmt: skip
def test_each_failure_has_an_advice(failure: str, word: str) -> None:
    assert word in explain(failure).lower()


def test_after_an_uninstall_nothing_is_well(well: Cli) -> None:
    well.run("uninstall")
    (message,) = bad(well)
    assert message == "no harness has our hooks; run `hivemind-skillopt install`"


def test_a_worker_that_gave_up_is_told_and_nothing_is_called_well(well: Cli) -> None:
    with (state(well) / "log.jsonl").open("a") as log:
        log.write(f'{{"at": {2**62}, "what": "worker_failed", "why": "no room"}}\n')
    assert bad(well, "warn") == ["the last worker gave up: no room"]
    assert "nothing failed" not in well.run("doctor").stdout
