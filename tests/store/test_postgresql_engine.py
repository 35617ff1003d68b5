"""Reaching PostgreSQL: credentials from the usual places, TLS, the pool, and errors that show no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.errors import SettingsError, StoreUnavailable
from hivemind_skillopt.store.engine import open_engine, open_store
from hivemind_skillopt.store.postgresql_engine import postgresql_engine
from tests.postgres import Postgres
from tests.store.secured import PASSWORD, QUOTED, USER, Secured
from tests.store.secured import secured as secured_database
from tests.store.tls_proxy import certificate, tls_proxy


@pytest.fixture(scope="module")
def secured(postgres: Postgres) -> Iterator[Secured]:
    with secured_database(postgres, "secured") as made:
        yield made


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials of the person who runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PGPASSFILE", "PGSERVICE", "PGSERVICEFILE", "PGPASSWORD", "PGHOST", "PGUSER", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))


def answers(url: str) -> bool:
    store = open_store(url, "acme")
    try:
        store.migrate()
        return store.changes("alice") == []
    finally:
        store.close()


def refused(url: str) -> str:
    """The line; nothing secret is in it, nor in what is logged of the engine."""
    engine = open_engine(url)
    assert not any(secret in repr(engine) + repr(engine.url) for secret in (USER, PASSWORD, QUOTED, "ter"))
    engine.dispose()
    with pytest.raises(StoreUnavailable) as failed:
        answers(url)
    line = str(failed.value)
    assert "\n" not in line
    assert not any(secret in line for secret in (USER, PASSWORD, QUOTED, "hunter", "ter@2"))
    return line


# --- credentials


def test_a_password_with_special_characters_in_the_url(secured: Secured) -> None:
    assert answers(f"postgresql://{USER}:{QUOTED}@/secured?host={secured.server.folder}")
    assert answers(f"postgresql:///secured?host={secured.server.folder}&user={USER}&password={QUOTED}")


def test_a_password_file(secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:secured:{USER}:{PASSWORD}\n")
    file.chmod(0o600)
    url = f"postgresql://{USER}@/secured?host={secured.server.folder}"
    assert answers(f"{url}&passfile={file}")
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert answers(url)


def test_a_service_file(secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "services"
    file.write_text(f"[team]\nhost={secured.server.folder}\ndbname=secured\nuser={USER}\npassword={PASSWORD}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    assert answers("postgresql:///?service=team")
    monkeypatch.setenv("PGSERVICE", "team")
    assert answers("postgresql://")


# --- errors


def test_a_wrong_password(secured: Secured) -> None:
    line = refused(f"postgresql://{USER}:not-hunter@/secured?host={secured.server.folder}")
    assert line.endswith('FATAL:  password authentication failed for user "***"')


def test_a_password_from_a_file_that_is_wrong(secured: Secured, tmp_path: Path) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:{USER}:{PASSWORD}x\n")
    file.chmod(0o600)
    line = refused(f"postgresql://{USER}@/secured?host={secured.server.folder}&passfile={file}")
    assert 'authentication failed for user "***"' in line


def test_what_is_not_there(postgres: Postgres) -> None:
    assert 'role "***" does not exist' in refused(f"postgresql://anna-x@/postgres?host={postgres.folder}")
    assert 'database "nope" does not exist' in refused(f"postgresql://postgres@/nope?host={postgres.folder}")
    assert "No such file" in refused(f"postgresql://{USER}:{QUOTED}@/x?host=/nowhere")
    assert "Connection refused" in refused(f"postgresql://{USER}:{QUOTED}@127.0.0.1:1/x")
    assert "failed to resolve host" in refused(f"postgresql://{USER}:{QUOTED}@no.such.host.invalid/x")
    assert 'definition of service "nope" not found' in refused(f"postgresql://{USER}:{QUOTED}@/?service=nope")
    assert "invalid sslmode value" in refused(f"postgresql://{USER}:{QUOTED}@127.0.0.1/x?sslmode=sometimes")


def test_a_name_in_the_servers_language_is_hidden() -> None:
    from types import SimpleNamespace

    from sqlalchemy.exc import DBAPIError

    from hivemind_skillopt.store.driver_errors import one_line

    said = Exception("Passwort-Authentifizierung für Benutzer »anna-lena« fehlgeschlagen")
    said.pgconn = SimpleNamespace(user=USER.encode(), password=PASSWORD.encode())  # type: ignore[attr-defined]
    line = one_line("it failed", DBAPIError(None, None, said))
    assert line == 'it failed: Passwort-Authentifizierung für Benutzer "***" fehlgeschlagen'


def test_a_setting_that_libpq_does_not_know() -> None:
    with pytest.raises(SettingsError, match=r"that libpq does not know \('sslmod'\)$"):
        postgresql_engine("postgresql://db/x?sslmod=require")
    with pytest.raises(SettingsError, match=r"that libpq does not know$"):
        postgresql_engine("postgresql://db/x?password=a&hunter2=c")


# --- TLS


def test_tls_is_what_the_url_says(secured: Secured, tmp_path: Path) -> None:
    trusted, other = certificate(tmp_path / "trusted"), certificate(tmp_path / "other")
    login = f"postgresql://{USER}:{QUOTED}@"
    with tls_proxy(secured.server.socket, tmp_path / "trusted") as proxy:
        place = f"localhost:{proxy.port}/secured?hostaddr=127.0.0.1"
        assert answers(f"{login}{place}&sslmode=verify-full&sslrootcert={trusted}")
        done = proxy.handshakes
        assert done
        assert "certificate verify failed" in refused(f"{login}{place}&sslmode=verify-full&sslrootcert={other}")
        wrong = place.replace("localhost", "elsewhere")
        assert "does not match host name" in refused(f"{login}{wrong}&sslmode=verify-full&sslrootcert={trusted}")
        assert "does not exist" in refused(f"{login}{place}&sslmode=verify-full&sslrootcert=/nope")
    with tls_proxy(secured.server.socket, None) as proxy:
        place = f"localhost:{proxy.port}/secured?hostaddr=127.0.0.1"
        assert "server does not support SSL" in refused(f"{login}{place}&sslmode=require")


# --- the pool


def test_the_pool_is_as_large_as_the_url_says(postgres: Postgres) -> None:
    engine = postgresql_engine(f"{postgres.new_database()}&pool_size=2&pool_timeout=1")
    store_url_of_all = f"{postgres.new_database()}&pool_size=1&pool_timeout=1"
    with engine.connect(), engine.connect():
        assert engine.pool.status().startswith("Pool size: 2")
    engine.dispose()
    store = open_store(store_url_of_all, "acme")
    with store._engine.connect(), pytest.raises(StoreUnavailable, match="all its connections in this process are in"):
        store.migrate()
    store.close()


@pytest.mark.parametrize("setting", ["pool_size=0", "pool_size=many", "pool_timeout=-1"])
def test_a_pool_that_cannot_be(setting: str) -> None:
    with pytest.raises(SettingsError, match="use a whole number of at least 1"):
        postgresql_engine(f"postgresql://db/x?{setting}")


def test_the_environment_may_set_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    from hivemind_skillopt.store.postgresql_engine import _unset_defaults

    assert _unset_defaults()["connect_timeout"] == "10"
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "3")
    assert "connect_timeout" not in _unset_defaults()
