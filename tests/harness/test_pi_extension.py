"""Our extension in the real pi: installed beside others, taken out again, and never in the way."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.model_policy import Reply
from tests.harness.pi import NEW, OLD
from tests.harness.pi_world import PiWorld, pi_world
from tests.harness.test_loop import assert_whole_story, store_of
from tests.harness.test_pi_loop import BOTH
from tests.harness.world import PUSHBACK

pytestmark = pytest.mark.real_cli

FOREIGN = """\
import fs from "node:fs";
export default function (pi: any) {
  pi.on("session_start", () => fs.appendFileSync(process.env.HOME + "/fired", "start\\n"));
  pi.on("tool_call", (event: any) => fs.appendFileSync(process.env.HOME + "/fired", event.toolName + "\\n"));
}
"""


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file with its bytes, every folder with None; pi's sessions and caches are its own business."""
    found = sorted(path for path in folder.rglob("*") if "sessions" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


def asked(world: PiWorld) -> tuple[int, str, str]:
    """One session in which the skill is used, as its user sees it."""
    run = world.pi.prompt("please deploy the service")
    return run.returncode, run.stdout, run.stderr


@BOTH
def test_installed_beside_others_and_taken_out_again(tmp_path: Path, version: str) -> None:
    with pi_world(tmp_path, version) as (world, _):
        foreign = world.pi.extension.with_name("mine.ts")
        foreign.parent.mkdir()
        foreign.write_text(FOREIGN)
        asked(world)
        before = tree(world.pi.folder)
        world.run("install", "--yes")
        installed = tree(world.pi.folder)
        assert "already set up" in world.run("install", "--yes").stdout
        assert tree(world.pi.folder) == installed
        assert {name: data for name, data in installed.items() if "hivemind" not in name} == before
        asked(world)
        world.settle_after_use()
        assert len(world.log("attributed")) == 1
        world.run("uninstall")
        assert tree(world.pi.folder) == before
        asked(world)
        assert (world.inbox(), len(world.log("attributed"))) == ([], 1)
        assert (world.home / "fired").read_text() == "start\nread\n" * 3


def test_a_folder_that_we_made_goes_too(tmp_path: Path) -> None:
    with pi_world(tmp_path, OLD) as (world, _):
        before = tree(world.pi.folder)
        world.run("install", "--yes")
        assert world.pi.extension.is_file()
        world.run("uninstall")
        assert tree(world.pi.folder) == before


@BOTH
def test_whatever_is_broken_pi_does_not_notice(tmp_path: Path, version: str) -> None:
    with pi_world(tmp_path, version) as (world, _):
        world.set_up("deploy")
        ours = world.pi.extension.read_text()
        world.pi.extension.unlink()
        expected = asked(world)
        assert expected[:2] == (0, "Done.\n")

        world.pi.extension.write_text(ours)
        assert asked(world) == expected
        world.settle_after_use()
        assert len(world.log("window_opened")) == 1

        for folder in (world.state, world.state / "inbox"):
            folder.chmod(0o500)
        world.pi.extension.write_text(ours.replace('"/', '"/proc/1/mem/'))  # root passes over permission bits
        assert asked(world) == expected
        world.pi.extension.write_text(ours.replace("/bin/python", "/bin/gone"))
        assert asked(world) == expected
        for folder in (world.state, world.state / "inbox"):
            folder.chmod(0o700)
        assert world.inbox() == []

        world.pi.extension.write_text(ours)
        (world.state / "inbox").rmdir()
        (world.state / "inbox").write_text("no folder")
        assert asked(world) == expected
        (world.state / "inbox").unlink()
        shutil.rmtree(world.state)
        assert asked(world) == expected
        assert not world.state.exists()


@BOTH
def test_two_copies_count_once(tmp_path: Path, version: str) -> None:
    with pi_world(tmp_path, version) as (world, model):
        world.set_up("deploy")
        copy = world.pi.extension.parent / "again" / "index.ts"
        copy.parent.mkdir()
        copy.write_text(world.pi.extension.read_text())
        asked(world)
        assert len(world.inbox()) == 2
        world.pi.go_on(PUSHBACK)
        assert_whole_story(world, model, *world.pi.sessions(), "path")
        assert len(world.log("reaction_queued")) == 1


def test_its_off_switches(tmp_path: Path) -> None:
    with pi_world(tmp_path, NEW) as (world, _):
        world.set_up("deploy")
        settings = world.pi.folder / "settings.json"
        for extra in ({"HIVEMIND_SKILLOPT_DISABLED": "1"}, {"HIVEMIND_SKILLOPT_WORKER": "1"}):
            world.extra_env = extra
            asked(world)
        world.extra_env = {}
        world.run("pause")
        asked(world)
        world.run("resume")
        on = json.loads(settings.read_text())
        settings.write_text(json.dumps({**on, "extensions": ["-extensions/hivemind-skillopt.ts"]}))
        asked(world)
        assert "no hook runs: extensions has -extensions/" in shown(world.run("doctor", code=1))
        settings.write_text(json.dumps({**on, "extensions": ["!extensions/*", "+extensions/hivemind-skillopt.ts"]}))
        assert world.inbox() == world.log("attributed") == []
        asked(world)
        world.settle_after_use()
        assert len(world.log("attributed")) == 1


def shown(run: subprocess.CompletedProcess[str]) -> str:
    """The table's words, wherever its lines break."""
    return " ".join(run.stdout.split())


def test_what_doctor_says(tmp_path: Path) -> None:
    with pi_world(tmp_path, NEW, lambda _: Reply.structured({"ok": True})) as (world, model):
        world.set_up("deploy")
        healthy = shown(world.run("doctor"))
        assert "hooks fire, and the worker takes in what they record" in healthy
        assert f"version {NEW} (tested with {NEW})" in healthy
        assert (world.inbox(), world.log("attributed"), len(model.requests)) == ([], [], 0)
        assert "pi answers" in shown(world.run("doctor", "--scorer"))
        world.pi.extension.write_text(world.pi.extension.read_text().replace("/bin/python", "/bin/gone"))
        assert "the hook records nothing" in shown(world.run("doctor", code=1))
        world.pi.extension.unlink()
        assert "hivemind-skillopt.ts is gone" in shown(world.run("doctor", code=1))


@BOTH
def test_doctor_explains_a_refused_key_in_one_line(tmp_path: Path, version: str) -> None:
    with pi_world(tmp_path, version, lambda _: Reply.error(401, "invalid key")) as (world, model):
        world.set_up()
        *_, failed = json.loads(world.run("doctor", "--scorer", "--json", code=1).stdout)["checks"]
        assert (failed["check"], failed["level"], len(model.requests)) == ("scorer", "fail", 1)
        assert re.fullmatch(r"pi: 401.*invalid key.*\. Log in, or mend its API key", failed["message"])


def test_doctor_knows_the_version_that_speaks_on_the_other_stream(tmp_path: Path) -> None:
    with pi_world(tmp_path, OLD) as (world, _):
        world.set_up()
        assert f"version {OLD} (tested with {NEW})" in shown(world.run("doctor"))


def test_a_folder_of_pi_that_was_moved(tmp_path: Path) -> None:
    with pi_world(tmp_path, NEW) as (world, _):
        world.extra_env = {"PI_CODING_AGENT_DIR": str(world.home / "moved")}
        world.pi.write_config()
        world.set_up("deploy")
        assert (world.home / "moved" / "skills" / "deploy--alice").is_symlink()
        asked(world)
        world.settle_after_use()
        (attributed,) = store_of(world).attributions()
        assert [str(skill.ref) for skill in attributed.skills] == ["deploy--alice"]


@pytest.mark.parametrize("text", ["export default () => {};\n", ""])
def test_a_foreign_file_of_our_name(tmp_path: Path, text: str) -> None:
    with pi_world(tmp_path, NEW) as (world, _):
        world.pi.extension.parent.mkdir()
        world.pi.extension.write_text(text)
        assert "is not ours" in world.run("install", "--yes", code=1).stderr
        assert world.pi.extension.read_text() == text
