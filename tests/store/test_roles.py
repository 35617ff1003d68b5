"""The roles of docs/team-store.md: one owns the tables, the people's one reads, adds and changes rows."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from hivemind_skillopt.errors import StoreUnavailable
from hivemind_skillopt.model import Annotation, Outcome, Policy
from hivemind_skillopt.store.engine import open_store
from tests.docs.team_store import database_and_roles
from tests.postgres import Postgres
from tests.store.values import DEPLOY, NOON, attribution, invocation, proposal, publication, verdict


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Postgres]:
    with database_and_roles(postgres):
        yield postgres


def test_people_have_what_they_need_and_no_more(server: Postgres) -> None:
    people = open_store(server.url("skills", "skillopt"), "acme")
    with pytest.raises(StoreUnavailable, match="permission denied for schema public"):
        people.migrate()
    owner = open_store(server.url("skills", "skillopt_owner"), "acme")
    assert owner.migrate()
    owner.close()
    people.record([attribution(), invocation(), verdict(), proposal()])
    version = people.publish(publication("one\n"))
    people.publish(publication("two\n", version.content_sha256, published_at=NOON + 1, proposal=proposal()))
    people.set_policy(DEPLOY, Policy.REVIEW, "alice", NOON)
    people.annotate(Annotation("note", "invocation-1", DEPLOY, Outcome.OK, "", "carol", NOON))
    assert [change.head.version for change in people.changes("bob")] == [2]
    people.close()
    for forbidden in ("DELETE FROM skills", "TRUNCATE skills", "DROP TABLE skills", "CREATE TABLE mine (x int)"):
        with (
            psycopg.connect(server.url("skills", "skillopt")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(forbidden)
