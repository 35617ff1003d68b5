"""Which environment variables the user's own providers take their keys from: pi as the scorer needs to see those, too.

In `models.json` and `auth.json` a value is a literal, `NAME` (0.74.2) or holds `$NAME` or `${NAME}` (0.87.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import Field, RootModel, ValidationError

from hivemind_skillopt.adapters.jsonl_tail import Lenient

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_NAMED = re.compile(rf"\A({_NAME})\Z|\$({_NAME})|\$\{{({_NAME})\}}")


class _Provider(Lenient):
    api_key: str = Field("", alias="apiKey")
    headers: dict[str, str] = Field(default_factory=dict)


class _Models(Lenient):
    providers: dict[str, _Provider] = Field(default_factory=dict)


class _Login(Lenient):
    key: str = ""


class _Logins(RootModel[dict[str, _Login]]):
    pass


def named_variables(home: Path) -> tuple[str, ...]:
    """Their names. What cannot be read counts as not there; `!command` is the program's own business."""
    values = (value for value in _values(home) if not value.startswith("!"))
    return tuple(dict.fromkeys(name for value in values for found in _NAMED.findall(value) for name in found if name))


def _values(home: Path) -> Iterator[str]:
    with suppress(OSError, ValidationError):
        for provider in _Models.model_validate_json((home / "models.json").read_bytes()).providers.values():
            yield from (provider.api_key, *provider.headers.values())
    with suppress(OSError, ValidationError):
        for login in _Logins.model_validate_json((home / "auth.json").read_bytes()).root.values():
            yield login.key
