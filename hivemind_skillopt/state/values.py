"""Frozen values as JSON text in a column, and back; pydantic checks what comes back."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")


@cache
def _adapter(kind: type[Value]) -> TypeAdapter[Value]:
    return TypeAdapter(kind)


def dump(value: object) -> str:
    """JSON text of a frozen value."""
    return _adapter(type(value)).dump_json(value).decode()


def load(kind: type[Value], text: str) -> Value:
    """The value back. Raises pydantic.ValidationError (a ValueError) where the text does not fit."""
    return _adapter(kind).validate_json(text)
