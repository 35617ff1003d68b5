"""uninstall in bad times, and --purge: the home is what it was before us."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import portalocker
import pytest

import hivemind_skillopt
from hivemind_skillopt.cli import demo_story as story
from hivemind_skillopt.cli.demo import Home
from hivemind_skillopt.model import Reaction
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.jobs import Jobs
from tests.cli.conftest import Cli
from tests.cli.test_install import FOREIGN, content, launcher, write

CLAUDE_MD = "Always answer in verse.\n"


def state(cli: Cli) -> Path:
    return cli.home / ".local/state/hivemind-skillopt"


def snapshot(home: Path, *rewritten: Path) -> dict[str, tuple[object, ...]]:
    """Everything below: kind, mode, owner, bytes or target; of files also the time, but for the rewritten ones."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(home.rglob("*")):
        status = path.lstat()
        what = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
        time = status.st_mtime_ns if path.is_file() and path not in rewritten else 0
        found[str(path.relative_to(home))] = (oct(status.st_mode), status.st_uid, status.st_gid, what, time)
    return found


def of_a_person(cli: Cli) -> None:
    """A home with a life of its own: foreign hooks, an own skill, an empty folder that is not ours."""
    write(cli, FOREIGN)
    cli.settings.chmod(0o640)
    (cli.home / ".claude" / "CLAUDE.md").write_text(CLAUDE_MD)
    (cli.home / ".config").mkdir(mode=0o750)
    cli.skill(text=story.SKILL)
    (cli.home / "script.json").write_text(json.dumps(story.SCRIPT))
    cli.environ |= {"HIVEMIND_SKILLOPT_SCORER": "scripted", "HIVEMIND_SKILLOPT_SCRIPT": str(cli.home / "script.json")}


class Worked(Home):
    """The demo's session, in this home."""

    def __init__(self, cli: Cli) -> None:
        object.__setattr__(self, "path", cli.home)
        object.__setattr__(self, "_cli", cli)

    @property
    def environ(self) -> dict[str, str]:
        cli: Cli = self._cli  # type: ignore[attr-defined]
        return {"PATH": os.environ["PATH"], "HOME": str(cli.home), "HIVEMIND_USER": "alice", **cli.environ}

    def hook(self, event: str, payload: dict[str, object]) -> None:
        entries = json.loads((self.path / ".claude" / "settings.json").read_text())["hooks"][event]
        (command,) = [e["hooks"][0]["command"] for e in entries if "launcher" in json.dumps(e)]
        text = json.dumps({"hook_event_name": event, **payload}) + "\n"
        subprocess.run(["/bin/sh", "-c", command], env=self.environ, input=text.encode(), check=True)


def use(cli: Cli) -> None:
    """A whole session: version 2 is published and pulled."""
    Worked(cli).work(cli.pulled)
    wait(lambda: "Always ask" in (cli.pulled / "SKILL.md").read_text())
    wait(lambda: (s := cli.json("status"))["outbox"] == s["jobs"] == s["inbox"] == 0 and not running(cli))


def running(cli: Cli) -> bool:
    """Does a worker hold the lock?"""
    try:
        with portalocker.Lock(state(cli) / "worker.lock", mode="a", timeout=0, fail_when_locked=True):
            return False
    except portalocker.LockException:
        return True


def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


@pytest.mark.parametrize("order", [("install", "push", "pull"), ("push", "install", "pull")])
def test_purge_leaves_the_home_as_it_was(cli: Cli, order: tuple[str, ...]) -> None:
    of_a_person(cli)
    before = snapshot(cli.home, cli.settings)
    steps = {"install": ["install", "--yes"], "push": ["push", str(cli.home / "src" / "deploy")], "pull": ["pull"]}
    for number in range(2):
        for step in order:
            cli.run(*steps[step])
        if number == 0:
            shutil.rmtree(cli.home / "transcripts", ignore_errors=True)
            use(cli)
            shutil.rmtree(cli.home / "transcripts")
        assert "skill(s)" in cli.fails("uninstall", "--purge"), "the only copy of the skills: not without a word"
        said = cli.run("uninstall", "--purge", "--yes").stdout
        assert "removed ~/.local/state/hivemind-skillopt" in " ".join(said.split())
        assert snapshot(cli.home, cli.settings) == before
    assert cli.run("uninstall", "--purge").stdout == "nothing is installed\n"
    assert snapshot(cli.home, cli.settings) == before


def test_purge_of_a_home_without_a_harness_folder(cli: Cli) -> None:
    """The first command ever opens the store alone."""
    cli.settings.parent.rmdir()
    cli.fails("history", "deploy--alice")
    cli.run("install", "--yes", "--harness", "claude_code")
    cli.run("uninstall", "--purge")
    assert list(cli.home.iterdir()) == []


def test_purge_keeps_what_is_not_ours_in_a_state_directory_that_was_there(cli: Cli, tmp_path: Path) -> None:
    own = tmp_path / "shared state"
    own.mkdir()
    (own / "notes.txt").write_text("mine")
    (own / "inbox.old").mkdir()
    cli.environ["HIVEMIND_SKILLOPT_STATE_DIR"] = str(own)
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = f"sqlite:///{tmp_path}/team.db"
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    cli.run("pull")
    assert (own / "launcher").exists()
    for name in ("notice-claude_code%c%d", ".notice-codex.tmp-7-0a1b", ".notice.tmp-7-0a1b"):
        (own / name).touch()
    cli.run("uninstall", "--purge")
    assert (tmp_path / "team.db").exists(), "a store elsewhere is not ours to remove"
    assert not cli.pulled.is_symlink()
    assert sorted(path.name for path in own.iterdir()) == ["inbox.old", "notes.txt"]
    assert not (cli.home / ".local").exists()


def test_purge_asks_for_what_would_be_lost(cli: Cli) -> None:
    cli.run("install", "--yes")
    inbox = state(cli) / "inbox"
    (inbox / f"{time.time_ns():020d}-x").write_text("hivemind-skillopt inbox 1\n\n{}")
    assert "1 recorded event(s) not taken in" in cli.fails("uninstall", "--purge")
    assert launcher(cli).exists()
    assert len(cli.json("uninstall", "--purge", "--dry-run")["lost"]) == 1
    cli.run("uninstall", "--purge", "--yes")
    assert not (cli.home / ".local").exists()


def test_purge_takes_no_for_an_answer(cli: Cli) -> None:
    """On a terminal."""
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    for answer, left in ((b"n\n", True), (b"y\n", False)):
        ours, theirs = pty.openpty()
        argv = [sys.executable, "-m", "hivemind_skillopt", "uninstall", "--purge"]
        environ = {"PATH": os.environ["PATH"], "HOME": str(cli.home), "HIVEMIND_USER": "alice"}
        with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd=cli.home) as program:
            os.close(theirs)
            os.write(ours, answer)
            said = b"".join(iter(partial(chunk, ours), b"")).decode()
            program.wait(60)
        os.close(ours)
        assert "This will be lost: the store" in said
        assert (launcher(cli).exists(), program.returncode) == (left, int(left))


def chunk(terminal: int) -> bytes:
    """What is said next; nothing once the program has ended."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_purge_never_while_a_worker_runs(cli: Cli) -> None:
    """Another process holds the worker's lock; then one that lets go while purge waits."""
    cli.run("install", "--yes")
    installed = content(cli)
    with held(state(cli) / "worker.lock", seconds=3600):
        assert "a worker is running; nothing was changed" in cli.fails("uninstall", "--purge")
    assert (content(cli), launcher(cli).exists()) == (installed, True)
    with held(state(cli) / "worker.lock", seconds=2):
        cli.run("uninstall", "--purge")
    assert not (cli.home / ".local").exists()


@contextmanager
def held(lock: Path, seconds: int) -> Iterator[None]:
    """By a process, for so long or until the end of the block."""
    code = (
        "import sys, time, portalocker; lock = portalocker.Lock(sys.argv[1]); lock.acquire(); "
        "print(1, flush=True); time.sleep(float(sys.argv[2]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(lock), str(seconds)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        try:
            yield
        finally:
            holder.kill()


def test_a_worker_that_waits_does_not_bring_the_state_back(cli: Cli) -> None:
    """It has found the lock taken; then a purge takes everything away."""
    cli.run("install", "--yes")
    main = Path(hivemind_skillopt.__file__).parent / "worker" / "__main__.py"
    environ = {"PATH": os.environ["PATH"], "HOME": str(cli.home)}
    with portalocker.Lock(state(cli) / "worker.lock", mode="a"):
        argv = [sys.executable, "-I", str(main), "--worker", str(state(cli))]
        with subprocess.Popen(argv, env=environ, stderr=subprocess.DEVNULL) as worker:
            wait(lambda: list(state(cli).glob("waiter-*")))
            shutil.rmtree(state(cli))
            worker.wait(120)
    assert not state(cli).exists()


def test_purge_removes_links_that_no_manifest_names(cli: Cli) -> None:
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    cli.run("pull")
    (state(cli) / "state.db").unlink()
    cli.run("uninstall", "--purge", "--yes")
    assert not cli.pulled.is_symlink()
    assert not (cli.home / ".local").exists()


@pytest.mark.parametrize("damage", ["gone", "garbage", "folder"])
def test_without_a_readable_state_db(cli: Cli, damage: str) -> None:
    """Our entries are found in the harness's own file."""
    write(cli, FOREIGN)
    cli.run("install", "--yes")
    database = state(cli) / "state.db"
    for path in state(cli).glob("state.db*"):
        path.unlink()
    if damage == "garbage":
        database.write_bytes(b"this is no database " * 500)
    elif damage == "folder":
        database.mkdir()
    said = cli.run("uninstall").stdout
    assert f"cleaned {cli.settings}" in said.replace("\n", "")
    assert content(cli) == FOREIGN.encode()
    assert not launcher(cli).exists()
    cli.run("uninstall")
    cli.run("uninstall", "--purge", "--yes")
    assert not (cli.home / ".local").exists()


def test_after_the_harness_was_deleted(cli: Cli) -> None:
    write(cli, FOREIGN)
    cli.run("install", "--yes")
    shutil.rmtree(cli.settings.parent)
    cli.run("uninstall")
    assert not cli.settings.parent.exists()
    assert not launcher(cli).exists()
    assert cli.json("status")["harnesses"] == []


def test_with_settings_that_cannot_be_used(cli: Cli) -> None:
    """A broken config.toml and a wrong variable stop the loop, not the way out."""
    write(cli, FOREIGN)
    cli.run("install", "--yes")
    config = cli.home / ".config/hivemind-skillopt/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("mode = [")
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "obsrve"
    cli.run("uninstall")
    assert content(cli) == FOREIGN.encode()
    cli.run("uninstall", "--purge", "--yes")
    assert not config.exists()


def test_broken_settings_are_left_alone_in_one_line(cli: Cli) -> None:
    cli.run("install", "--yes")
    broken = "// mine\n" + cli.settings.read_text()
    cli.settings.write_text(broken)
    assert "not plain JSON" in cli.fails("uninstall")
    assert (cli.settings.read_text(), launcher(cli).exists()) == (broken, True)
    cli.settings.write_text(broken.removeprefix("// mine\n"))
    cli.run("uninstall")
    assert not cli.settings.exists()


def test_the_mode_and_the_owner_stay(cli: Cli) -> None:
    write(cli, FOREIGN)
    cli.settings.chmod(0o604)
    if os.getuid() == 0:
        os.chown(cli.settings, 1234, 4321)
    before = cli.settings.stat()
    cli.run("install", "--yes")
    cli.run("uninstall")
    after = cli.settings.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_store_with_skills_of_another_org_is_asked_for(cli: Cli) -> None:
    cli.environ["HIVEMIND_ORG_ID"] = "acme"
    cli.run("push", cli.skill(), "--scope", "me")
    cli.environ = {"HIVEMIND_USER": "bob"}
    cli.run("install", "--yes")
    assert "with 1 skill(s)" in cli.fails("uninstall", "--purge")
    config = cli.home / ".config" / "hivemind-skillopt" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("mode = ")
    assert "with 1 skill(s)" in cli.fails("uninstall", "--purge")


def test_what_was_said_does_not_outlive_the_hooks(cli: Cli) -> None:
    """No hook is left that would start the worker which forgets it after a day."""
    cli.run("install", "--yes")
    database = Database(state(cli) / "state.db")
    Jobs(database).add_reaction(Reaction("r1", "w1", 1, "what I typed"), judged=True)
    database.close()
    marker = state(cli) / "sessions" / "claude_code-s1"
    marker.touch()
    notice = state(cli) / "notice-claude_code"
    notice.touch()
    cli.run("uninstall")
    assert cli.json("status")["jobs"] == 0
    assert not marker.exists()
    assert not notice.exists()
    assert [
        path.name for path in state(cli).rglob("*") if path.is_file() and b"what I typed" in path.read_bytes()
    ] == []


@pytest.mark.parametrize("first", [("config", "set", "mode", "review"), ("pause",), ("status",)])
def test_purge_takes_what_a_verb_before_install_made(cli: Cli, first: tuple[str, ...]) -> None:
    before = snapshot(cli.home)
    cli.run(*first)
    cli.run("install", "--yes")
    cli.run("uninstall", "--purge", "--yes")
    assert snapshot(cli.home) == before


def test_purge_after_the_state_was_deleted_by_hand(cli: Cli) -> None:
    before = snapshot(cli.home)
    cli.run("install", "--yes")
    shutil.rmtree(state(cli))
    cli.run("uninstall", "--purge", "--yes")
    left = {name for name in snapshot(cli.home) if name not in before}
    assert left <= {".local", ".local/state", ".local/share"}, "nobody knows any more whose these were"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".codex/config.toml", b"[broken"),
        (".codex/hooks.json", b"{,}"),
        (".cursor/hooks.json", b"[]"),
        (".hermes/config.yaml", b"a: [1"),
        (".hermes/config.yaml", "a: \u00e9".encode("latin-1")),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--purge", "--yes"]])
def test_a_broken_file_of_a_harness_that_never_had_us_stops_nobody(
    cli: Cli, file: str, text: bytes, arguments: list[str]
) -> None:
    cli.run("install", "--harness", "claude_code", "--yes")
    path = cli.home / file
    path.parent.mkdir()
    path.write_bytes(text)
    cli.run("uninstall", *arguments)
    assert path.read_bytes() == text
    assert not (cli.home / ".claude" / "settings.json").exists()


def test_a_broken_file_of_one_harness_leaves_the_others_installed(cli: Cli) -> None:
    (cli.home / ".cursor").mkdir()
    (cli.home / ".cursor" / "hooks.json").write_text("[]")
    assert "Cursor: " in cli.fails("install", "--yes")
    assert "hivemind-skillopt" in (cli.home / ".claude" / "settings.json").read_text()
