"""`store copy FROM TO`: a whole store into another one, checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import console, print_json, print_table, say
from hivemind_skillopt.errors import SettingsError, StoreError
from hivemind_skillopt.settings import without_credentials
from hivemind_skillopt.store.copy import Progress as Told
from hivemind_skillopt.store.copy import StoreCopy, copy_store, plan_copy
from hivemind_skillopt.store.engine import check_url


class UrlType(click.ParamType[str]):
    """A store's URL."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """One that we cannot use is a usage error, which does not show it."""
        url, place = str(value), (param.human_readable_name if param else "URL")
        try:
            check_url(url)
        except SettingsError as error:
            self.fail(str(error).replace("HIVEMIND_SKILLOPT_STORE", place), param, ctx)
        return url


@click.command("copy", short_help="Copy a whole store into another one.")
@click.argument("source", type=UrlType(), metavar="FROM")
@click.argument("target", type=UrlType(), metavar="TO")
@dry_run
@as_json
def command(source: str, target: str, dry_run: bool, as_json: bool) -> None:
    """Copy everything of all orgs from the store FROM into the store TO: SQLite to PostgreSQL, or back.

    FROM is only read. TO is an empty database, or one that an earlier copy was cut short in: it goes on there. A TO
    that holds anything else is refused before a row is written. In the end both are compared, each table by its
    sha256, and each skill version is computed again from its files.

    \b
    hivemind-skillopt pause
    hivemind-skillopt store copy sqlite:////home/me/store.db \\
        postgresql://db.example.com/skills
    hivemind-skillopt config set store postgresql://db.example.com/skills
    hivemind-skillopt resume

    Put no password into the URL: other users of this machine can see it while this runs. Use ~/.pgpass or a service.
    """
    if without_credentials(source) == without_credentials(target):
        raise StoreError("FROM and TO are the same store")
    if dry_run:
        done = StoreCopy(tuple(plan_copy(source, target)), 0)
    else:
        with _progress(shown=not as_json) as told:
            done = copy_store(source, target, told)
    if as_json:
        print_json(_facts(source, target, done, dry_run=dry_run))
    else:
        _print(done, dry_run=dry_run)


def _facts(source: str, target: str, done: StoreCopy, *, dry_run: bool) -> dict[str, object]:
    tables = [{"table": t.name, "rows": t.rows, "copied": t.missing, "sha256": t.sha256 or None} for t in done.tables]
    urls = {"from": without_credentials(source), "to": without_credentials(target)}
    versions = None if dry_run else done.versions
    return {**urls, "dry_run": dry_run, "sha256": done.sha256, "skill_versions": versions, "tables": tables}


def _print(done: StoreCopy, *, dry_run: bool) -> None:
    if dry_run:
        print_table(("table", "rows", "would be copied"), [(t.name, t.rows, t.missing) for t in done.tables])
        return
    shown = [(t.name, t.rows, t.missing, t.sha256[:16]) for t in done.tables]
    print_table(("table", "rows", "copied now", "sha256 in both"), shown)
    say(f"both stores hold the same: sha256 {done.sha256}")
    say(f"{done.versions} skill version(s) were computed again from their files, and are what was published")


@contextmanager
def _progress(*, shown: bool) -> Iterator[Told]:
    """A bar for each table, where somebody looks."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    screen = console(err=True)
    with Progress(*columns, console=screen, transient=True, disable=not (shown and screen.is_terminal)) as bars:
        tasks: dict[str, TaskID] = {}

        def told(table: str, done: int, total: int) -> None:
            if total and table not in tasks:
                tasks[table] = bars.add_task(table, total=total)
            if total:
                bars.update(tasks[table], completed=done)

        yield told
