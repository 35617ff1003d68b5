"""What strangers wrote is text: no markup, no terminal control, no traceback."""

from __future__ import annotations

import pytest

from tests.cli.conftest import SKILL, Cli

ODD = [r"x \[/foo] y", "[bold]loud[/]", r"\[link=https://x.io]y", "\u200b red", "[/]"]


@pytest.mark.parametrize("text", ODD)
def test_a_description_is_shown_as_it_is(cli: Cli, text: str) -> None:
    cli.run("push", cli.skill(text=SKILL.replace("Deploy the service.", f"'{text}'")))
    shown = " ".join(cli.run("list").stdout.split())
    assert text.replace("\u200b", r"\x200b") in shown
    assert "\u200b" not in shown + cli.run("list", "--json").stdout
    assert cli.json("list")[0]["description"] == text


def test_an_error_cannot_steer_the_terminal(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "x\x1b[31mred"
    line = cli.fails("status")
    assert "\x1b" not in line
    assert r"\x1b[31mred" in line
