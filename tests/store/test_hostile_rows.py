"""A teammate with the database's password writes rows past our code, on SQLite and PostgreSQL.

One bad row never hides the others, is told in one line, and never becomes a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import pytest
from sqlalchemy import text

from hivemind_skillopt.errors import SkillInvalid, SkillOptError, StoreError, StoreTooNew
from hivemind_skillopt.model import MAX_FILE_BYTES, MAX_FILES, Policy, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.settings import Mode, OrgMode
from hivemind_skillopt.store import versions
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.store.values import DEPLOY, LINT, attribution, invocation, proposal, publication, verdict

BIGGEST = 2**63 - 1
EVIL = "\x1b]0;owned\x07\x1b[2J\nskill"
SKILL_MD = SkillFile("SKILL.md", b"words")
NUMBERS = count(1)


@dataclass
class Victim:
    """An org with alice's good skill and bob's, which turns bad."""

    org: str
    store: SqlStore
    told: list[str]

    def sql(self, statement: str, **values: object) -> None:
        with self.store._engine.begin() as connection:
            connection.execute(text(statement), {"org": self.org, **values})

    def poison(self, column: str, value: object) -> None:
        """Of bob's row; its files would not let it go."""
        self.sql("DELETE FROM skill_files WHERE org = :org AND author = 'bob'")
        self.sql(f"UPDATE skills SET {column} = :value WHERE org = :org AND author = 'bob'", value=value)

    def smuggle(self, files: Sequence[SkillFile], mode: str = "644") -> None:
        """Other files under bob's version, with the right hash."""
        self.poison("content_sha256", SkillFolder(tuple(files)).content_sha256)
        row = "INSERT INTO skill_files (org, name, author, version, path, mode, sha256) VALUES "
        for file in files:
            self.sql(
                "INSERT INTO blobs (sha256, bytes) VALUES (:sha, :data) ON CONFLICT DO NOTHING",
                sha=file.sha256, data=file.data,
            )  # fmt: skip
        with self.store._engine.begin() as connection:
            if not files:
                return
            rows = [{"org": self.org, "path": file.path, "sha": file.sha256, "mode": mode} for file in files]
            connection.execute(text(row + "(:org, 'lint--fast', 'bob', 1, :path, :mode, :sha)"), rows)

    def seen(self, user: str = "carol") -> list[SkillRef]:
        return [change.head.ref for change in self.store.changes(user)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres").new_database())
    return f"sqlite:///{tmp_path_factory.mktemp('hostile')}/store.db"


@pytest.fixture
def victim(url: str) -> Iterator[Victim]:
    """Each test has an org of its own in the one database."""
    told: list[str] = []
    org = f"org{next(NUMBERS)}"
    store = open_store(url, org, told.append)
    store.migrate()
    store.publish(publication())
    store.publish(publication(ref=LINT))
    yield Victim(org, store, told)
    store.close()


def check_told(victim: Victim, words: str) -> None:
    """Each once, in one line of ASCII that is not long."""
    assert 0 < len(victim.told) == len(set(victim.told))
    for line in victim.told:
        assert words in line
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 300


NAMES = [
    "a/b",
    "../../etc",
    "/etc/passwd",
    "~root",
    "a\nb",
    "",
    "A",
    "x" * 100_000,
    "e\u0301",
    "\u202egpj",
    "con.",
    EVIL,
]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("name", NAMES),
        ("author", ["../bob", "bob/../..", "bob\n", "Bob", "bob--x"]),
        ("content_sha256", ["../../../../x", "", "F" * 64, EVIL]),
        ("contributors", ["alice", '{"a": 1}', "[1, 2", "[" * 100_000, "[[1]]"]),
        ("updated_at", ["soon", "", "9" * 40, "2026-13-01T00:00:00.000000000Z"]),
        ("version", [0, -1, BIGGEST]),
        ("change", [BIGGEST]),
    ],
)
def test_a_bad_skill_hides_no_other(victim: Victim, column: str, values: list[object]) -> None:
    for value in values:
        victim.poison(column, value)
        assert (victim.seen(), victim.seen()) == ([DEPLOY], [DEPLOY]), value
        victim.sql("UPDATE skills SET author = 'bob' WHERE org = :org AND author <> 'alice'")
    check_told(victim, "is damaged")


def test_a_word_of_a_newer_program_says_upgrade(victim: Victim) -> None:
    victim.poison("scope", "galaxy")
    assert victim.seen("bob") == [DEPLOY]
    check_told(victim, "upgrade it")
    victim.told.clear()
    victim.poison("scope", "team")
    victim.sql(
        "INSERT INTO policies (org, change, name, author, policy, set_by, set_at) "
        "SELECT :org, change, name, author, 'frozen', 'eve', 1 FROM skills WHERE org = :org AND author = 'bob'"
    )
    assert victim.seen() == [DEPLOY]
    check_told(victim, "upgrade it")
    with pytest.raises(StoreTooNew, match="upgrade it"):
        victim.store.policy(LINT)
    assert victim.store.policy(DEPLOY) is Policy.AUTO


def test_a_mode_that_nobody_here_wrote_stops_the_loop_until_it_is_set_again(victim: Victim) -> None:
    put = "INSERT INTO org_modes (org, change, mode, set_by, set_at) VALUES (:org, {}, '{}', 'eve', 1)"
    victim.sql(put.format(900_000, "stealth"))
    with pytest.raises(StoreTooNew, match="upgrade it"):
        victim.store.org_mode()
    victim.sql("DELETE FROM org_modes")
    victim.store.set_org_mode(OrgMode(Mode.OBSERVE, "alice", 1))
    assert victim.store.org_mode().mode is Mode.OBSERVE


def test_nobody_builds_on_a_bad_head(victim: Victim) -> None:
    """Its older versions can still be seen."""
    one = victim.store.head(LINT)
    assert one
    two = victim.store.publish(publication("v2\n", one.content_sha256, ref=LINT))
    victim.sql(
        "UPDATE skills SET contributors = '?' WHERE org = :org AND author = 'bob' AND version = 2",
    )
    assert victim.store.history(LINT) == [one]
    check_told(victim, "lint--fast--bob@2")
    for request in (one, two):
        with pytest.raises(StoreError, match="is damaged"):
            victim.store.publish(publication("v3\n", request.content_sha256, ref=LINT))
    with pytest.raises(StoreError):
        victim.store.head(LINT)


def test_odd_but_readable_rows_are_rows(victim: Victim) -> None:
    victim.poison("published_by", EVIL)
    victim.poison("description", EVIL)
    victim.poison("updated_at", "9999-12-31T23:59:59.999999999Z")
    victim.poison("version", 1_000_000)
    victim.poison("reverts_version", 999_999)
    assert (victim.seen(), victim.told) == ([DEPLOY, LINT], [])


PATHS = ["../evil", "/etc/cron.d/evil", "a/../../evil", "a\\..\\evil", "a\nb", "skill.md", "SKILL.md/x", "e\u0301.md",
         "\u202egpj.sh", ".git/hooks/post-checkout", "./x", "x/", "", "\x1b[2J", "a\u200bb"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_outside(victim: Victim, path: str) -> None:
    victim.smuggle([SKILL_MD, SkillFile(path, b"evil")])
    with pytest.raises(SkillInvalid, match="lint--fast--bob v1 in the org store cannot be used: the file name") as no:
        victim.store.folder(LINT, 1)
    assert str(no.value).isascii()
    assert len(str(no.value).splitlines()) == 1
    victim.store.folder(DEPLOY, 1)


def test_what_is_too_large_is_not_even_read(victim: Victim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_file_rows", None)
    chunk = b"x" * MAX_FILE_BYTES
    victim.smuggle([SKILL_MD, *(SkillFile(f"{n}", chunk) for n in range(6))])
    with pytest.raises(SkillInvalid, match="larger than 5 MiB"):
        victim.store.folder(LINT, 1)
    victim.smuggle([SKILL_MD, *(SkillFile(f"{n}", b"") for n in range(10 * MAX_FILES))])
    with pytest.raises(SkillInvalid, match="10001 files"):
        victim.store.folder(LINT, 1)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([SkillFile("README.md", b"x")], r"has no SKILL\.md"),
        ([], r"has no SKILL\.md"),
        ([SkillFile("SKILL.md/x", b"x")], r"has no SKILL\.md"),
        ([SkillFile("SKILL.md", b"\xff\xfe")], "not UTF-8"),
        ([SKILL_MD, SkillFile("a", b"x" * (MAX_FILE_BYTES + 1))], "larger than 1 MiB"),
        ([SKILL_MD, SkillFile("a", b"x"), SkillFile("A", b"y")], "collides"),
        ([SKILL_MD, SkillFile("a", b"x"), SkillFile("a/b", b"y")], "collides"),
    ],
)
def test_what_is_no_skill_is_not_handed_out(victim: Victim, files: list[SkillFile], why: str) -> None:
    victim.smuggle(files)
    with pytest.raises(SkillInvalid, match=why):
        victim.store.folder(LINT, 1)


def test_a_mode_is_executable_or_plain(victim: Victim) -> None:
    for mode in ("4755", "0777", EVIL, ""):
        victim.smuggle([SKILL_MD], mode)
        assert victim.store.folder(LINT, 1).files == (SKILL_MD,)
    victim.poison("content_sha256", "0" * 64)
    with pytest.raises(StoreError, match="not the ones that were published"):
        victim.store.folder(LINT, 1)


@pytest.mark.parametrize(
    ("table", "column", "value", "words"),
    [
        ("verdicts", "outcome", "telepathy", "upgrade it"),
        ("verdicts", "reaction_ids", "[" * 100_000, "is damaged"),
        ("verdicts", "name", "../x", "is damaged"),
        ("proposals", "status", "dreaming", "upgrade it"),
        ("proposals", "edits", '[{"op": "format_disk"}]', "upgrade it"),
        ("proposals", "checks", "no JSON", "is damaged"),
        ("invocations", "author", EVIL, "is damaged"),
        ("sessions", "message", "{}", "is damaged"),
        ("sessions", "creation_date", "soon", "is damaged"),
    ],
)
def test_a_bad_record_hides_no_other(victim: Victim, table: str, column: str, value: str, words: str) -> None:
    store = victim.store
    for make in (attribution, invocation, proposal, verdict):
        store.record([make(1), make(2)])
    made = {"sessions": "attribution"}.get(table, table.removesuffix("s"))
    victim.sql(f"UPDATE {table} SET {column} = :value WHERE org = :org AND id = :id", value=value, id=f"{made}-2")
    lists = {
        "verdicts": store.verdicts, "proposals": store.proposals, "invocations": store.invocations,
        "sessions": store.attributions,
    }  # fmt: skip
    assert [row.id for row in lists[table]()] == [f"{made}-1"]
    check_told(victim, words)
    ids = ["verdict-1", "verdict-2", "proposal-1", "proposal-2"]
    assert len(store.find_verdicts(ids)) + len(store.find_proposals(ids)) == 4 - (table in {"verdicts", "proposals"})


def test_a_persons_word_that_cannot_be_read_is_not_passed_over(victim: Victim) -> None:
    """It may say that no edit must come of this use."""
    victim.sql(
        "INSERT INTO annotations VALUES (:org, 1, 'a', 'invocation-1', 'deploy', 'alice', 'maybe', '', 'eve', 1)"
    )
    with pytest.raises(SkillOptError, match="upgrade it"):
        victim.store.annotations(["invocation-1"])
