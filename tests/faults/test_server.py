"""Whatever happens to the server or on the way: hooks do not notice, and all arrives once when it is over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.faults.conftest import USER
from tests.faults.proxy import Proxy
from tests.faults.team import Team
from tests.postgres import Postgres
from tests.worker.processes import until

RAISING = """
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
CREATE TRIGGER fails BEFORE INSERT ON verdicts FOR EACH ROW EXECUTE FUNCTION fails()
"""


@contextmanager
def stopped(server: Postgres, proxy: Proxy, database: str, mode: str = "fast") -> Iterator[None]:
    server.stop(mode)
    try:
        yield
    finally:
        server.start()


@contextmanager
def crashed(server: Postgres, proxy: Proxy, database: str) -> Iterator[None]:
    with stopped(server, proxy, database, "immediate"):
        yield


@contextmanager
def paused(server: Postgres, proxy: Proxy, database: str) -> Iterator[None]:
    """It takes connections, as its kernel does that, and never answers."""
    pid = int((server.folder / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def said(server: Postgres, database: str, before: str, after: str) -> Iterator[None]:
    server.execute(before, database)
    try:
        yield
    finally:
        server.execute(after, database)


@contextmanager
def read_only(server: Postgres, proxy: Proxy, database: str) -> Iterator[None]:
    setting = f"ALTER DATABASE {database} SET default_transaction_read_only = "
    with said(server, "postgres", f"{setting} on", f"{setting} off"):
        yield


@contextmanager
def out_of_connections(server: Postgres, proxy: Proxy, database: str) -> Iterator[None]:
    with said(server, "postgres", f"ALTER ROLE {USER} CONNECTION LIMIT 0", f"ALTER ROLE {USER} CONNECTION LIMIT -1"):
        yield


@contextmanager
def denied(server: Postgres, proxy: Proxy, database: str) -> Iterator[None]:
    with said(server, database, f"REVOKE INSERT ON sessions FROM {USER}", f"GRANT INSERT ON sessions TO {USER}"):
        yield


@contextmanager
def raising(server: Postgres, proxy: Proxy, database: str) -> Iterator[None]:
    """An error in the middle of the transaction, which no row is to blame for."""
    with said(server, database, RAISING, "DROP FUNCTION fails CASCADE"):
        yield


@contextmanager
def with_proxy(proxy: Proxy, **ways: object) -> Iterator[None]:
    for name, value in ways.items():
        setattr(proxy, name, value)
    try:
        yield
    finally:
        proxy.be_good()


def cut_in_a_batch(server: Postgres, proxy: Proxy, database: str):
    return with_proxy(proxy, cut_after=1500)


def cut_before_commit(server: Postgres, proxy: Proxy, database: str):
    return with_proxy(proxy, cut_commit="before")


def cut_after_commit(server: Postgres, proxy: Proxy, database: str):
    """It was done, and nobody was told."""
    return with_proxy(proxy, cut_commit="after")


def silent(server: Postgres, proxy: Proxy, database: str):
    return with_proxy(proxy, silent=True)


def refusing(server: Postgres, proxy: Proxy, database: str):
    return with_proxy(proxy, refuses=True)


FAULTS = (
    stopped, crashed, paused, read_only, out_of_connections, denied, raising,
    cut_in_a_batch, cut_before_commit, cut_after_commit, silent, refusing,
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_hooks_do_not_notice_and_all_arrives_once(team: Team, server: Postgres, proxy: Proxy, fault) -> None:
    database = urlsplit(team.url).path[1:]
    with fault(server, proxy, database):
        team.session("s1")
        until(lambda: team.taken_in() and team.met_the_fault())
    team.drain()
    team.check_once("s1")


def test_a_slow_server_is_only_slow(team: Team, proxy: Proxy) -> None:
    team.environ["HIVEMIND_SKILLOPT_STORE"] = team.settings.store_url.replace("deadline=2", "deadline=60")
    with with_proxy(proxy, latency=0.005, chunk=700):
        team.session("s1")
        team.drain()
    team.check_once("s1")
    assert not team.met_the_fault()
