"""What a database driver says, as one line for a person: without values, and without who logged in.

Messages of libpq name the user (`password authentication failed for user "alice"`), in the server's language.
"""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

CANNOT = "the org store cannot be used now"
HIDDEN = "***"
_FEWEST = 4
"""A shorter password is too likely to be a piece of any word."""

_OF_DRIVER = re.compile(r"^(connection failed|connection is bad): ")
_USER = re.compile(r"""\b(user|role)( name)? (["'])[^"']*\3""")
_MARKS = "\"'\u00ab\u00bb\u201e\u201c\u201d\u2018\u2019"
_QUOTED = re.compile(rf"(?<!database )[{_MARKS}]([^{_MARKS}]+)[{_MARKS}]")


def one_line(what: str, error: DBAPIError | PoolTimeout) -> str:
    """The sentence. Only the first line is taken: the second may be a statement's detail, with its values."""
    if isinstance(error, PoolTimeout):
        return f"{what}: all its connections in this process are in use"
    said = str(error.orig).strip().splitlines()
    line = _OF_DRIVER.sub("", said[0]) if said else type(error).__name__
    return f"{what}: {_without_login(line, getattr(error.orig, 'pgconn', None))}"


def _without_login(line: str, connection: object) -> str:
    """`connection`: the attempt that failed, None for a failed statement."""
    user, password = (_text(connection, name) for name in ("user", "password"))
    if len(password) >= _FEWEST:
        line = line.replace(password, HIDDEN)
    line = _USER.sub(rf'\1 "{HIDDEN}"', line)
    return _QUOTED.sub(lambda found: f'"{HIDDEN}"' if found[1] == user else found[0], line)


def _text(connection: object, name: str) -> str:
    value = getattr(connection, name, b"")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
