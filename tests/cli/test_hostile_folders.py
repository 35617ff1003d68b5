"""Hostile folders and rows as a person meets them: one clear line, nothing outside, the terminal is never steered."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import Publication, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.state import skill_folders
from hivemind_skillopt.state.skill_folders import VersionFolders, read_folder
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.memory import MemoryStore
from hivemind_skillopt.store.sql import SqlStore
from tests.cli.conftest import SKILL, Cli
from tests.crash.rights import as_owner_only

EVIL = "\x1b]0;owned\x07\x1b[2J\nsecond line \u202e"
REF = SkillRef("deploy", "alice")


def tree(root: Path) -> dict[str, bytes | str]:
    """Everything below, links as links."""
    found: dict[str, bytes | str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or path.is_file():
            found[str(path)] = str(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found


def linked(folder: Path) -> None:
    (folder / "notes.md").symlink_to("/etc/passwd")


def linked_inside(folder: Path) -> None:
    (folder / "notes.md").symlink_to("SKILL.md")


def linked_folder(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)


def device(folder: Path) -> None:
    (folder / "zero").symlink_to("/dev/zero")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def listening(folder: Path) -> None:
    short = Path(tempfile.mkdtemp()) / "s"  # a socket's name has at most 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(short))
    short.rename(folder / "socket")
    short.parent.rmdir()


def sparse(folder: Path) -> None:
    with (folder / "huge").open("wb") as file:
        file.truncate(1 << 40)


def too_many(folder: Path) -> None:
    for number in range(1_001):
        (folder / f"{number}.md").touch()


def no_utf8(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b.md")).touch()


def newline(folder: Path) -> None:
    (folder / "a\nb.md").touch()


def bidi(folder: Path) -> None:
    (folder / "\u202egpj.sh").touch()


def in_two_forms(folder: Path) -> None:
    (folder / "\u00e9.md").touch()
    (folder / "e\u0301.md").touch()


def no_file(folder: Path) -> None:
    (folder / "SKILL.md").unlink()
    (folder / "SKILL.md").mkdir()


def closed_file(folder: Path) -> None:
    (folder / "secret.md").touch(mode=0o000)


def closed_folder(folder: Path) -> None:
    (folder / "secret").mkdir(mode=0o000)


SHAPES = [linked, linked_inside, linked_folder, device, pipe, listening, sparse, too_many, no_utf8, newline, bidi,
          in_two_forms, no_file, closed_file, closed_folder]  # fmt: skip


def read_as_owner(folder: Path) -> str:
    """In a process without root's rights: what `read_folder` and the store's rules say."""
    code = (
        "import sys; from pathlib import Path\n"
        "from hivemind_skillopt.errors import SkillInvalid\n"
        "from hivemind_skillopt.state.skill_folders import read_folder\n"
        "from hivemind_skillopt.store.folder_rules import check_folder\n"
        "for name in sys.argv[1:]:\n"
        "    try: check_folder(read_folder(Path(name))); print('read')\n"
        "    except SkillInvalid as error: print(ascii(str(error)))\n"
    )
    argv = [sys.executable, "-c", code, *map(str, sorted(folder.iterdir()))]
    return subprocess.run(argv, preexec_fn=as_owner_only, capture_output=True, text=True, timeout=60, check=True).stdout


def test_what_is_no_skill_folder_is_refused(tmp_path: Path) -> None:
    """None is waited for, followed, read to its end, or silently left out."""
    for shape in SHAPES:
        folder = tmp_path / shape.__name__
        folder.mkdir()
        (folder / "SKILL.md").write_text(SKILL)
        shape(folder)
    said = dict(zip(sorted(shape.__name__ for shape in SHAPES), read_as_owner(tmp_path).splitlines(), strict=True))
    (tmp_path / "closed_folder" / "secret").chmod(0o700)
    words = {
        **dict.fromkeys(("linked", "linked_inside", "linked_folder", "device"), "is a symlink"),
        **dict.fromkeys(("pipe", "listening", "sparse"), "is no plain file of at most 1 MiB"),
        **dict.fromkeys(("closed_file", "closed_folder"), "cannot be read: Permission denied"),
        **dict.fromkeys(("newline", "bidi"), "holds a control or hidden character"),
        "too_many": "more than 1000 files",
        "no_utf8": "is no UTF-8",
        "in_two_forms": "collides",
        "no_file": "has no SKILL.md",
    }
    assert {name: word for name, word in words.items() if word not in said[name]} == {}, said


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "SKILL.md").write_text(SKILL)
    real = os.fdopen

    def fdopen(descriptor: int, mode: str) -> object:
        with (tmp_path / "SKILL.md").open("a") as file:
            file.write("more")
        return real(descriptor, mode)

    status = os.stat(tmp_path / "SKILL.md")
    monkeypatch.setattr(skill_folders.os, "fstat", lambda _: status)
    monkeypatch.setattr(skill_folders.os, "fdopen", fdopen)
    with pytest.raises(SkillInvalid, match="changed while it was read; try again"):
        read_folder(tmp_path)


def test_a_file_that_becomes_a_pipe_or_a_link_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and its opening."""
    (tmp_path / "SKILL.md").write_text(SKILL)
    plain = os.lstat(tmp_path / "SKILL.md")
    (tmp_path / "a.md").symlink_to("SKILL.md")
    os.mkfifo(tmp_path / "b.md")
    monkeypatch.setattr(Path, "lstat", lambda _: plain)
    for name in ("a.md", "b.md"):
        with pytest.raises((SkillInvalid, OSError)) as refused:
            skill_folders._read_bytes(tmp_path / name)
        assert "plain file" in str(refused.value) or "symbolic links" in str(refused.value)


def test_junk_hard_links_and_nested_skills_are_plain_files(cli: Cli) -> None:
    folder = Path(cli.skill())
    (folder / ".git").write_text("gitdir: /elsewhere")
    (folder / "inner").mkdir()
    (folder / "inner" / "SKILL.md").write_text(SKILL)
    os.link(folder / "SKILL.md", folder / "copy.md")
    (folder / "copy.sh").write_text("#!/bin/sh\n")
    (folder / "copy.sh").chmod(0o4711)
    cli.run("push", str(folder))
    files = {file["path"]: file["executable"] for file in cli.json("show", str(REF))["files"]}
    assert files == {"SKILL.md": False, "copy.md": False, "copy.sh": True, "inner/SKILL.md": False}


NAMES = st.one_of(
    st.sampled_from(
        ["a", "A", "b/c", "b", "..", ".git", "x.pyc", "\u00e9", "e\u0301", "a\nb", "\u202e", "~", "SKILL.md/x"]
    ),
    st.text(st.characters(blacklist_characters="\0/", blacklist_categories=()), min_size=1, max_size=8),
)
FILES = st.dictionaries(NAMES, st.tuples(st.binary(max_size=40), st.booleans()), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES)
def test_what_is_pulled_is_what_was_pushed(tmp_path: Path, files: dict[str, tuple[bytes, bool]]) -> None:
    """Or the push was refused. Nothing is ever written beside the version's folder."""
    with tempfile.TemporaryDirectory(dir=tmp_path) as name:
        root = Path(name)
        (root / "canary").mkdir()
        (root / "canary" / "SKILL.md").write_text("untouched")
        source = root / "src" / "deploy"
        _write(source, files)
        before = tree(root)
        store = MemoryStore("acme")
        try:
            folder = read_folder(source)
            store.publish(Publication(REF, folder, None, "eve", 1))
        except SkillInvalid:
            assert tree(root) == before
            return
        target = VersionFolders(root / "skills", root / "edited").put(REF, store.folder(REF, 1))
        assert read_folder(target).content_sha256 == folder.content_sha256
        assert {path: data for path, data in tree(root).items() if not path.startswith(f"{target}/")} == before


def _write(source: Path, files: dict[str, tuple[bytes, bool]]) -> None:
    """What the file system takes."""
    source.mkdir(parents=True)
    (source / "SKILL.md").write_text(SKILL)
    for path, (data, executable) in files.items():
        try:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(data)
            (source / path).chmod(0o755 if executable else 0o644)
        except (OSError, ValueError):
            continue


@pytest.fixture(params=["sqlite", "postgresql"])
def org(request: pytest.FixtureRequest, cli: Cli) -> Iterator[SqlStore]:
    """With alice's good skill and eve's two versions; what this machine's verbs read."""
    url = f"sqlite:///{cli.home}/org.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = url
    store = open_store(url, "local")
    store.migrate()
    good = SkillFolder((SkillFile("SKILL.md", SKILL.encode()),))
    one = store.publish(Publication(REF, good, None, "alice", 1))
    more = good.with_skill_md(SKILL.encode() + EVIL.encode())
    store.publish(Publication(REF, more, one.content_sha256, EVIL, 2))
    store.publish(Publication(SkillRef("lint", "eve"), good, None, "eve", 3))
    yield store
    store.close()


def run_sql(store: SqlStore, statement: str, **values: object) -> None:
    with store._engine.begin() as connection:
        connection.execute(text(statement), values)


def test_no_row_steers_the_terminal_or_hides_another(org: SqlStore, cli: Cli) -> None:
    run_sql(org, "UPDATE skills SET description = :evil WHERE name = 'deploy'", evil=EVIL)
    run_sql(org, "UPDATE skills SET contributors = :evil WHERE name = 'lint'", evil=EVIL)
    verbs = [("list",), ("show", str(REF)), ("history", str(REF)), ("diff", str(REF)), ("blame", str(REF))]
    for verb in verbs:
        done = cli.run(*verb)
        shown = done.stdout + done.stderr
        assert all(char.isprintable() or char == "\n" for char in shown), verb
    assert "\nsecond line" not in cli.run("list").stdout + cli.run("history", str(REF)).stdout
    listing = cli.run("list", "--json")
    told = "lint--eve cannot be read: the org store has a SkillVersion row 'lint--eve@1' whose JSON is damaged"
    assert listing.stderr.startswith(told)
    assert listing.stdout.isascii()
    assert "is damaged" in cli.fails("show", "lint--eve")


def test_a_pull_brings_the_good_ones(org: SqlStore, cli: Cli) -> None:
    """The bad one's files lie outside by their names; the hash is right."""
    evil = SkillFolder((SkillFile("SKILL.md", SKILL.encode()), SkillFile("../../../../../../evil", b"x")))
    run_sql(org, "UPDATE skills SET content_sha256 = :sha WHERE name = 'lint'", sha=evil.content_sha256)
    run_sql(org, "INSERT INTO blobs (sha256, bytes) VALUES (:sha, :data)", sha=evil.files[1].sha256, data=b"x")
    run_sql(
        org, "INSERT INTO skill_files (org, name, author, version, path, mode, sha256) "
        "VALUES ('local', 'lint', 'eve', 1, :path, '644', :sha)", path=evil.files[1].path, sha=evil.files[1].sha256,
    )  # fmt: skip
    cli.run("install", "--yes")
    report = cli.json("pull")
    assert "is not a plain relative path" in str(report["failed"])
    assert (cli.pulled / "SKILL.md").exists()
    assert not (cli.pulled.parent / "lint--eve").exists()
    assert list(cli.home.parent.rglob("evil")) == []
    assert "is not a plain relative path" in cli.fails("show", "lint--eve")
