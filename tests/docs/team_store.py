"""The commands of docs/team-store.md, run against a real server; so every output in it is real.

`python -m tests.docs.team_store` writes today's output into the page. How a page is run: `guide.py`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs.guide import Machine, Stages, render
from tests.store.copies import fill

if TYPE_CHECKING:
    from tests.postgres import Postgres

PAGE = Path(__file__).parents[2] / "docs" / "team-store.md"
SHOWN = "postgresql://db.example.com/skills"
URL = re.compile(r"postgresql://(?P<user>\w+@)?db\.example\.com/skills(?:\?(?P<query>[\w=&-]+))?")

CHANGING = ((re.compile(r"PostgreSQL \d+\.\d+"), "POSTGRESQL"),)


@dataclass(frozen=True)
class TeamMachine(Machine):
    """What the page calls db.example.com is the server whose socket is in `folder`."""

    folder: Path = field(kw_only=True)

    def real(self, command: str) -> str:
        def here(url: re.Match[str]) -> str:
            return f"postgresql://{url['user'] or ''}/skills?" + "&".join(filter(None, (self._host, url["query"])))

        return URL.sub(here, Machine.real(self, command))

    def shown(self, text: str) -> str:
        return Machine.shown(self, text.replace(f"postgresql:///skills?{self._host}", SHOWN))

    @property
    def _host(self) -> str:
        return f"host={self.folder}"


def owner(machine: Machine) -> None:
    """Whose login is in the environment of this shell."""
    login = SHOWN.replace("//", "//skillopt_owner@")
    machine.variables["HIVEMIND_SKILLOPT_STORE"] = machine.real(login)


def everybody(machine: Machine) -> None:
    """Another shell, without it."""
    del machine.variables["HIVEMIND_SKILLOPT_STORE"]


def alone(machine: Machine) -> None:
    """Somebody has worked with a file until now."""
    machine.store_file.parent.mkdir(parents=True)
    fill(f"sqlite:///{machine.store_file}", ("acme",))


STAGES: Stages = {"owner": owner, "everybody": everybody, "alone": alone}


@contextmanager
def database_and_roles(server: Postgres) -> Iterator[None]:
    """The page's own statements, those before \\connect and those after it."""
    block = re.search(r"```sql\n(.*?)```", PAGE.read_text(), re.S)
    assert block
    before, after = block[1].split("\\connect skills\n")
    for database, text in (("postgres", before), ("skills", after)):
        for statement in filter(None, map(str.strip, text.split(";"))):
            server.execute(statement, database)
    yield
    server.execute("DROP DATABASE skills WITH (FORCE)")
    server.execute("DROP ROLE skillopt_owner")
    server.execute("DROP ROLE skillopt")


def rendered(text: str, server: Postgres, home: Path) -> str:
    """The page with today's output."""
    with database_and_roles(server):
        return render(text, TeamMachine(home.resolve(), folder=server.folder), STAGES)


if __name__ == "__main__":
    from tests.postgres import running

    with running() as on, tempfile.TemporaryDirectory() as home_folder:
        PAGE.write_text(rendered(PAGE.read_text(), on, Path(home_folder)))
