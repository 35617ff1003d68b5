"""A PostgreSQL store's URL: its parts, which database it means, and how it may be shown.

No parser of others reads these URLs: people paste a password as it is, and urllib takes `u:pa/ss@host` for the host
`u:pa`. Here an `@` after the host is refused: no piece of a password is ever taken for something that may be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

from hivemind_skillopt.errors import SettingsError

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
DEFAULT_PORT = "5432"
IDENTITY: Final = ("service", "host", "hostaddr", "port", "dbname")
"""The parameters of libpq that say which database it is, and that may be shown."""

_PATH_SAFE = "~!$&'()*,;=:"


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """What libpq is told, by its own names. The query wins over what stands before it, as in libpq."""

    parameters: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        """The canonical URL without credentials: two that mean the same database are the same text."""
        shown = {name: self.parameters[name] for name in IDENTITY if self.parameters.get(name)}
        shown |= _hosts_and_ports(shown)
        database = quote(shown.pop("dbname", ""), safe=_PATH_SAFE)
        host, port = shown.get("host", ""), shown.get("port", "")
        authority = ""
        if host and "," not in host and not host.startswith(("/", "@")):
            bracketed = f"[{host}]" if ":" in host else quote(host, safe="*")
            authority = f"{bracketed}:{port}" if port else bracketed
            shown = {name: value for name, value in shown.items() if name not in ("host", "port")}
        query = "&".join(f"{name}={quote(value, safe='/:,')}" for name, value in shown.items() if value)
        return f"postgresql://{authority}/{database}" + (f"?{query}" if query else "")


def is_postgresql(url: str) -> bool:
    """Is that a URL for here?"""
    return url.partition("://")[0] in SCHEMES and "://" in url


def parse_postgres_url(url: str) -> PostgresUrl:
    """The parts, percent-decoded. Raises SettingsError, which shows nothing of the URL."""
    before, _, query = url.partition("://")[2].partition("?")
    authority, slash, database = before.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    if "@" in database + query or "#" in before + query or "/" in database:
        raise _unusable("write special characters of the password as %XX, say %40 for @, or keep it in ~/.pgpass")
    user, _, password = userinfo.partition(":")
    parameters = {"user": user, "password": password, "dbname": database if slash else "", **_split_hosts(hosts)}
    parameters = {name: unquote(value) for name, value in parameters.items() if value.strip(",")}
    return PostgresUrl(MappingProxyType(parameters | _split_query(query)))


def _split_hosts(text: str) -> dict[str, str]:
    """`a:1,[::1]:2` as libpq's two lists."""
    pairs = [_split_port(one) for one in text.split(",")]
    return {"host": ",".join(host for host, _ in pairs), "port": ",".join(port for _, port in pairs)}


def _split_port(text: str) -> tuple[str, str]:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):  # no port: a name, or an IPv6 address
        host, port = text, ""
    if port and not port.isdecimal():
        raise _unusable("its port is no number; write special characters of the password as %XX")
    return host.removeprefix("[").removesuffix("]"), port


def _split_query(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split("&") if pair]
    if not all(name and sign for name, sign, _ in pairs):
        raise _unusable("after its `?` stand pairs like sslmode=verify-full, with & between them")
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _hosts_and_ports(shown: Mapping[str, str]) -> dict[str, str]:
    """Small letters, sorted, without the default port; but a service may name another one than that."""
    hosts = shown.get("host", "").lower().split(",") if shown.get("host", "")[:1] != "/" else [shown["host"]]
    ports = shown.get("port", "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    if "service" not in shown:
        ports = ["" if port == DEFAULT_PORT else port for port in ports]
    if "hostaddr" not in shown:  # a list of its own, in the same order
        pairs = sorted(zip_longest(hosts, ports, fillvalue=""))
        hosts, ports = [host for host, _ in pairs], [port for _, port in pairs]
    return {"host": ",".join(hosts), "port": ",".join(ports) if any(ports) else ""}


def _unusable(what: str) -> SettingsError:
    return SettingsError(f"HIVEMIND_SKILLOPT_STORE cannot be read: {what}")
