"""Prepare the line of the next session start: in a harness that shows it to the person and never to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.pull.report import Change
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.files import write_atomically
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.values import dump, load
from hivemind_skillopt.worker.notice_line import Untold, merged, notice, what_changed

SHOWN_BY = frozenset({"claude_code", "codex"})
"""As in `recorder.py`. Seen: the line is on the screen, and in no request to the model (docs/decisions/0027)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the file in place tells."""

    untold: tuple[Untold, ...]


@dataclass(frozen=True, slots=True)
class Notices:
    """One file for each home. It is a courtesy: whatever fails costs the line, and nothing else."""

    settings: Settings
    adapters: Mapping[str, HarnessAdapter]
    store: SkillStore
    notes: Notes
    log: Log

    def prepare(self, installs: Sequence[Install], changes: Sequence[Change]) -> None:
        """After a pull: what it changed under the person joins what was not told yet."""
        for install in installs:
            if install.harness in SHOWN_BY:
                news = [_untold(one) for one in changes if one.home == install.home and self._is_news(one)]
                try:
                    self._prepare(install, news)
                except (OSError, ValueError, SkillOptError) as error:
                    self.log.write("notice_failed", harness=install.harness, error=type(error).__name__)

    def _prepare(self, install: Install, news: Sequence[Untold]) -> None:
        file, name = self._file(install), f"notice {install.harness} {install.home}"
        if not self.settings.notice:
            file.unlink(missing_ok=True)
        elif news:
            earlier = load(Waiting, self.notes.get(name)).untold if _taken_back(file) else ()
            untold = merged(earlier, news)
            self.notes.put(name, dump(Waiting(untold)))
            write_atomically(file, notice(untold, self._what(untold[0]) if len(untold) == 1 else ""))

    def _is_news(self, change: Change) -> bool:
        """Another version of a skill that was there; not one that this person pinned, or published without the loop."""
        head = change.head
        return bool(change.before and head and (head.proposal_id or head.published_by != self.settings.user))

    def _what(self, one: Untold) -> str:
        if one.reverts:
            return f"went back to v{one.reverts}"
        try:
            return what_changed(self._text(one, one.before), self._text(one, one.after))
        except SkillOptError:  # no such version, no store any more
            return ""

    def _text(self, one: Untold, version: int) -> str:
        return self.store.folder(one.ref, version).skill_md.decode("utf-8", "replace")

    def _file(self, install: Install) -> Path:
        """Named by what moves the home in the environment of its hooks; the worker's own, where it is the same home."""
        adapter, environ = self.adapters[install.harness], self.settings.environ
        homes = {
            str(adapter.home({**environ, adapter.home_variable: chosen})): chosen
            for chosen in (install.home, "", environ.get(adapter.home_variable, ""))
        }
        return self.settings.paths.notice(install.harness, homes[install.home])


def _taken_back(file: Path) -> bool:
    """Was it still there? Then nobody has printed it, and nobody will."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def _untold(change: Change) -> Untold:
    return Untold(change.ref, change.before, change.after, change.head.reverts_version if change.head else None)
