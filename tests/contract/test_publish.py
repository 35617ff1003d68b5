"""SkillStore: what a person publishes."""

from __future__ import annotations

from threading import Thread

import pytest

from hivemind_skillopt.errors import ParentMoved, SkillInvalid, StoreError
from hivemind_skillopt.model import Scope, SkillFile, SkillFolder, SkillVersion
from hivemind_skillopt.ports import SkillStore
from tests.contract.publishing import first, heads, loop_publish
from tests.store.values import DEPLOY, NOON, folder, proposal, publication


def test_first_version(store: SkillStore) -> None:
    made = first(store)
    assert made == SkillVersion(
        ref=DEPLOY,
        version=1,
        content_sha256=folder("v1\n").content_sha256,
        parent_version=None,
        parent_sha256=None,
        scope=Scope.TEAM,
        description="Deploys things",
        contributors=("alice",),
        published_by="alice",
        published_at=NOON,
    )
    assert store.head(DEPLOY) == made


def test_second_version_names_its_parent(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256, published_by="bob", published_at=NOON + 1))
    assert (two.version, two.parent_version, two.parent_sha256) == (2, 1, one.content_sha256)
    assert two.contributors == ("alice", "bob")
    assert store.head(DEPLOY) == two
    assert store.history(DEPLOY) == [one, two]


def test_description_is_the_new_front_matters(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication(parent=one.content_sha256, folder=folder("v1\n", "Deploys more")))
    assert (one.description, two.description) == ("Deploys things", "Deploys more")


def test_a_folder_without_front_matter_has_no_description(store: SkillStore) -> None:
    made = first(store, folder=SkillFolder((SkillFile("SKILL.md", b"just words"),)))
    assert made.description == ""


def test_scope_is_never_widened(store: SkillStore) -> None:
    one = first(store, scope=Scope.ME)
    two = store.publish(publication("v2\n", one.content_sha256, scope=Scope.TEAM))
    assert two.scope is Scope.ME
    assert heads(store, "bob") == []


def test_contributors_are_named_once_and_in_order(store: SkillStore) -> None:
    one = first(store)
    two = loop_publish(store, proposal(), "v2\n")
    three = store.publish(publication("v3\n", two.content_sha256, published_by="alice"))
    assert one.contributors == ("alice",)
    assert two.contributors == ("alice", "carol", "skillopt")
    assert three.contributors == ("alice", "carol", "skillopt")


def test_a_stale_parent_is_told_who_was_first(store: SkillStore) -> None:
    one = first(store)
    store.publish(publication("v2\n", one.content_sha256, published_by="bob"))
    with pytest.raises(ParentMoved) as refused:
        store.publish(publication("v3\n", one.content_sha256))
    assert str(refused.value) == "deploy--alice v2 was published by bob; pull, then push"
    assert len(store.history(DEPLOY)) == 2


def test_no_parent_while_a_head_exists(store: SkillStore) -> None:
    first(store)
    with pytest.raises(ParentMoved, match=r"^deploy--alice v1 was published by alice; pull, then push$"):
        store.publish(publication("other\n"))


def test_a_parent_where_no_head_exists(store: SkillStore) -> None:
    with pytest.raises(ParentMoved, match=r"^deploy--alice has no version in this org; push it as version 1$"):
        store.publish(publication("v1\n", "f" * 64))
    assert store.history(DEPLOY) == []


def test_no_change_is_refused(store: SkillStore) -> None:
    one = first(store)
    with pytest.raises(StoreError, match="nothing changed: deploy--alice v1 has exactly this content"):
        store.publish(publication("v1\n", one.content_sha256))


def test_a_change_of_the_executable_bit_is_a_change(store: SkillStore) -> None:
    one = first(store)
    plain = SkillFolder(tuple(SkillFile(f.path, f.data) for f in folder("v1\n").files))
    assert store.publish(publication(parent=one.content_sha256, folder=plain)).version == 2
    assert not any(file.executable for file in store.folder(DEPLOY, 2).files)


def test_a_rollback_is_a_new_version_with_the_old_bytes(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256))
    three = store.publish(publication("v1\n", two.content_sha256, reverts_version=2))
    assert (three.version, three.reverts_version, three.content_sha256) == (3, 2, one.content_sha256)
    assert store.history(DEPLOY) == [one, two, three]
    assert store.folder(DEPLOY, 3).content_sha256 == store.folder(DEPLOY, 1).content_sha256


@pytest.mark.parametrize(
    "bad",
    [
        SkillFolder((SkillFile("README.md", b"x"),)),
        SkillFolder((SkillFile("SKILL.md", b"x"), SkillFile("../evil", b"x"))),
        SkillFolder((SkillFile("SKILL.md", b"\xff"),)),
        SkillFolder((SkillFile("SKILL.md", b"x" * ((1 << 20) + 1)),)),
    ],
)
def test_nobody_publishes_a_bad_folder(store: SkillStore, bad: SkillFolder) -> None:
    with pytest.raises(SkillInvalid):
        store.publish(publication(folder=bad))
    assert store.head(DEPLOY) is None


def test_threads_that_share_a_store_make_one_child(store: SkillStore) -> None:
    one = first(store)
    outcomes: list[str] = []

    def race(number: int) -> None:
        try:
            made = store.publish(publication(f"{number}\n", one.content_sha256))
            outcomes.append(f"v{made.version}")
        except ParentMoved:
            outcomes.append("moved")

    threads = [Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["moved"] * 7 + ["v2"]
    assert len(store.history(DEPLOY)) == 2
