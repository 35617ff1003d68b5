"""pi's settings.json: does it keep our extension from loading? Its rules are those of `pi config` (seen in 0.87.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError


class _Settings(BaseModel):
    model_config = ConfigDict(extra="ignore")
    extensions: list[object] = []


def switched_off(home: Path, extension: Path) -> str:
    """What keeps it from loading, or ''. `!pattern` excludes, `+path` takes back in, `-path` excludes for good."""
    path = home / "settings.json"
    entries = [entry for entry in _extensions(path) if isinstance(entry, str)]
    names = {str(extension.relative_to(home)), extension.name, str(extension)}
    excluded = _first(entries, "!", lambda entry: any(fnmatchcase(name, entry) for name in names))
    included = _first(entries, "+", lambda entry: entry.removeprefix("./") in names - {extension.name})
    forced = _first(entries, "-", lambda entry: entry.removeprefix("./") in names - {extension.name})
    why = forced or ("" if included else excluded)
    return f"extensions has {why} in {path}" if why else ""


def _extensions(path: Path) -> list[object]:
    try:
        return _Settings.model_validate_json(path.read_bytes()).extensions
    except (OSError, ValidationError):
        return []


def _first(entries: Iterable[str], sign: str, matches: Callable[[str], bool]) -> str:
    return next((entry for entry in entries if entry.startswith(sign) and matches(entry[1:])), "")
