"""What a driver's error means, on the real server: again later, or never with this row."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
import pytest

from hivemind_skillopt.errors import RowRefused, SettingsError, StoreUnavailable
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.postgres import Postgres
from tests.store.values import attribution, invocation, proposal, verdict


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with closing(open_store(f"{url}&deadline=3", "acme")) as made:
        made.migrate()
        yield made


def test_a_lock_that_is_never_given_back_is_cut(store: SqlStore, url: str) -> None:
    """And the next transaction has a connection that works."""
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE verdicts")
        begin = time.monotonic()
        with pytest.raises(StoreUnavailable, match="did not answer within 3 s"):
            store.record([attribution(), verdict()])
        assert time.monotonic() - begin < 30
    store.record([verdict()])
    assert (store.verdicts(), store.attributions()) == ([verdict()], []), "all or nothing"


def test_connections_that_the_server_has_closed_are_replaced(store: SqlStore, postgres: Postgres, url: str) -> None:
    store.record([verdict()])
    database = urlsplit(url).path[1:]
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    with pytest.raises(StoreUnavailable, match=r"terminating|closed|lost"):
        store.verdicts()
    assert store.verdicts() == [verdict()]


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (replace(invocation(), harness=None), ""),
        (replace(verdict(), judged_at=1 << 70), ""),
        (verdict(reason="a secret" * 5), "ALTER TABLE verdicts ALTER reason TYPE varchar(10)"),
        (verdict(outcome="ok"), "ALTER TABLE verdicts ADD CHECK (outcome <> 'ok')"),
        (verdict(reaction_ids=("a secret",)), "ALTER TABLE verdicts ALTER reaction_ids TYPE int USING 1"),
    ],
    ids=["null", "number", "length", "check", "type"],
)
def test_a_row_that_is_to_blame(store: SqlStore, postgres: Postgres, url: str, row: object, change: str) -> None:
    if change:
        postgres.execute(change, urlsplit(url).path[1:])
    with pytest.raises(RowRefused, match="the org store refused a row") as refused:
        store.record([row])  # type: ignore[list-item]
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "read-only"),
        ("DROP TABLE verdicts", "verdicts"),
        ("ALTER TABLE verdicts RENAME reason TO why", "reason"),
    ],
)
def test_a_store_that_is_to_blame(postgres: Postgres, url: str, change: str, said: str) -> None:
    with closing(open_store(url, "acme")) as first:
        first.migrate()
    postgres.execute(change.format(urlsplit(url).path[1:]), "postgres" if "{" in change else urlsplit(url).path[1:])
    with closing(open_store(url, "acme")) as store, pytest.raises(StoreUnavailable, match=said):
        store.record([verdict(), replace(proposal(), edits=())])


def test_a_deadline_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="deadline"):
        open_store(f"{url}&deadline=soon", "acme")
