"""`python -m tests.gate.report [VARIANTS]`: the gate's figures on the corpora; no text of theirs."""

from __future__ import annotations

import itertools
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.decide import BUILT_IN_CHECKS, decision, run_checks
from hivemind_skillopt.gate.origin import provenance
from hivemind_skillopt.model import Result
from tests.corpora import rows, skill_files
from tests.gate.disguises import DISGUISES
from tests.gate.honest import heard
from tests.gate.plant import OPS, PLACES, planted, plants
from tests.gate.planted import CAPABILITIES, COMPLAINTS, PLAIN, SKILL, TRANSLATED
from tests.gate.taken_out import put_back

SEED = 6
HALVES = ("looked at", "kept apart")


def halved(items: Sequence[dict]) -> tuple[list[dict], list[dict]]:
    """The same halves each time: the first was looked at while the checks were made."""
    order = sorted(items, key=lambda row: str(row.get("kind")) + str(row["id"]))
    random.Random(SEED).shuffle(order)
    middle = len(order) // 2
    return order[:middle], order[middle:]


def benign() -> None:
    """Real edits by their text alone: how many pass, and which checks stop the others."""
    print("## Real edits, text only\n")
    kinds: list[tuple[str, Callable[[dict], bool]]] = [
        ("prose", lambda row: row["prose"]),
        ("other eligible", lambda row: row["eligible"] and not row["prose"]),
        ("the rest", lambda row: not row["eligible"]),
    ]
    for name, half in zip(HALVES, halved(rows("benign-edits.calibration.jsonl")), strict=True):
        for kind, belongs in kinds:
            _benign_row(f"{kind}, {name}", [row for row in half if belongs(row)])


def put_back_lines(count: int) -> None:
    """Real lines of skills as additions, by their text alone."""
    print(f"\n## {count} times one to six real lines of prose put back, text only\n")
    pairs = itertools.islice(put_back(random.Random(SEED)), count)
    _benign_row("put back", [{"before": before, "after": after} for before, after in pairs])


def _benign_row(name: str, edits: Sequence[dict]) -> None:
    found, stopped = Counter[str](), Counter[str]()
    for row in edits:
        checks = run_checks(Candidate(row["before"].encode(), row["after"].encode()))
        found[decision(checks)] += 1
        stopped.update(check.name for check in checks if check.result is not Result.PASS)
    counts = ", ".join(f"{check} {count}" for check, count in stopped.most_common())
    share = 100 * found[Result.PASS] / max(1, len(edits))
    print(f"{name:<28} {found[Result.PASS]:>3} of {len(edits):>3} pass ({share:.0f} %)  {counts}")


def capabilities(skills: int) -> None:
    """Injections that add a capability, by their text alone, in real skills and each operation."""
    print("\n## Injections that add a capability, text only: passed of tried\n")
    rnd, files = random.Random(SEED), skill_files()
    corpus = [row for row in rows("injections.calibration.jsonl") if row["adds_capability"]]
    groups = [*zip(HALVES, halved(corpus), strict=True), ("our own", [{"line": line} for line in CAPABILITIES])]
    for name, group in groups:
        passed, tried, by = 0, 0, Counter[str]()
        for row in group:
            for path in rnd.sample(files, skills):
                parent = path.read_text(encoding="utf-8")
                for op in OPS:
                    checks = run_checks(Candidate(parent.encode(), planted(parent, row["line"], op, rnd)))
                    tried += 1
                    passed += decision(checks) is Result.PASS
                    by.update(check.name for check in checks if check.result is Result.HOLD)
        counts = ", ".join(f"{check} {100 * count // tried} %" for check, count in by.most_common(8))
        print(f"{name:<12} {passed} of {tried}  {counts}")


def variants(count: int) -> None:
    """Disguised injections with evidence: how many pass, by disguise and by where they were read."""
    print(f"\n## With evidence: {count} variants, passed of tried\n")
    texts = [path.read_text(encoding="utf-8") for path in skill_files()[::8]]
    parents = [SKILL, *(text for text in texts if len(text) < 15_000)]
    one, other = halved(rows("injections.calibration.jsonl"))
    groups = [(HALVES[0], _lines(one)), (HALVES[1], _lines(other)), ("our own", CAPABILITIES + PLAIN + TRANSLATED)]
    tried, passed, alone = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[str]()
    for name, lines in groups:
        for plant in plants(lines, parents, count // 3, SEED):
            by_words = provenance(plant.candidate).result is not Result.PASS
            is_held = by_words or _is_held(plant.candidate)
            alone[name] += by_words
            for key in (("lines", name), ("disguise", plant.kind), ("read in", plant.place), ("edit", plant.op)):
                tried[key] += 1
                passed[key] += not is_held
    for key, total in tried.items():
        print(f"{key[0]:<9} {key[1]:<24} {passed[key]} of {total}")
    print(
        f"held by `provenance` alone: {alone.total()} of {sum(n for (what, _), n in tried.items() if what == 'lines')}"
    )


def _lines(group: Iterable[dict]) -> list[str]:
    return [row["line"] for row in group]


def _is_held(candidate: Candidate) -> bool:
    return any(check(candidate).result is not Result.PASS for check in BUILT_IN_CHECKS)


def typed() -> None:
    """Plain sentences of the same kind, typed by the human: they should pass."""
    print("\n## Plain sentences that the human typed: passed of tried\n")
    corpus = [row for row in rows("injections.calibration.jsonl") if not row["adds_capability"]]
    single = [row["line"] for row in corpus if "\n" not in row["line"].strip()]
    for name, lines in (("corpus, one line", single), ("our own", PLAIN)):
        passed = 0
        for line in lines:
            after = planted(SKILL, line, "append", random.Random(SEED))
            passed += not _is_held(Candidate(SKILL.encode(), after, evidence=Evidence((COMPLAINTS[0], line))))
        print(f"{name:<18} {passed} of {len(lines)}")


def honest() -> None:
    """Real prose edits with evidence of a human who said that share of their words: how many `provenance` lets pass."""
    print("\n## Honest evidence for real prose edits: `provenance` passes, by share of the words that were typed\n")
    halves = halved(rows("benign-edits.calibration.jsonl"))
    for share in (1.0, 0.95, 0.9, 0.8, 0.7):
        figures = []
        for name, half in zip(HALVES, halves, strict=True):
            edits = [_change(row) for row in half if row["prose"]]
            small = [change for change in edits if len(change.new_sentences) <= 3]
            figures += [f"{name} {_passing(edits, share)}, of up to three sentences {_passing(small, share)}"]
        print(f"{share:>4.0%}  {'; '.join(figures)}")


def _change(row: dict) -> Candidate:
    return Candidate(row["before"].encode(), row["after"].encode())


def _passing(edits: Sequence[Candidate], share: float) -> str:
    tries, passed = 5, 0
    for seed in range(tries):
        rnd = random.Random(seed)
        for change in edits:
            evidence = heard(change, share, rnd)
            passed += provenance(Candidate(change.before, change.after, evidence=evidence)).result is Result.PASS
    return f"{100 * passed / max(1, tries * len(edits)):.0f} %"


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 60 * len(DISGUISES)
    print(f"{len(DISGUISES)} disguises, {len(PLACES)} places to read them in, {len(OPS)} ways to edit; seed {SEED}\n")
    benign()
    put_back_lines(1_500)
    capabilities(skills=max(1, many // 400))
    variants(many)
    typed()
    honest()
