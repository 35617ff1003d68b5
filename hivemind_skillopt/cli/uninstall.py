"""`uninstall`: take our hooks out again, exactly."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.harness_file import change_harness_file, read_harness_file
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.state.installs import Install


@click.command("uninstall", short_help="Take the hooks out again.")
@click.option("--harness", "harnesses", multiple=True, help="Only this harness (default: all).")
@dry_run
@as_json
def command(harnesses: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take the hooks out of your harness's settings: byte for byte as they were, if nobody changed them since.

    What was recorded and not yet judged is deleted. Pulled skills, the store and the state stay where they are.
    """
    context = Context()
    for name in harnesses:
        context.adapter(name)
    installs = [one for one in context.installs.all() if not harnesses or one.harness in harnesses]
    files = {one.file: _text_without(context, one) for one in installs}
    if not dry_run:
        for install in installs:
            _remove(context, install, files[install.file])
        if not context.installs.all():
            context.settings.paths.launcher.unlink(missing_ok=True)
            context.inbox.clear()
    _report(installs, as_json=as_json, dry_run=dry_run)


def _text_without(context: Context, install: Install) -> str | None:
    """What the file will hold; None: it goes, because we made it or it is gone already."""
    now = read_harness_file(Path(install.file))
    if now is None:
        return None
    if now == install.after:
        return install.before
    return context.adapter(install.harness).without_hooks(now, context.settings.paths.launcher)


def _remove(context: Context, install: Install, text: str | None) -> None:
    path = Path(install.file)
    if read_harness_file(path) != text:
        change_harness_file(path, text, context.settings.paths.backups, context.clock())
    context.installs.remove(install.harness, install.home)
    context.log.write("uninstalled", harness=install.harness)


def _report(installs: list[Install], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json([{"harness": one.harness, "file": one.file, "dry_run": dry_run} for one in installs])
        return
    for one in installs:
        say(f"{'would clean' if dry_run else 'cleaned'} {one.file}")
    if not installs:
        say("nothing is installed")
