"""The worker at a team's PostgreSQL: where the password is not, and a schema that is not ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.store.sql import SqlStore
from tests.postgres import Postgres
from tests.store.secured import PASSWORD, QUOTED, Secured, secured
from tests.worker.lab import REF, Lab
from tests.worker.processes import ends, start


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Secured]:
    with secured(postgres, "team") as made:
        yield made


class TeamLab(Lab):
    """Gives its connections back in the end."""

    @property
    def store(self) -> SqlStore:
        self.__dict__.setdefault("opened", []).append(opened := super().store)
        return opened

    def hurry(self) -> None:
        """As `worker run --now`."""
        self.jobs().hurry()
        BackOff(self.database, self.settings.store_id).hurry()

    def close(self) -> None:
        for store in self.__dict__.pop("opened", []):
            store.close()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TeamLab]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with closing(TeamLab(tmp_path, now=time.time_ns() - 600 * 10**9)) as made:
        yield made


def begin(lab: TeamLab, url: str) -> None:
    lab.environ["HIVEMIND_SKILLOPT_STORE"] = url
    lab.publish()
    lab.pull()


def files_with_the_password(home: Path) -> list[str]:
    everything = [path for path in home.rglob("*") if path.is_file()]
    return [path.name for path in everything if any(x.encode() in path.read_bytes() for x in (PASSWORD, QUOTED))]


def test_the_password_of_the_url_is_written_nowhere_but_into_the_inbox(lab: TeamLab, database: Secured) -> None:
    """Not even while the store is away, and errors are logged."""
    home = lab.root
    begin(lab, database.url())
    lab.use()
    lab.react()
    assert len(files_with_the_password(home / "state")) == len(files_with_the_password(home / "state" / "inbox")) == 2
    database.server.execute("ALTER DATABASE team ALLOW_CONNECTIONS false")
    database.server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'team'")
    assert ends([start(lab)]) == [0]
    assert any("not currently accepting connections" in str(entry) for entry in lab.log("sync_failed"))
    database.server.execute("ALTER DATABASE team ALLOW_CONNECTIONS true")
    lab.hurry()
    assert ends([start(lab)]) == [0]
    assert [version.version for version in lab.store.history(REF)] == [1, 2]
    assert files_with_the_password(home) == []


def test_the_usual_places_of_credentials_reach_the_worker(lab: TeamLab, database: Secured) -> None:
    begin(lab, database.url())
    file = lab.root / "pgpass"
    file.write_text(database.pgpass)
    file.chmod(0o600)
    lab.environ["HIVEMIND_SKILLOPT_STORE"] = database.url("")
    lab.use()
    lab.react()
    assert ends([start(lab, PGPASSFILE=str(file))]) == [0]
    lab.environ["HIVEMIND_SKILLOPT_STORE"] = database.url()
    assert [version.version for version in lab.store.history(REF)] == [1, 2]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("DELETE FROM schema_migrations WHERE name = 'm003_change_numbers'", "upgrade it for the whole team"),
        ("INSERT INTO schema_migrations VALUES ('m999_future')", "upgrade this one"),
    ],
)
def test_a_schema_that_is_not_ours_costs_nothing_but_delay(
    lab: TeamLab, postgres: Postgres, change: str, line: str
) -> None:
    url = postgres.new_database()
    begin(lab, url)
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute("SELECT name FROM schema_migrations").fetchall()
        connection.execute(change)
        lab.use()
        lab.react()
        assert ends([start(lab)]) == [0]
        inbox, _, outbox = lab.left()
        assert (inbox, outbox > 0) == (0, True)
        assert line in str(lab.log("sync_failed"))
        connection.execute("DELETE FROM schema_migrations")
        connection.cursor().executemany("INSERT INTO schema_migrations VALUES (%s)", before)
    lab.hurry()
    assert ends([start(lab)]) == [0]
    assert lab.left() == [0, 0, 0]
    assert [version.version for version in lab.store.history(REF)] == [1, 2]
    assert len(lab.store.verdicts()) == 1
