"""Run the installed hooks as the harness does, away from the user's state, and see what becomes of it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.harness import HarnessAdapter, HookProbe
from hivemind_skillopt.model import SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.settings import store_id_of
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.log import read_log
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.skill_folders import VersionFolders, content_sha256, switch_link
from hivemind_skillopt.state.worker_lock import is_held

HOOK_SECONDS = 30
WORKER_SECONDS = 60.0
"""Far more than either takes; a machine may be busy."""

STRANGE = ("HIVEMIND_", "CLAUDE", "XDG_")
"""Variables that would lead a hook or the worker back to the user's own state and settings."""

LED_TO = {"attributed", "window_opened", "reaction_skipped"}
"""What the worker's log must say of the events of a whole session."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A temporary state directory in which one org skill is pulled."""

    environ: Mapping[str, str]
    paths: Paths
    inbox: Inbox
    notes: Notes

    def seen(self) -> tuple[list[str], str]:
        """Changes when an event was recorded, or was recorded and taken in already."""
        return self.inbox.names(), self.notes.get("last_worker_run")


def try_hooks(
    adapter: HarnessAdapter, probes: Sequence[HookProbe], environ: Mapping[str, str], *, all_there: bool
) -> list[str]:
    """What is wrong, a sentence each; nothing where every hook records and the worker takes it in."""
    if not probes:
        return []
    with _ward(adapter, environ) as ward:
        wrong: dict[str, list[str]] = {}
        for probe in probes:
            if what := _try(ward, probe):
                wrong.setdefault(what, []).append(probe.event)
        return [f"{', '.join(events)}: {what}" for what, events in wrong.items()] or _aftermath(ward, all_there)


def _try(ward: Ward, probe: HookProbe) -> str:
    """What is wrong with this hook, or ''."""
    before = ward.seen()
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", probe.command],
            input=probe.payload, env=dict(ward.environ), cwd=ward.paths.state.parent, capture_output=True,
            timeout=HOOK_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "the hook does not end; run `hivemind-skillopt install`"
    if done.returncode or done.stdout or done.stderr:
        return f"the hook is not silent (exit code {done.returncode}); run `hivemind-skillopt install`"
    if ward.seen() == before:
        return "the hook records nothing; run `hivemind-skillopt install`"
    if probe.starts_worker and not _wait_for_worker(ward, before[1]):
        return "the hook records, but no worker takes it in; see `pip check` in the hooks' environment"
    return ""


def _wait_for_worker(ward: Ward, run_before: str) -> bool:
    """Until it has run and let go of its lock: afterwards no process of the ward is left."""
    deadline = time.monotonic() + WORKER_SECONDS
    while time.monotonic() < deadline:
        inbox, last_run = ward.seen()
        if last_run != run_before and not inbox and not is_held(ward.paths.lock):
            return True
        time.sleep(0.05)
    return False


def _aftermath(ward: Ward, all_there: bool) -> list[str]:
    """What is there recorded: did the worker understand it?"""
    told = {str(entry["what"]) for entry in read_log(ward.paths.log)}
    if ward.inbox.set_aside_count():
        return ["the worker cannot read what the hooks record; upgrade hivemind-skillopt, then install again"]
    if all_there and not told >= LED_TO:
        missing = ", ".join(sorted(LED_TO - told))
        return [f"the worker takes events in, but they lead to nothing ({missing}); please report this"]
    return []


@contextmanager
def _ward(adapter: HarnessAdapter, environ: Mapping[str, str]) -> Iterator[Ward]:
    with tempfile.TemporaryDirectory(prefix="hivemind-skillopt-doctor-", ignore_cleanup_errors=True) as folder:
        yield from _ward_in(Path(folder).resolve(), adapter, environ)


def _ward_in(folder: Path, adapter: HarnessAdapter, environ: Mapping[str, str]) -> Iterator[Ward]:
    strange = tuple(filter(None, (*STRANGE, adapter.home_variable)))
    own = {name: value for name, value in environ.items() if not name.startswith(strange)}
    paths = Paths(folder / "state", folder / "data", folder / "config")
    own |= {
        "HOME": str(folder / "home"),
        "XDG_STATE_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "HIVEMIND_USER": "doctor",
        "HIVEMIND_SKILLOPT_STATE_DIR": str(paths.state),
        "HIVEMIND_SKILLOPT_STORE": f"sqlite:///{folder}/store.db",
        "HIVEMIND_SKILLOPT_SCORER": "scripted",
        "HIVEMIND_AUTOPULL_DISABLED": "1",
    }
    database = Database(paths.state_db)
    try:
        _pull_one(adapter, own, paths, database)
        yield Ward(own, paths, Inbox(paths.inbox, paths.set_aside), Notes(database))
    finally:
        database.close()


def _pull_one(adapter: HarnessAdapter, environ: Mapping[str, str], paths: Paths, database: Database) -> None:
    """As a pull would, so that the hooks have an org skill to record."""
    ref, skill = SkillRef("doctor", "hivemind-skillopt"), SkillFolder((SkillFile("SKILL.md", b"# Doctor\n"),))
    folder = VersionFolders(paths.skills, paths.edited).put(ref, skill)
    store_id = store_id_of(environ, {})
    manifest, home = Manifest(database, paths, store_id), adapter.home(environ)
    link = adapter.skill_root(home) / str(ref)
    switch_link(link, folder)
    entry = ManifestEntry(store_id, adapter.name, str(home), ref, 1, content_sha256(folder), str(folder), str(link))
    manifest.change([entry])
    manifest.tell_recorders()
