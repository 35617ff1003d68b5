"""A PostgreSQL store's URL: which database it means, and that nothing else of it is ever shown."""

from __future__ import annotations

import pytest

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.settings import store_id_of, without_credentials
from hivemind_skillopt.store_url import parse_postgres_url


def store_id(url: str) -> str:
    return store_id_of({"HIVEMIND_SKILLOPT_STORE": url}, {})


@pytest.mark.parametrize(
    "url",
    [
        "postgres://db/skills",
        "postgresql+psycopg://db/skills",
        "postgresql://DB:5432/skills",
        "postgresql://alice:hunter2@db/skills",
        "postgresql://bob@db/skills?sslmode=verify-full&pool_size=2&connect_timeout=3",
        "postgresql:///skills?host=db",
        "postgresql:///?dbname=skills&host=db&user=carol&password=hunter2",
        "postgresql://db/%73kills",
    ],
)
def test_one_database_has_one_id(url: str) -> None:
    assert store_id(url) == store_id("postgresql://db/skills")
    assert without_credentials(url) == "postgresql://db/skills"


def test_two_databases_have_two_ids() -> None:
    urls = [
        "postgresql://db/skills",
        "postgresql://db/other",
        "postgresql://db2/skills",
        "postgresql://db:5433/skills",
        "postgresql:///skills",
        "postgresql:///skills?host=/run/postgresql",
        "postgresql:///?service=team",
        "postgresql:///?service=other",
        "postgresql:///?service=team&port=5432",
        "postgresql://db/skills?hostaddr=10.0.0.1",
        "postgresql://db/skills?hostaddr=10.0.0.2",
        "postgresql://db,db2/skills",
        "postgresql://db:5433,db2/skills",
    ]
    assert len({store_id(url) for url in urls}) == len(urls)


def test_the_order_of_hosts_means_nothing_and_one_port_is_for_all() -> None:
    assert store_id("postgresql://a,b:5433/x") == store_id("postgresql://b:5433,a:5432/x")
    assert store_id("postgresql:///x?host=a,b&port=6000") == store_id("postgresql://b:6000,a:6000/x")


def test_ids_of_files_are_what_they_were() -> None:
    """They stand in every state.db: sha256 over URL, org and workspace."""
    assert store_id("") == "9027b45f929f2ab736c2cc52460bdb62a2ab47f7433d67f5b6e7d37822235c46"
    assert store_id("sqlite:////a/b.db") == "4ca97c9d0c674a649a510c91dbc1f96dff87be38cf454bd98295f470ed4ddb80"
    assert without_credentials("sqlite:////a/b c.db?x=1") == "sqlite:////a/b c.db"


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://u:p@ss@db/x", "p@ss"),
        ("postgresql://u:p%40s%2Fs%23%3F@db/x", "p@s/s#?"),
        ("postgresql://u:a:b@db/x", "a:b"),
        ("postgresql://u:pa[ss@db/x", "pa[ss"),
        ("postgresql://u:100%@db/x", "100%"),
        ("postgresql://u@db/x?password=p%26s", "p&s"),
        ("postgresql://u:first@db/x?password=second", "second"),
    ],
)
def test_a_password_that_is_clear_is_taken(url: str, password: str) -> None:
    parts = parse_postgres_url(url)
    assert parts.parameters["password"] == password
    assert (parts.parameters["user"], parts.parameters["host"], parts.parameters["dbname"]) == ("u", "db", "x")
    assert str(parts) == "postgresql://db/x"
    assert password not in repr(parts)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hun/ter2@db/x",
        "postgresql://u:12/hunter2@db/x",
        "postgresql://u:hunter2#@db/x",
        "postgresql://u:12?hunter2@db/x",
        "postgresql://u:12?a=hunter2@db/x",
        "postgresql://u:hunter2",
        "postgresql://db/x?hunter2",
        "postgresql://db/x?password=hun@ter2",
    ],
)
def test_what_could_be_a_piece_of_a_password_is_refused_unseen(url: str) -> None:
    with pytest.raises(SettingsError, match="HIVEMIND_SKILLOPT_STORE cannot be read") as refused:
        without_credentials(url)
    assert "hun" not in str(refused.value)
    assert "ter2" not in str(refused.value)


def test_an_address_of_version_six() -> None:
    assert parse_postgres_url("postgresql://[::1]:5433/x").parameters["host"] == "::1"
    assert without_credentials("postgresql://u@[::1]/x") == "postgresql://[::1]/x"
