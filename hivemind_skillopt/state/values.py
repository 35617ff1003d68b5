"""Frozen values as JSON text in a column, and back; pydantic (imported on first use) checks what comes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Value = TypeVar("Value")


def _made(kind: type) -> TypeAdapter[Any]:
    """For `cache`: making one costs more than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


_adapter: Callable[[object], TypeAdapter[Any]] = cache(_made)


def dump(value: object) -> str:
    """JSON text of a frozen value."""
    return _adapter(type(value)).dump_json(value).decode()


def load(kind: type[Value], text: str) -> Value:
    """The value back. Raises pydantic.ValidationError (a ValueError) where the text does not fit."""
    value: Value = _adapter(kind).validate_json(text)
    return value
