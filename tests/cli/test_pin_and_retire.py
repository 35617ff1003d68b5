"""pin, unpin, retire, revive, and the filters of pull and list, as a person uses them."""

from __future__ import annotations

import os

import pytest

from tests.cli.conftest import SKILL, Cli

MORE = SKILL + "3. Tell.\n"


@pytest.fixture
def pulled(cli: Cli) -> Cli:
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    cli.run("pull")
    return cli


def test_a_pin_keeps_a_version_until_unpin(pulled: Cli) -> None:
    assert "would be pinned to v1" in pulled.run("pin", "deploy--alice", "--dry-run").stdout
    assert pulled.json("status")["pinned"] == {}
    pulled.run("pin", "deploy--alice")
    pulled.run("push", pulled.skill(text=MORE))
    said = " ".join(pulled.run("pull").stdout.split())
    assert "pinned to v1: deploy--alice; its head is v2" in said
    assert "v1 (pinned to v1)" in " ".join(pulled.run("list").stdout.split())
    assert pulled.json("status")["pinned"] == {"deploy--alice": 1}
    pulled.run("unpin", "deploy--alice")
    assert pulled.json("pull")["changes"][0]["after"] == 2
    pulled.run("pin", "deploy--alice", "--to", "v1")
    assert "Tell" not in (pulled.pulled / "SKILL.md").read_text()
    assert "has no v9" in pulled.fails("pin", "deploy--alice", "--to", "9")
    assert "is not in the store" in pulled.fails("pin", "no--one")
    pulled.run("unpin", "deploy--alice")
    assert "is not pinned" in pulled.fails("unpin", "deploy--alice")


def test_a_retired_skill_goes_and_comes_back_as_it_was(pulled: Cli) -> None:
    pulled.run("lock", "deploy--alice")
    assert "would be retired" in pulled.run("retire", "deploy--alice", "--dry-run").stdout
    pulled.run("retire", "deploy--alice")
    assert "retired" in pulled.run("pull").stdout
    assert not os.path.lexists(pulled.pulled)
    assert pulled.json("list") == []
    assert pulled.json("list", "--all")[0]["policy"] == "retired"
    for verb in (
        ("push", pulled.skill(text=MORE)),
        ("push", pulled.skill(text=MORE), "--dry-run"),
        ("rollback", "deploy--alice", "--to", "1"),
        ("pull", "deploy--alice"),
        ("pin", "deploy--alice"),
        ("lock", "deploy--alice"),
        ("unlock", "deploy--alice"),
    ):
        said = pulled.fails(*verb)
        assert "revive deploy--alice" in said or "already has the bytes" in said, verb
    pulled.run("revive", "deploy--alice")
    assert pulled.json("list")[0]["policy"] == "locked"
    assert pulled.json("pull")["changes"][0]["after"] == 1
    assert "is not retired" in pulled.fails("revive", "deploy--alice")


def test_push_offers_no_retired(cli: Cli) -> None:
    assert "retired" not in cli.run("push", "--help").stdout
    assert "auto, review, locked" in cli.fails("push", cli.skill(), "--policy", "retired", code=2)


def test_filters(cli: Cli) -> None:
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    cli.run("push", cli.skill("mine"), "--scope", "me")
    cli.run("push", cli.skill("lint"), "--author", "bob")

    def listed(*options: str) -> list[str]:
        return [one["ref"] for one in cli.json("list", *options)]

    assert listed("--author", "bob") == ["lint--bob"]
    assert listed("--scope", "me") == ["mine--alice"]
    assert listed("--scope", "team") == ["deploy--alice", "lint--bob"]
    assert cli.run("list", "--author", "nobody").stdout == "none of these\n"
    assert [one["ref"] for one in cli.json("pull", "--author", "Bob")["changes"]] == ["lint--bob"]
    assert [one["ref"] for one in cli.json("pull", "--scope", "me")["changes"]] == ["mine--alice"]
    assert [one["ref"] for one in cli.json("pull")["changes"]] == ["deploy--alice"]
    cli.fails("pull", "deploy--alice", "--author", "bob", code=2)


def test_an_edit_is_merged_and_told(pulled: Cli) -> None:
    text = (pulled.pulled / "SKILL.md").read_text()
    (pulled.pulled / "SKILL.md").write_text(text.replace("1. Build.", "1. Build it twice."))
    pulled.run("push", pulled.skill(text=MORE))
    said = " ".join(pulled.run("pull").stdout.split())
    assert "you had edited deploy--alice; your edit is merged into the new version" in said
    assert "1. Build it twice.\n2. Deploy.\n3. Tell." in (pulled.pulled / "SKILL.md").read_text()
