"""The table that the bench prints."""

from __future__ import annotations

import statistics
from collections import Counter

from bench.simulation.check import Line
from bench.simulation.plan import Size
from bench.simulation.run import Result

SHOWN = 5
"""Of the things that differ."""


def report(size: Size, result: Result) -> str:
    """All of it."""
    ledger, seconds = result.ledger, result.seconds
    hooks = sorted(ledger.real_hooks)
    rows = sum(line.found for line in result.lines if line.kind in ROWS)
    took = seconds["under faults"] + seconds["until all was done"]
    return "\n".join(
        [
            f"{size.machines} machines, {size.sessions} sessions, {ledger.events} hook events, seed {size.seed}",
            "",
            f"{'kind':44} {'expected':>8} {'in the store':>12} {'difference':>10}",
            *map(_line, result.lines),
            "",
            f"people        {_people(result)}",
            f"proposals     {_counted(result.ends)}",
            f"faults        {_counted(result.faults)}",
            f"workers       {result.workers} seen at work, {result.killed} killed with SIGKILL",
            f"real hooks    {len(hooks)}, median {_median(hooks):.0f} ms, slowest {max(hooks, default=0):.0f} ms",
            f"seconds       {', '.join(f'{name} {value:.0f}' for name, value in seconds.items())}",
            f"rows          {rows}, {rows / took:.0f} a second",
            *(f"log           {count} x {what}" for what, count in result.said.most_common(SHOWN * 2)),
            *(f"refused       {count} x {what}" for what, count in result.failures.most_common(SHOWN * 2)),
            *_differences(result.lines),
        ]
    )


ROWS = (
    "attributions",
    "invocations",
    "verdict rows, one for each last reaction",
    "proposals",
    "versions, without a gap",
    "annotations",
    "policies",
)


def _line(line: Line) -> str:
    wrong = len(line.missing) + len(line.extra)
    return f"{line.kind:44} {line.expected:>8} {line.found:>12} {wrong or abs(line.expected - line.found):>10}"


def _people(result: Result) -> str:
    ledger = result.ledger
    kinds = {name: getattr(ledger, name) for name in ("pushes", "rollbacks", "annotations", "policies")}
    return ", ".join(
        f"{name} {len(deeds.done)} done, {len(deeds.in_doubt)} in doubt, {len(deeds.refused)} refused"
        for name, deeds in kinds.items()
    )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


def _differences(lines: list[Line]) -> list[str]:
    return [
        f"DIFFERS       {line.kind}: missing {list(line.missing[:SHOWN])}, too many {list(line.extra[:SHOWN])}"
        for line in lines
        if line.differs
    ]
