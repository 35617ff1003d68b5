"""Skill folders on disk: read any, keep pulled versions immutable under `<data>/skills/<sha12>/`, switch links."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import (
    DAY,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_SKILL_BYTES,
    SkillFile,
    SkillFolder,
    SkillRef,
    is_left_out,
    nfc,
)

AT_A_TIME = 500

UNUSED_AGE = 7 * DAY
"""How long a version that no link points to stays (DESIGN 10)."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""What was replaced by a link or a pipe since it was looked at is not followed, and not waited for."""


def read_folder(folder: Path) -> SkillFolder:
    """Read a skill folder. Raises SkillInvalid for what is no plain file, cannot be read, changes, or is too large.

    The limits are checked while reading, so that a wrong folder is not read to its end.
    """
    if not (folder / "SKILL.md").is_file():
        raise SkillInvalid(f"{folder} has no SKILL.md; name a skill folder")
    files: list[SkillFile] = []
    size = 0
    for path in _walk(folder):
        file = _read_file(folder, path)
        size += len(file.data)
        files.append(file)
        if size > MAX_SKILL_BYTES or len(files) > MAX_FILES:
            raise SkillInvalid(f"{folder} is larger than {MAX_SKILL_BYTES >> 20} MiB or {MAX_FILES} files")
    return SkillFolder(tuple(files))


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for folders, (parent, names, files) in enumerate(os.walk(folder, onerror=_refuse)):
        names[:] = sorted(name for name in names if not is_left_out(name))
        entries = [Path(parent, name) for name in (*names, *files)]
        links = [path for path in entries if path.is_symlink()]
        if links:
            raise SkillInvalid(f"{links[0]} is a symlink; a skill holds plain files only")
        found += [Path(parent, name) for name in files if not is_left_out(name)]
        if max(len(found), folders) > MAX_FILES:
            raise SkillInvalid(f"{folder} has more than {MAX_FILES} files or folders; name a skill folder")
    return sorted(found)


def _refuse(error: OSError) -> NoReturn:
    """A folder that cannot be listed is not an empty one."""
    raise SkillInvalid(f"{error.filename} cannot be read: {error.strerror}") from error


def _read_file(folder: Path, path: Path) -> SkillFile:
    name = nfc(path.relative_to(folder).as_posix())
    try:
        name.encode()
        data, status = _read_bytes(path)
    except UnicodeEncodeError:
        raise SkillInvalid(f"the file name {name!a} is no UTF-8; rename it") from None
    except OSError as error:
        raise SkillInvalid(f"{path} cannot be read: {error.strerror}") from error
    return SkillFile(name, data, bool(status.st_mode & 0o100))


def _read_bytes(path: Path) -> tuple[bytes, os.stat_result]:
    """Of a plain file; a device or a pipe is not even opened. Raises OSError, SkillInvalid."""
    _check_plain(path, path.lstat())
    with os.fdopen(os.open(path, _READ), "rb") as file:
        status = os.fstat(file.fileno())
        _check_plain(path, status)
        data = file.read(MAX_FILE_BYTES + 1)
        after = os.fstat(file.fileno())
    if (len(data), after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
        raise SkillInvalid(f"{path} changed while it was read; try again")
    return data, status


def _check_plain(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
        raise SkillInvalid(f"{path} is no plain file of at most {MAX_FILE_BYTES >> 20} MiB")


def content_sha256(folder: Path | str) -> str:
    """The identity of what lies there now, or '' where it cannot be read."""
    try:
        return read_folder(Path(folder)).content_sha256
    except SkillInvalid:
        return ""


class VersionFolders:
    """The immutable version folders of this machine."""

    def __init__(self, root: Path, edited: Path) -> None:
        self._root = root
        self._edited = edited

    def path(self, ref: SkillRef, content_sha256: str) -> Path:
        """The last part stays the ref, so that a detector works on link and real path."""
        return self._root / content_sha256[:12] / str(ref)

    def owns(self, path: str) -> bool:
        """Does a link's target lie among our version folders?"""
        return Path(path).is_relative_to(self._root) or Path(path).is_relative_to(self._root.resolve())

    def is_link_here(self, path: Path) -> bool:
        """Is it a link to one of our version folders?"""
        return path.is_symlink() and self.owns(str(path.readlink()))

    def put(self, ref: SkillRef, folder: SkillFolder) -> Path:
        """Write a version, or find it already there and whole. A damaged or edited one is kept aside first."""
        sha = folder.content_sha256
        if here := self.find(ref, sha):
            return here
        target = self.path(ref, sha)
        if os.path.lexists(target):
            self.keep_aside(ref, target)
        temporary = self._root / f".tmp-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            _write_folder(temporary, folder)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _move_into_place(temporary, target, sha)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return target

    def find(self, ref: SkillRef, sha: str) -> Path | None:
        """A version that is here, whole and unchanged."""
        target = self.path(ref, sha)
        if not target.exists() or content_sha256(target) != sha:
            return None
        with suppress(OSError):
            os.utime(target.parent)  # it is in use again
        return target

    def leave(self, folder: Path, now: int) -> None:
        """No link points there any more, from now (ns) on."""
        with suppress(OSError):
            os.utime(folder.parent, ns=(now, now))

    def edited(self) -> list[Path]:
        """The version folders that are no longer what was pulled."""
        found = [path for parent in self._versions() for path in parent.iterdir()]
        return [path for path in found if is_edited(path)]

    def _versions(self) -> Iterator[Path]:
        """`<sha12>` folders; no half-written ones."""
        names = [path.name for path in self._root.iterdir()] if self._root.is_dir() else []
        paths = (self._root / name for name in names if not name.startswith("."))
        return (path for path in paths if path.is_dir())

    def forget_unused(self, in_use: Callable[[Collection[str]], Collection[str]], now: int) -> None:
        """Remove what was left more than UNUSED_AGE ago. `in_use`: those of the folders that a link points to."""
        for folders in self._left_long_ago(now):
            used = in_use([str(folder) for folder in folders])
            for folder in folders:
                if str(folder) not in used:
                    self.discard(folder)

    def _left_long_ago(self, now: int) -> Iterator[list[Path]]:
        """A few hundred at a time."""
        found: list[Path] = []
        for parent in self._versions():
            if now - parent.stat().st_mtime_ns > UNUSED_AGE:
                found += parent.iterdir()
            if len(found) >= AT_A_TIME:
                yield found
                found = []
        yield found

    def discard(self, folder: Path, sha: str = "") -> Path | None:
        """Remove a version folder; one that a person edited is kept aside, and its new place returned.

        `sha`: what was pulled; else the folder's own name tells.
        """
        kept = None
        if folder.is_dir() and (is_edited(folder) or (sha and content_sha256(folder) != sha)):
            kept = self.keep_aside(folder.name, folder)
        shutil.rmtree(folder, ignore_errors=True)
        for parent in (folder.parent, self._root):
            with suppress(OSError):
                parent.rmdir()
        return kept

    def keep_aside(self, ref: SkillRef | str, folder: Path, *, copy: bool = False) -> Path:
        """Move an edited copy out of the way, or copy it; nothing that a person wrote is lost."""
        self._edited.mkdir(mode=0o700, parents=True, exist_ok=True)
        numbers = (self._edited / f"{ref}.{number}" for number in itertools.count(1))
        target = next(path for path in numbers if not os.path.lexists(path))
        if copy:
            shutil.copytree(folder, target, symlinks=True)
        else:
            folder.replace(target)
        return target


def is_edited(version: Path) -> bool:
    """Was a version folder changed since it was written? Its parent is named after what it held then."""
    return not content_sha256(version).startswith(version.parent.name)


def _move_into_place(temporary: Path, target: Path, sha: str) -> None:
    try:
        temporary.replace(target)
    except OSError:  # somebody else's pull put the same version there meanwhile
        if content_sha256(target) != sha:
            raise


def _write_folder(target: Path, folder: SkillFolder) -> None:
    for file in folder.files:
        path = target / file.path
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(0o755 if file.executable else 0o644)


def switch_link(link: Path, target: Path) -> None:
    """Point `link` at `target` in one step: a reader sees the old skill or the new one, never none."""
    link.parent.mkdir(parents=True, exist_ok=True)
    temporary = link.with_name(f".{link.name}.tmp-{os.getpid()}-{os.urandom(4).hex()}")
    temporary.symlink_to(target, target_is_directory=True)
    try:
        temporary.replace(link)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
