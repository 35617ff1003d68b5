"""The worker, killed again and again while it sends the outbox to the org store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hivemind_skillopt.model import ProposalStatus, Record, VersionSource
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.state.outbox import Outbox
from tests.crash.instants import Killer
from tests.crash.labs import check_swept, crash_lab, environ_of
from tests.crash.nursery import Nursery
from tests.store.values import attribution, invocation, proposal, verdict

SIZES = (1, 5, 90)
"""Sessions in one go; each has six rows. The last does not fit into one batch."""

LISTS = ("attributions", "invocations", "verdicts", "proposals")


def rows_of(number: int) -> list[Record]:
    """One session's: the invocation's better version and the proposal's newer status come later."""
    used, held = invocation(number), proposal(number, status=ProposalStatus.HELD, edits=())
    better = replace(used, version=2, version_source=VersionSource.TRANSCRIPT)
    return [attribution(number), used, verdict(number), held, better, replace(held, status=ProposalStatus.STALE)]


def wanted(number: int) -> dict[str, Record]:
    """What must stand in the store in the end."""
    start, _, judged, _, better, stale = rows_of(number)
    return dict(zip(LISTS, (start, better, judged, stale), strict=True))


def check_arrived(store: SkillStore, first: int, last: int) -> None:
    """All of these sessions' rows, each once, as they are in the end; `last` is the newest session there is."""
    newest_first = [wanted(number) for number in range(last, first - 1, -1)]
    for what in LISTS:
        assert getattr(store, what)(limit=len(newest_first)) == [row[what] for row in newest_first], f"{what} differ"


def kill_syncs(nursery: Nursery, root: Path, store_url: str, seed: int, kills: int) -> Killer:
    """So many workers die with rows to send; after each death come more rows, and now and then a worker that lives."""
    with crash_lab(root, store_url) as lab:
        store, outbox = lab.store, Outbox(lab.database, lab.settings.store_id)
        killer = Killer(nursery, "worker", seed, environ_of(lab))
        argv = str(lab.paths.state)
        checked = last = 0
        while killer.deaths() < kills:
            for _ in range(killer.draw.choice(SIZES)):
                last += 1
                outbox.add(*rows_of(last))
            killer.kill(argv)
            if killer.draw.random() < 0.5:
                killer.let_live(argv)
                with killer.explained():
                    assert outbox.count() == 0
                    check_arrived(store, checked + 1, last)
                checked = last
        killer.let_live(argv)
        with killer.explained():
            assert lab.left() == [0, 0, 0]
            check_arrived(store, 1, last)
            assert [len(getattr(store, what)(limit=last + 1)) for what in LISTS] == [last] * 4, "rows of nobody"
            check_swept(lab)
    return killer
