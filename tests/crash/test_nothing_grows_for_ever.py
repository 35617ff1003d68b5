"""What a year of use and of kills leaves behind goes; what is needed stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hivemind_skillopt.model import DAY, SECOND
from hivemind_skillopt.state.files import write_atomically
from hivemind_skillopt.state.schema import calls, events, reactions, sessions, windows
from hivemind_skillopt.state.skill_folders import switch_link
from tests.worker.lab import FAULT, Lab, outcomes, versions

TABLES = (windows, reactions, sessions, calls, events)


def sizes(lab: Lab) -> dict[str, int]:
    with lab.database.transaction() as connection:
        return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}


def five_days(lab: Lab, number: int) -> None:
    lab.event("SessionStart", session=f"s{number}")
    lab.use(session=f"s{number}", tool=f"t{number}")
    lab.react(session=f"s{number}", prompt=f"r{number}")
    lab.work()
    lab.now += 5 * DAY + SECOND


def test_two_months(lab: Lab) -> None:
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    for number in range(12):
        five_days(lab, number)
    assert sizes(lab) == {"windows": 6, "reactions": 6, "sessions": 6, "calls": 6, "events": 6}
    assert len(lab.store.verdicts()) == len(lab.store.attributions()) == 12, "the org store keeps its rows"


def test_a_window_with_a_job_stays(lab: Lab) -> None:
    """Its job failed lately, after a long wait; `status` still shows it."""
    lab.script(judge=[{"fails": "529"}])
    lab.use()
    lab.react()
    lab.work()
    lab.now += 5 * DAY
    lab.work()
    (failed,) = lab.jobs().failures()
    with lab.database.transaction() as connection:
        connection.execute(windows.update().values(opened_at=lab.now - 40 * DAY))
    lab.work()
    assert lab.windows().get(failed.window_id).closed
    lab.now += 5 * DAY
    lab.work()
    lab.work()
    assert (sizes(lab)["windows"], sizes(lab)["reactions"]) == (0, 0)


def test_an_open_window_stays(lab: Lab) -> None:
    lab.use()
    lab.work()
    lab.now += DAY - 60 * SECOND
    lab.work()
    lab.react()
    lab.work()
    assert outcomes(lab) == ["skill_fault"]


def test_a_session_that_goes_on_after_it_was_forgotten_is_still_one_row(lab: Lab) -> None:
    lab.event("SessionStart")
    lab.work()
    (before,) = lab.store.attributions()
    lab.publish("---\nname: deploy--alice\ndescription: d\n---\n\nOther.\n")
    lab.pull()
    lab.now += 40 * DAY
    lab.work()
    assert sizes(lab)["sessions"] == 0
    lab.event("SessionStart", source="resume")
    lab.work()
    assert lab.store.attributions() == [before], "what was on disk when the session started"


def killed_between(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: object) -> None:
    """`write_atomically` or `switch_link`, killed before its rename: nothing is cleaned up."""

    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    function = {"write": write_atomically, "link": switch_link}[name]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        with pytest.raises(Killed):
            function(*arguments)


def leftovers(lab: Lab) -> list[str]:
    return sorted(path.name for path in lab.root.rglob("*") if ".tmp-" in path.name)


def test_temporary_files_of_the_killed_go_after_a_day(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lab.installed().parent
    killed_between(monkeypatch, "write", lab.paths.org_skills, b"half")
    killed_between(monkeypatch, "link", lab.installed(), lab.installed().resolve())
    lab.paths.inbox.mkdir()
    (lab.paths.inbox / ".tmp-1-ab").write_bytes(b"half")
    (lab.paths.skills / ".tmp-1-ab").mkdir()
    (lab.paths.skills / ".tmp-1-ab" / "SKILL.md").write_text("half")
    (lab.paths.state / "waiter-0123456789ab.lock").touch()
    (root / ".theirs.tmp-1-ab").write_text("a person's own")
    (root / ".theirs.tmp-2-ab").symlink_to("/elsewhere")
    made = len(leftovers(lab))
    assert made == 6
    lab.now = (root / ".theirs.tmp-1-ab").stat().st_ctime_ns + DAY // 2
    lab.work()
    assert len(leftovers(lab)) == made, "perhaps somebody still needs them"
    lab.now += DAY
    lab.work()
    assert leftovers(lab) == [".theirs.tmp-1-ab", ".theirs.tmp-2-ab"]
    assert not list(lab.paths.state.glob("waiter-*"))


def test_markers_of_sessions_that_never_went_on(lab: Lab) -> None:
    lab.paths.markers.mkdir(exist_ok=True)
    stale = lab.paths.markers / "claude_code-gone"
    stale.touch()
    lab.now = stale.stat().st_ctime_ns + DAY
    lab.work()
    assert stale.exists()
    lab.now += 2 * DAY
    lab.work()
    assert not stale.exists()


def test_a_pull_that_was_killed_before_it_told_the_recorders(lab: Lab) -> None:
    """The next pull finds nothing new, and tells them all the same."""
    for path in (lab.paths.generation, lab.paths.org_skills):
        before = path.read_bytes()
        path.unlink()
        lab.pull()
        assert path.read_bytes() == before
    lab.paths.generation.write_text("0\n")
    lab.pull()
    assert lab.paths.generation.read_text() == "1\n"
    assert versions(lab) == [1]
    assert os.listdir(lab.paths.skills)
