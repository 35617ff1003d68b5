"""What the suites of SkillStore publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hivemind_skillopt.model import Proposal, SkillVersion
from hivemind_skillopt.ports import SkillStore
from tests.store.values import DEPLOY, publication

OpenOrg = Callable[[str], SkillStore]
"""Opens the store of an org; all orgs of one test share the database."""


def first(store: SkillStore, **changes: object) -> SkillVersion:
    return store.publish(publication("v1\n", **changes))


def loop_publish(store: SkillStore, proposed: Proposal, body: str, **changes: object) -> SkillVersion:
    head = store.head(DEPLOY)
    assert head
    request = publication(body, head.content_sha256, published_by="carol", proposal=proposed)
    return store.publish(replace(request, **changes))


def heads(store: SkillStore, user: str, since: int = 0) -> list[SkillVersion]:
    """In the order of their last change."""
    return [change.head for change in store.changes(user, since)]
