"""`hivemind-skillopt`: the parser, and how errors end. Verbs live in modules of their own."""

from __future__ import annotations

import importlib
import os
import sys

import click

from hivemind_skillopt import __version__
from hivemind_skillopt.errors import SkillOptError

VERBS = {
    "install": "install",
    "uninstall": "uninstall",
    "doctor": "doctor",
    "status": "status",
    "demo": "demo",
    "push": "push",
    "pull": "pull",
    "unpull": "unpull",
    "list": "list_skills",
    "show": "show",
    "history": "history",
    "diff": "diff",
    "blame": "blame",
    "check": "check",
    "verdicts": "verdicts",
    "annotate": "annotate",
    "proposals": "proposals",
    "rollback": "rollback",
    "lock": "lock",
    "unlock": "unlock",
    "pin": "pin",
    "unpin": "unpin",
    "retire": "retire",
    "revive": "revive",
    "pause": "pause",
    "resume": "resume",
    "store": "store",
    "worker": "worker",
    "forget": "forget",
    "log": "log",
    "config": "config",
}
"""Verb to module, in the order that `--help` shows."""


class Verbs(click.Group):
    """Imports a verb's module when it is asked for; ends every error in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """In reading order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The verb's `command`."""
        if cmd_name not in VERBS:
            return None
        verb: click.Command = importlib.import_module(f"hivemind_skillopt.cli.{VERBS[cmd_name]}").command
        return verb

    def invoke(self, ctx: click.Context) -> object:
        """Exit 1 with one clear line for what a person can mend."""
        try:
            result = super().invoke(ctx)
            _flush()
        except SkillOptError as error:
            raise click.ClickException(_one_line(str(error))) from error
        except BrokenPipeError:
            _give_up_output()
            return ctx.exit(1)
        except OSError as error:
            _give_up_output()
            where = f" ({error.filename})" if error.filename else ""
            raise click.ClickException(_one_line(f"{error.strerror or error}{where}")) from error
        else:
            return result


def _flush() -> None:
    """What was printed may not find room: told here, in one line."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _give_up_output() -> None:
    """What is still in the buffer has nowhere to go; Python would try once more at its end, and complain."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(text: str) -> str:
    """It may hold file names and other people's words."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in " ".join(text.split()))


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hivemind-skillopt")
def main() -> None:
    """Agent skills that get better from being used.

    \b
    Try it   hivemind-skillopt demo
    Start    hivemind-skillopt install
    Share    hivemind-skillopt push ./my-skill, then hivemind-skillopt pull
    Look     hivemind-skillopt status, list, history NAME--AUTHOR

    Exit codes: 0 done, 1 refused or failed (one line says why), 2 wrong usage.
    """
