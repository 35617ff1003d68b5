"""The outbox: in order, bounded, and what nobody takes is set aside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert, select

from hivemind_skillopt.model import ActiveSkill, Record, SkillRef
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.outbox import MAX_REFUSED, Outbox
from hivemind_skillopt.state.outbox_limit import TOLD_FOR, Limit
from hivemind_skillopt.state.schema import MIGRATIONS, m004_bounded_outbox, metadata, outbox, refused_rows, upgrade
from tests.store.values import NOON, attribution, invocation, proposal, verdict

PLAIN = replace(proposal(), edits=proposal().edits[1:])


@pytest.fixture
def box(database: Database) -> Outbox:
    return Outbox(database, "store", Limit(rows=20, bytes=1 << 20))


def waiting(box: Outbox) -> list[Record]:
    return [one.record for one in box.first().waiting]


def kinds(box: Outbox) -> list[str]:
    return [type(record).__name__ for record in waiting(box)]


def test_rows_come_back_as_they_were_and_in_their_order(box: Outbox) -> None:
    rows = [invocation(2), attribution(), verdict(), PLAIN, attribution(3, skills=()), invocation(1)]
    box.add(*rows)
    box.add(attribution(9))
    assert waiting(box) == [*rows, attribution(9)]
    assert (box.count(), box.oldest()) == (7, NOON + 1)


@pytest.mark.parametrize("text", ['"skills":[{"x":1}],"ab_bucket"', '\\"skills":[{}],"ab_bucket"', "]", "\\"])
def test_no_text_is_taken_for_the_skills(box: Outbox, text: str) -> None:
    odd = attribution(session_id=text, id=text, project=text, harness=text)
    box.add(odd, attribution(2, skills=(ActiveSkill(SkillRef("a", "b"), 1, text),)))
    assert waiting(box)[0] == odd
    assert waiting(box)[1].skills[0].content_sha256 == text


def test_what_was_sent_is_gone_and_others_rows_stay(box: Outbox, database: Database) -> None:
    other = Outbox(database, "other")
    other.add(verdict(5))
    box.add(verdict(1), verdict(2), verdict(3))
    assert box.waits()
    box.sent([one.number for one in box.first(limit=2).waiting])
    assert (waiting(box), waiting(other)) == ([verdict(3)], [verdict(5)])
    box.sent([one.number for one in box.first().waiting])
    assert not box.waits()


def test_the_oldest_attributions_go_first(box: Outbox) -> None:
    box.add(verdict(1), PLAIN, *(attribution(n) for n in range(18)))
    assert (box.count(), box.dropped(NOON)) == (20, 0)
    box.add(attribution(18))
    assert kinds(box)[:2] == ["Verdict", "Proposal"]
    assert waiting(box)[2:] == [attribution(n) for n in range(2, 19)]
    assert box.dropped(NOON) == 2, "a twentieth below the limit"


def test_then_invocations_that_no_verdict_in_the_box_is_about(box: Outbox) -> None:
    box.add(*(invocation(n) for n in range(12)), *(verdict(n) for n in range(4)), attribution(1), *[attribution(2)] * 4)
    assert [type(row).__name__ for row in waiting(box)].count("Attribution") == 3
    box.add(*(verdict(n) for n in range(20, 28)))
    kept = {row.id for row in waiting(box)}
    assert {f"verdict-{n}" for n in (*range(4), *range(20, 28))} <= kept
    assert {f"invocation-{n}" for n in range(4)} <= kept
    assert kinds(box).count("Attribution") == 0
    assert kinds(box).count("Invocation") == 19 - 12


def test_nothing_but_verdicts_is_bounded_too_and_the_newest_stays(box: Outbox) -> None:
    for number in range(100):
        box.add(verdict(number))
        assert box.count() <= 20
    assert waiting(box)[-1] == verdict(99)
    assert box.dropped(NOON) == 100 - box.count()


def test_bytes_count_too(database: Database) -> None:
    box = Outbox(database, "store", Limit(rows=10**6, bytes=20_000))
    for number in range(200):
        box.add(verdict(number, reason="x" * 1000))
        assert box.size() <= 20_000
    assert (waiting(box)[-1], box.dropped(NOON)) == (verdict(199, reason="x" * 1000), 200 - box.count())


def test_drops_are_told_for_a_week(box: Outbox) -> None:
    box.add(*(attribution(n) for n in range(30)))
    assert box.dropped(NOON + 29 + TOLD_FOR - 1) == 11
    assert box.dropped(NOON + 29 + TOLD_FOR) == 0


def test_the_file_stays_small_however_long_the_store_is_away(database: Database) -> None:
    box, sizes = Outbox(database, "store", Limit(rows=200)), list[int]()
    for day in range(6):
        with database.transaction():
            for number in range(200):
                box.add(attribution(day * 200 + number))
        database.shed()
        sizes.append(database._path.stat().st_size)
    assert sizes[-1] <= sizes[1] * 1.2, sizes


def test_set_aside_and_taken_back(box: Outbox) -> None:
    box.add(verdict(1), attribution(1), verdict(2))
    numbers = [one.number for one in box.first().waiting]
    box.set_aside(numbers[:1], "too large")
    box.set_aside(numbers[2:], "too large")
    assert waiting(box) == [attribution(1)]
    assert [(one.kind, one.why, one.rows) for one in box.refused()] == [("Verdict", "too large", 2)]
    box.take_back()
    assert (waiting(box), box.refused()) == ([attribution(1), verdict(1), verdict(2)], [])


def test_what_is_set_aside_is_bounded(box: Outbox, database: Database) -> None:
    row = {"store_id": "store", "kind": "Verdict", "payload": "{}", "at": 1, "why": "w"}
    with database.transaction() as connection:
        connection.execute(insert(refused_rows), [row] * MAX_REFUSED)
    box.add(verdict(1))
    box.set_aside([box.first().waiting[0].number], "newest")
    assert sorted((one.why, one.rows) for one in box.refused()) == [("newest", 1), ("w", MAX_REFUSED - 1)]


@pytest.mark.parametrize(("kind", "payload"), [("Telepathy", "{}"), ("Verdict", "{}"), ("Attribution", "no json")])
def test_what_this_program_cannot_read_is_named(box: Outbox, database: Database, kind: str, payload: str) -> None:
    box.add(verdict(1))
    with database.transaction() as connection:
        connection.execute(insert(outbox).values(store_id="store", kind=kind, payload=payload))
    box.add(verdict(2))
    batch = box.first()
    assert ([one.record for one in batch.waiting], len(batch.unreadable)) == ([verdict(1), verdict(2)], 1)


def test_rows_of_before_the_limit_are_measured(database: Database) -> None:
    """A state.db of the version before: its rows get their size and their time."""
    with database.transaction() as connection:
        for index in outbox.indexes:
            index.drop(connection)
        refused_rows.drop(connection)
        for column in ("bytes", "at"):
            connection.exec_driver_sql(f"ALTER TABLE outbox DROP COLUMN {column}")
        payload = '{"judged_at": 7, "reason": "é"}'
        connection.exec_driver_sql(
            "INSERT INTO outbox (store_id, kind, payload) VALUES ('s', 'Verdict', ?)", (payload,)
        )
        connection.exec_driver_sql(f"PRAGMA user_version={MIGRATIONS.index(m004_bounded_outbox)}")
        upgrade(connection)
        assert connection.execute(select(outbox.c.bytes, outbox.c.at)).one() == (len(payload.encode()), 7)
        assert metadata.tables["refused_rows"] is refused_rows
        assert connection.execute(select(refused_rows)).all() == []
