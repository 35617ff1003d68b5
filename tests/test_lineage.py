"""Which version brought each line: moves, copies, rollbacks, line ends, and texts made to keep it busy."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt import lineage
from hivemind_skillopt.lineage import FileText, trace


def origins(*texts: str | tuple[str, int]) -> str:
    """One letter or word a line; of each, the version that brought it. A pair: (text, the version it reverts)."""
    files = []
    for version, given_ in enumerate(texts, start=1):
        words, reverts = given_ if isinstance(given_, tuple) else (given_, None)
        files.append(FileText(version, "".join(f"{word}\n" for word in words.split(" ")) if words else "", reverts))
    return " ".join(f"{line.text}{line.version}" for line in trace(files))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("a b c",), "a1 b1 c1"),
        (("a b c", "a x b c", "a x b c y"), "a1 x2 b1 c1 y3"),
        (("a b c", "a B c", "A B c"), "A3 B2 c1"),
        (("a b c", "c a b"), "c1 a1 b1"),
        (("a b", "a b a"), "a1 b1 a2"),
        (("a b a", "b a"), "b1 a1"),
        (("a b", "a", "a b"), "a1 b3"),
        (("", "a"), "a2"),
        (("a", "", "a"), "a3"),
        (("a", ""), ""),
        (("- a -", "- x - a -"), "-1 x2 -2 a1 -1"),
    ],
)
def test_origins(texts: tuple[str, ...], expected: str) -> None:
    assert origins(*texts) == expected


def test_a_rollback_brings_no_line() -> None:
    history = ("a b c", "a x c", "a x c y", ("a x c", 2), "a x c z", ("a b c", 1))
    assert origins(*history[:4]) == "a1 x2 c1"
    assert origins(*history[:5]) == "a1 x2 c1 z5"
    assert origins(*history) == "a1 b1 c1"


def test_a_rollback_to_a_version_that_cannot_be_read_is_like_any_other() -> None:
    assert origins("a", ("a b", 7)) == "a1 b2"


def test_a_rollback_that_brings_more_than_it_says_is_told() -> None:
    """Its row says v1; its bytes are others."""
    assert origins("a", "b", ("a evil", 1)) == "a1 evil3"


def test_line_ends_are_no_lines() -> None:
    texts = [FileText(1, "a\nb"), FileText(2, "a\r\nb\r\n"), FileText(3, "a\nb\nc"), FileText(4, "a\nb\nc\n")]
    assert [(line.text, line.version) for line in trace(texts)] == [("a", 1), ("b", 1), ("c", 3)]
    assert [line.text for line in trace([FileText(1, "a\x0cb\u2028c\rd\n\n")])] == ["a\x0cb\u2028c\rd", ""]


WORDS = st.lists(st.sampled_from("abc-"), max_size=12)


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_any_history(history: list[list[str]]) -> None:
    """The lines are the text's; each stood in the version that is said to have brought it."""
    texts = [FileText(number, "".join(f"{w}\n" for w in words)) for number, words in enumerate(history, start=1)]
    lines = trace(texts)
    assert [line.text for line in lines] == history[-1]
    assert all(line.text in history[line.version - 1] for line in lines)
    known = [set(words) for words in history]
    for line in lines:
        since = set.intersection(*known[line.version - 1 :])
        assert line.text in since, "it was there ever since"


class Counted(str):
    """A line that counts how often it is compared."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def every_second(number: int) -> list[str]:
    return [f"line {n} {number if n % 2 else ''}" for n in range(5_000)]


def few_words(number: int) -> list[str]:
    return [str((n * n + number * n) % 7) for n in range(5_000)]


def upside_down(number: int) -> list[str]:
    return [f"line {n}" for n in range(5_000)][:: -1 if number % 2 else 1]


@pytest.mark.parametrize("shape", [every_second, few_words, upside_down])
def test_the_work_grows_with_the_text_alone(shape: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 lines against 5,000: comparing all with all would be 25,000,000."""
    old, new = ([Counted(line) for line in shape(number)] for number in (1, 2))  # type: ignore[operator]
    monkeypatch.setattr(Counted, "comparisons", 0)
    pairs = list(lineage._same(old, new))
    assert all(str(old[x]) == str(new[y]) for x, y in pairs)
    assert len({x for x, _ in pairs}) == len({y for _, y in pairs}) == len(pairs)
    assert Counted.comparisons < 40 * 5_000


def test_many_versions_of_a_long_file() -> None:
    """Each version adds a line to the end of the 5,000 of the first."""
    first = [f"line {n}" for n in range(5_000)]
    grown = list(accumulate((f"more {n}" for n in range(2, 51)), lambda lines, line: [*lines, line], initial=first))
    lines = trace([FileText(number, "\n".join(lines)) for number, lines in enumerate(grown, start=1)])
    assert [line.version for line in lines] == [1] * 5_000 + list(range(2, 51))
