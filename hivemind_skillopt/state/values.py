"""Frozen values as JSON text in a column, and back; pydantic checks what comes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")

_adapter: Callable[[object], TypeAdapter[Any]] = cache(TypeAdapter)


def dump(value: object) -> str:
    """JSON text of a frozen value."""
    return _adapter(type(value)).dump_json(value).decode()


def load(kind: type[Value], text: str) -> Value:
    """The value back. Raises pydantic.ValidationError (a ValueError) where the text does not fit."""
    value: Value = _adapter(kind).validate_json(text)
    return value
