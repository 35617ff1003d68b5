"""What `uninstall --purge` does beyond taking the hooks out: nothing of ours stays in the home."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import portalocker

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.output import at_a_terminal, tilde
from hivemind_skillopt.errors import SkillOptError, StateUnavailable, StoreError
from hivemind_skillopt.paths import APP
from hivemind_skillopt.state.jobs import JobStatus
from hivemind_skillopt.state.made_folders import remove_empty
from hivemind_skillopt.state.worker_lock import worker_lock
from hivemind_skillopt.store.census import skills_in

PATIENCE_SECONDS = 10
"""How long a running worker is waited for; one that asks a model may take minutes."""


class Purge:
    """Looks when it is made; changes nothing before `remove`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._paths = context.settings.paths
        self.folders = [folder for folder in dict.fromkeys(self._paths.folders) if folder.exists()]
        self.losses = [*self._in_state(), *self._edited(), *self._in_store()]
        self._links = self._our_links()

    def facts(self) -> dict[str, object]:
        """For `--json`."""
        return {"removed": [str(folder) for folder in self.folders], "lost": self.losses}

    def ask(self, yes: bool) -> None:
        """Only if something would be lost. Raises SkillOptError where nobody is there to answer."""
        if yes or not self.losses:
            return
        lost = "; ".join(self.losses)
        if not at_a_terminal():
            raise SkillOptError(f"would be lost: {lost}; --yes goes on")
        click.confirm(f"This will be lost: {lost}. Go on?", default=False, abort=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No worker runs meanwhile. Raises SkillOptError."""
        if not self._paths.state.is_dir():
            yield
            return
        lock = worker_lock(self._paths.lock, PATIENCE_SECONDS)
        try:
            lock.acquire()
        except portalocker.LockException:
            raise SkillOptError("a worker is running; nothing was changed, try again in a minute or two") from None
        try:
            yield
        finally:
            lock.release()

    def remove(self) -> None:
        """The links, our folders, and those above them that were not there before us and are empty now."""
        made = self._context.made_folders.all()
        self._context.close()
        for link in self._links:
            link.unlink(missing_ok=True)
        ours = {folder for folder in self._paths.folders if folder.is_dir()}  # a backup may have made one just now
        for folder in ours:
            self._empty(folder, whole=folder in made or folder.name == APP)
        self._paths.made_folders.unlink(missing_ok=True)  # the last: a purge that was cut short can be run again
        remove_empty(made | {folder for folder in ours if folder.name == APP} or ours)

    def _empty(self, folder: Path, *, whole: bool) -> None:
        """A folder that somebody gave us for our state keeps what is not ours."""
        for path in set(folder.iterdir()) - {self._paths.made_folders}:
            if whole or self._paths.holds(path):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

    def _in_state(self) -> list[str]:
        """What waits in the inbox and in state.db."""
        counts = {"recorded event(s) not taken in": len(self._context.inbox.names())}
        if self._paths.state_db.exists():
            try:
                jobs = self._context.jobs.counts()
                counts["reaction(s) not judged"] = sum(jobs.get(one, 0) for one in (JobStatus.DUE, JobStatus.RUNNING))
                counts["row(s) that the store does not have yet"] = self._context.outbox.count()
            except StateUnavailable:
                return ["whatever is in state.db, which cannot be read"]
        return [f"{count} {what}" for what, count in counts.items() if count]

    def _edited(self) -> list[str]:
        """Copies of skills that a person has changed."""
        edited = self._context.folders.edited()
        kept = list(self._paths.edited.iterdir()) if self._paths.edited.is_dir() else []
        return [f"{len(edited) + len(kept)} skill(s) that you edited"] if edited or kept else []

    def _in_store(self) -> list[str]:
        """The default store lies in our own folder; one that lies elsewhere stays."""
        if not self._paths.store_db.exists():
            return []
        shown = tilde(self._paths.store_db, self._context.settings)
        try:
            skills = skills_in(self._paths.store_db)
        except (StoreError, OSError):
            return [f"the store {shown}, which cannot be read"]
        return [f"the store {shown} with {skills} skill(s)"] if skills else []

    def _our_links(self) -> list[Path]:
        """Every link into our version folders, whatever the manifest says."""
        adapters = self._context.adapters.values()
        roots = {adapter.skill_root(adapter.home(self._context.settings.environ)) for adapter in adapters}
        if self._paths.state_db.exists():
            with suppress(StateUnavailable):
                roots |= {Path(entry.link).parent for entry in self._context.manifest.everywhere()}
        entries = [path for root in roots if root.is_dir() for path in root.iterdir()]
        return [path for path in entries if self._context.folders.is_link_here(path)]
