"""Secrets made up while a test runs, so that none stands in the repository; and finding what is left of them."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
BASE64 = LETTERS + "+/"

KINDS: Mapping[str, tuple[str, str, int]] = {
    "AWS id": ("AKIA{}", UPPER, 16),
    "AWS key": ("aws_secret_access_key = {}", BASE64, 40),
    "GitHub": ("ghp_{}", LETTERS, 36),
    "Slack": ("xoxb-2048-4096-{}", LETTERS, 24),
    "OpenAI": ("sk-proj-{}", LETTERS, 48),
    "Anthropic": ("sk-ant-api03-{}", LETTERS, 80),
    "Stripe": ("sk_live_{}", LETTERS, 24),
    "URL": ("postgresql://shop:{}@db.example.org:5432/shop", LETTERS, 20),
    "KEY=VALUE": ("DB_PASSWORD={}", LETTERS, 16),
    "entropy": ("{}", LETTERS, 44),
    "PEM": ("\n-----BEGIN {key}-----\n{}\n-----END {key}-----", BASE64, 64),
}
"""What stands around the random part, and what that is made of. PEM comes last: from there on a turn looks pasted."""

ENOUGH = 8
"""So many characters in a row of a random part are no coincidence, and already too much."""


@dataclass(frozen=True)
class Planted:
    """One secret of each kind, for one place."""

    place: str
    texts: Mapping[str, str]
    cores: Mapping[str, str]

    def __str__(self) -> str:
        return " ".join(self.texts.values())

    @property
    def needles(self) -> dict[bytes, str]:
        """Every piece of each random part, in lower case, and what it is of."""
        return {
            core[at : at + ENOUGH].lower().encode(): f"{self.place}: {kind}"
            for kind, core in self.cores.items()
            for at in range(0, len(core) - ENOUGH + 1, ENOUGH)
        }


def plant(place: str) -> Planted:
    """The same in every run for the same place."""
    rnd = random.Random(place)
    cores = {kind: "".join(rnd.choices(alphabet, k=size)) for kind, (_, alphabet, size) in KINDS.items()}
    texts = {kind: KINDS[kind][0].format(core, key="RSA PRIVATE KEY") for kind, core in cores.items()}
    return Planted(place, texts, cores)


def needles_of(planted: Iterable[Planted]) -> dict[bytes, str]:
    return {needle: name for one in planted for needle, name in one.needles.items()}


def found_in(data: bytes, needles: Mapping[bytes, str]) -> set[str]:
    """What the bytes hold of it, in any case."""
    lower = data.lower()
    return {name for needle, name in needles.items() if needle in lower}


def found_below(folder: Path, needles: Mapping[bytes, str]) -> dict[str, set[str]]:
    """By file, links not followed: raw bytes, so that a database's free pages and its log are seen, and names, too."""
    everything = [path for path in folder.rglob("*") if not path.is_symlink()]
    found = {str(path.relative_to(folder)): _held_by(path, needles) for path in everything}
    return {path: names for path, names in found.items() if names}


def _held_by(path: Path, needles: Mapping[bytes, str]) -> set[str]:
    content = path.read_bytes() if path.is_file() else b""
    return found_in(path.name.encode() + b"\n" + content, needles)
