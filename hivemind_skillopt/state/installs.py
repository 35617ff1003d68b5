"""Which harness homes our hooks were installed into, and what must be known to take them out again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, insert, select

from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import installs
from hivemind_skillopt.state.values import dump, load


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """One file of a harness. `before` is its text before us (None: there was none), `after` ours."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Install:
    """One installation. `files` in the order in which they were written."""

    harness: str
    home: str
    skill_root: str
    python: str
    version: str
    installed_at: int
    files: tuple[InstalledFile, ...]

    def file(self, path: Path) -> InstalledFile | None:
        """What is known of that file."""
        return next((file for file in self.files if file.path == str(path)), None)


class Installs:
    """By (harness, home)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Install]:
        """Every installation."""
        with self._database.transaction() as connection:
            found = select(installs.c.value).order_by(installs.c.harness, installs.c.home)
            return [load(Install, text) for text in connection.scalars(found)]

    def get(self, harness: str, home: str) -> Install | None:
        """One installation, or None."""
        return next((one for one in self.all() if (one.harness, one.home) == (harness, home)), None)

    def put(self, install: Install) -> None:
        """Add or replace."""
        with self._database.transaction() as connection:
            self.remove(install.harness, install.home)
            connection.execute(
                insert(installs).values(
                    harness=install.harness,
                    home=install.home,
                    installed_at=install.installed_at,
                    value=dump(install),
                )
            )

    def remove(self, harness: str, home: str) -> None:
        """Forget it."""
        with self._database.transaction() as connection:
            connection.execute(delete(installs).where(installs.c.harness == harness, installs.c.home == home))
