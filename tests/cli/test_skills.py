"""push, pull, list, show, history, diff as a person uses them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

from hivemind_skillopt.model import Publication, SkillRef
from hivemind_skillopt.store.engine import open_store
from tests.cli.conftest import SKILL, Cli
from tests.store.values import proposal


def published(cli: Cli, *texts: str) -> None:
    """Versions of deploy--alice, one after the other, pulled in between."""
    cli.run("install", "--yes")
    for text in texts:
        cli.run("push", cli.skill(text=text))
        cli.run("pull")


def test_the_first_push(cli: Cli) -> None:
    said = cli.run("push", cli.skill()).stdout
    assert "published deploy--alice v1" in said
    assert "hivemind-skillopt pull deploy--alice" in said
    (version,) = cli.json("history", "deploy--alice")
    documented = {"version", "sha256", "parent_sha256", "published_by", "published_at", "proposal_id"}
    assert set(version) == documented | {"why"}
    assert (version["version"], version["published_by"], version["parent_sha256"]) == (1, "alice", None)


def test_only_the_name_changes(cli: Cli) -> None:
    cli.run("push", cli.skill())
    assert cli.json("show", "deploy--alice")["skill_md"] == SKILL.replace("name: deploy\n", "name: deploy--alice\n")


def test_a_push_needs_the_parent_that_was_pulled(cli: Cli) -> None:
    published(cli, SKILL)
    cli.run("push", cli.skill(text=SKILL + "3. Tell.\n"))
    line = cli.fails("push", cli.skill(text=SKILL + "3. Test.\n"))
    assert "v2 was published by alice; pull, then push" in line
    cli.run("pull")
    cli.run("push", cli.skill(text=SKILL + "3. Test.\n"))
    assert [version["version"] for version in cli.json("history", "deploy--alice")] == [1, 2, 3]


def test_a_parent_can_be_named(cli: Cli) -> None:
    cli.run("push", cli.skill())
    sha = cli.json("history", "deploy--alice")[0]["sha256"]
    cli.run("push", cli.skill(text=SKILL + "3. Tell.\n"), "--parent", sha[:12])
    assert "names no version" in cli.fails("push", cli.skill(), "--parent", "feed")


def test_a_push_that_changes_nothing_is_refused(cli: Cli) -> None:
    published(cli, SKILL)
    assert "alice" in cli.fails("push", cli.skill())


def test_a_local_name_with_dashes_is_a_name(cli: Cli) -> None:
    cli.run("push", cli.skill("deploy--blue-green", SKILL))
    assert cli.json("list")[0]["ref"] == "deploy--blue-green--alice"


def test_what_cannot_be_a_skill_is_refused_in_one_line(cli: Cli) -> None:
    (cli.home / "empty").mkdir()
    assert "has no SKILL.md" in cli.fails("push", str(cli.home / "empty"))
    assert "small letters" in cli.fails("push", cli.skill("Big Name"))
    cli.fails("push", "/nowhere", code=2)
    cli.fails("history", "no-reference", code=2)
    assert "is not in the store" in cli.fails("history", "no--one")
    assert "install" in cli.fails("pull", "no--one")
    cli.fails("push", cli.skill(), "--author", "///")


def test_pull_links_immutable_folders(cli: Cli) -> None:
    published(cli, SKILL)
    target = os.readlink(cli.pulled)
    sha = cli.json("history", "deploy--alice")[0]["sha256"]
    assert target.endswith(f"/skills/{sha[:12]}/deploy--alice")
    assert "up to date" in cli.run("pull").stdout


def test_pull_without_an_install_says_what_to_do(cli: Cli) -> None:
    assert "hivemind-skillopt install" in cli.fails("pull")


def test_a_persons_own_folder_is_never_touched(cli: Cli) -> None:
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    cli.pulled.mkdir(parents=True)
    (cli.pulled / "SKILL.md").write_text("mine")
    assert cli.json("pull")["in_the_way"] == [str(cli.pulled)]
    assert (cli.pulled / "SKILL.md").read_text() == "mine"
    assert cli.json("list")[0]["pulled_version"] is None


def test_an_edited_copy_is_kept_aside(cli: Cli) -> None:
    published(cli, SKILL)
    (cli.pulled / "SKILL.md").write_text("my own words")
    cli.run("push", cli.skill(text=SKILL + "3. Tell.\n"))
    (kept,) = cli.json("pull")["kept_aside"]
    with open(f"{kept}/SKILL.md") as file:
        assert file.read() == "my own words"
    assert "3. Tell." in (cli.pulled / "SKILL.md").read_text()


def test_a_link_that_was_removed_comes_back(cli: Cli) -> None:
    published(cli, SKILL)
    cli.pulled.unlink()
    cli.run("pull")
    assert (cli.pulled / "SKILL.md").exists()


def test_dry_runs_change_nothing(cli: Cli) -> None:
    cli.run("install", "--yes")
    assert "would publish deploy--alice v1" in cli.run("push", cli.skill(), "--dry-run").stdout
    assert cli.json("list") == []
    cli.run("push", cli.skill())
    assert cli.json("pull", "--dry-run")["changes"][0]["after"] == 1
    assert not os.path.lexists(cli.pulled)


def test_a_skill_of_mine_is_not_the_teams(cli: Cli) -> None:
    cli.run("push", cli.skill(), "--scope", "me")
    assert len(cli.json("list")) == 1
    cli.environ["HIVEMIND_USER"] = "bob"
    assert cli.json("list") == []


def learn(cli: Cli) -> None:
    """Version 2 as the loop publishes it."""
    url = f"sqlite:///{cli.home}/.local/share/hivemind-skillopt/store.db"
    store, ref = open_store(url, "local"), SkillRef("deploy", "alice")
    folder = store.folder(ref, 1)
    text = folder.skill_md.replace(b"2. Deploy.", b"2. Ask first, then deploy.")
    made = replace(proposal(), ref=ref, parent_sha256=folder.content_sha256)
    store.publish(Publication(ref, folder.with_skill_md(text), folder.content_sha256, "alice", 1, proposal=made))
    store.close()


def test_a_push_does_not_silently_take_back_what_was_learned(cli: Cli) -> None:
    """The machine has pulled v2, so compare-and-set alone would let an old source folder through."""
    published(cli, SKILL)
    learn(cli)
    cli.run("pull")
    line = cli.fails("push", cli.skill(text=SKILL + "3. Tell.\n"))
    assert "v2 learned from a reaction, and your folder lacks it" in line
    taken_over = SKILL.replace("2. Deploy.", "2. Ask first, then deploy.") + "3. Tell.\n"
    cli.run("push", cli.skill(text=taken_over))
    sha = cli.json("history", "deploy--alice")[2]["sha256"]
    cli.run("push", cli.skill(text=SKILL), "--parent", sha)
    assert len(cli.json("history", "deploy--alice")) == 4


def test_the_whole_folder_travels(cli: Cli) -> None:
    folder = cli.skill()
    os.mkdir(f"{folder}/scripts")
    with open(f"{folder}/scripts/run.sh", "w") as file:
        file.write("#!/bin/sh\n")
    os.chmod(f"{folder}/scripts/run.sh", 0o755)
    cli.run("push", folder)
    shutil.rmtree(folder)
    cli.run("install", "--yes")
    cli.run("pull")
    assert os.access(cli.pulled / "scripts" / "run.sh", os.X_OK)


def test_diff_show_and_list_read_well(cli: Cli) -> None:
    published(cli, SKILL, SKILL + "3. Tell.\n")
    assert "+3. Tell." in cli.run("diff", "deploy--alice").stdout
    assert "-3. Tell." in cli.run("diff", "deploy--alice", "v2", "v1").stdout
    assert "no difference" in cli.run("diff", "deploy--alice", "1", "1").stdout
    assert "has no v9" in cli.fails("diff", "deploy--alice", "v9")
    assert "v2" in cli.run("list").stdout
    assert "3. Tell." not in cli.run("show", "deploy--alice", "--version", "1").stdout


def test_a_hostile_skill_cannot_write_to_the_terminal(cli: Cli) -> None:
    cli.run("push", cli.skill(text=SKILL + "\x1b[31m\x1b]0;title\x07 [bold]x[/bold]\n"))
    published_text = cli.run("show", "deploy--alice").stdout
    assert "\x1b" not in published_text
    assert "\x07" not in published_text
    assert "[bold]x[/bold]" in published_text


def test_a_dry_run_makes_the_same_checks(cli: Cli) -> None:
    assert "would publish deploy--alice v1" in cli.run("push", cli.skill(), "--dry-run").stdout
    cli.run("push", cli.skill())
    for more in ((), ("--dry-run",)):
        assert "nothing changed: deploy--alice v1" in cli.fails("push", cli.skill(), *more)
        assert "pull, then push" in cli.fails("push", cli.skill(text=SKILL + "3. Tell.\n"), *more)
    cli.run("install", "--yes")
    cli.run("pull")
    assert "would publish deploy--alice v2" in cli.run("push", cli.skill(text=SKILL + "3. T.\n"), "--dry-run").stdout


def test_diff_tells_of_whole_folders(cli: Cli) -> None:
    """Files that came, went, changed their mode, or are no text."""
    folder = cli.skill()
    write = {"gone.md": b"bye\n", "logo.png": b"\xff\x00", "run.sh": b"#!/bin/sh\n"}
    for name, data in write.items():
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)
    published(cli, SKILL)
    os.remove(f"{folder}/gone.md")
    os.chmod(f"{folder}/run.sh", 0o755)
    for name, data in {"logo.png": b"\xff\x00\x01", "new.md": b"hello\n", "empty.md": b""}.items():
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)
    cli.run("push", folder)
    assert cli.run("diff", "deploy--alice").stdout.splitlines() == [
        "File empty.md: absent in v1, 0 bytes in v2",
        "--- gone.md v1", "+++ /dev/null", "@@ -1 +0,0 @@", "-bye",
        "File logo.png: 2 bytes in v1, 3 bytes in v2",
        "--- /dev/null", "+++ new.md v2", "@@ -0,0 +1 @@", "+hello",
        "Mode of run.sh: plain in v1, executable in v2",
    ]  # fmt: skip
