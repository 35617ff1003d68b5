"""What the worker prepares for the next session start, as the recorder prints it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from hivemind_skillopt import recorder
from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.adapters.codex import Codex
from hivemind_skillopt.errors import StoreUnavailable
from hivemind_skillopt.model import Publication, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.state.installs import Install, Installs
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.store.sql import SqlStore
from hivemind_skillopt.worker.notice_line import MAX_QUOTE, Untold, notice, quotable, what_changed
from hivemind_skillopt.worker.notices import SHOWN_BY
from tests.worker.lab import REF, SKILL, Lab

LINT = SkillRef("lint", "alice")
ASKS = SKILL.replace("2. Deploy it to production.", "2. Ask for the target first.")
ASKED = 'deploy--alice v{}: "Ask for the target first."; hivemind-skillopt blame deploy--alice'


@dataclass
class Desk:
    """alice's machine, and her sessions at it."""

    lab: Lab
    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]

    def told(self, home: str = "") -> str:
        """What a session start tells, '' for nothing: the recorder's own function, in the environment of that home."""
        self.capfd.readouterr()
        with self.monkeypatch.context() as patch:
            patch.delenv("CLAUDE_CODE_ENTRYPOINT", raising=False)
            patch.setenv("CLAUDE_CONFIG_DIR", home)
            recorder.tell(str(self.lab.paths.state), "claude_code")
        out = self.capfd.readouterr().out
        return str(json.loads(out)["systemMessage"]) if out else ""

    def pull(self) -> None:
        """A session starts somewhere where nobody looks, and its worker runs."""
        self.lab.event("SessionStart", self.lab.environ, source="startup", session=f"s{self.lab.now}")
        self.lab.work()

    def publish(self, text: str = ASKS, ref: SkillRef = REF, by: str = "bob", reverts: int | None = None) -> None:
        """The next version, at another machine."""
        head = self.lab.store.head(ref)
        folder = SkillFolder((SkillFile("SKILL.md", text.replace("deploy--alice", str(ref)).encode()),))
        parent, now = head.content_sha256 if head else None, self.lab.clock()
        self.lab.store.publish(Publication(ref, folder, parent, by, now, reverts_version=reverts))


@pytest.fixture
def desk(lab: Lab, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    return Desk(lab, monkeypatch, capfd)


def test_what_the_loop_did_here_is_told_at_the_next_start(desk: Desk) -> None:
    desk.lab.use()
    desk.lab.react()
    desk.lab.work()
    line = 'deploy--alice v2: "Always ask which environment first."; hivemind-skillopt blame deploy--alice'
    assert [desk.told(), desk.told()] == [line, ""]
    desk.pull()
    assert desk.told() == ""


def test_what_others_did_is_told_what_she_did_herself_is_not(desk: Desk) -> None:
    desk.publish(SKILL + "3. Rest.\n", by="alice")
    desk.publish(ref=LINT)
    desk.pull()
    assert desk.told() == "", "her own push, and the first pull of a skill"
    desk.publish()
    desk.pull()
    assert desk.told() == ASKED.format(3)


def test_what_was_not_told_yet_is_told_in_one_line(desk: Desk) -> None:
    desk.publish(SKILL, ref=LINT)
    desk.pull()
    desk.publish()
    desk.pull()
    desk.publish(ASKS + "3. Tell the user.\n")
    desk.publish(ASKS, ref=LINT)
    desk.pull()
    assert desk.told() == "2 skills changed: deploy--alice v3, lint--alice v2; hivemind-skillopt list"
    desk.publish(SKILL, ref=LINT)
    desk.pull()
    assert desk.told().startswith("lint--alice v3: ")


def test_several_versions_of_one_skill_are_one_change(desk: Desk) -> None:
    desk.publish()
    desk.pull()
    desk.publish(ASKS + "3. Tell the user.\n")
    desk.pull()
    assert desk.told() == ASKED.format(3)


def test_a_rollback_says_so(desk: Desk) -> None:
    desk.publish()
    desk.publish(SKILL, reverts=1)
    desk.pull()
    assert desk.told() == "deploy--alice v3: went back to v1; hivemind-skillopt blame deploy--alice"


def test_a_version_that_she_pinned_is_no_news(desk: Desk) -> None:
    desk.publish()
    desk.publish(SKILL)
    Pins(desk.lab.database, desk.lab.settings.store_id).put(REF, 2)
    desk.pull()
    assert desk.told() == ""


def test_what_she_pulled_herself_she_has_seen(desk: Desk) -> None:
    desk.publish()
    desk.lab.pull()
    desk.pull()
    assert desk.told() == ""


def test_switched_off_it_takes_back_what_waits(desk: Desk) -> None:
    desk.publish()
    desk.pull()
    file = desk.lab.paths.notice("claude_code", "")
    assert (file.stat().st_mode & 0o777, file.exists()) == (0o600, True)
    desk.lab.environ["HIVEMIND_SKILLOPT_NOTICE"] = "0"
    desk.publish(SKILL)
    desk.pull()
    assert (desk.told(), file.exists()) == ("", False)


def test_each_home_has_its_own(desk: Desk) -> None:
    """One is moved by a variable, in this environment or in another; what one start told the other has not."""
    second, third = desk.lab.root / "second", desk.lab.root / "third"
    for home in (second, third):
        install = Install("claude_code", str(home), str(home / "skills"), "py", "0", 1, ())
        Installs(desk.lab.database).put(install)
    desk.lab.environ["CLAUDE_CONFIG_DIR"] = f"{third}/"
    desk.pull()
    desk.publish()
    desk.pull()
    homes = ["", str(second), f"{third}/"]
    assert [desk.told(home) for home in homes] == [ASKED.format(2)] * 3
    assert [desk.told(home) for home in homes] == [""] * 3


def test_a_harness_that_would_not_show_it_gets_none(desk: Desk) -> None:
    home = desk.lab.root / "hermes"
    Installs(desk.lab.database).put(Install("hermes", str(home), str(home / "skills"), "py", "0", 1, ()))
    desk.pull()
    desk.publish()
    desk.pull()
    assert [path.name for path in desk.lab.paths.state.glob("notice*")] == ["notice-claude_code"]


def test_recorder_worker_and_adapters_agree() -> None:
    assert {adapter.name: adapter.home_variable for adapter in (ClaudeCode(), Codex())} == recorder.SHOWN_BY
    assert set(recorder.SHOWN_BY) == SHOWN_BY


def test_what_is_in_the_way_costs_the_line_alone(desk: Desk) -> None:
    file = desk.lab.paths.notice("claude_code", "")
    (file / "x").mkdir(parents=True)
    desk.publish()
    desk.pull()
    assert (desk.lab.installed() / "SKILL.md").read_text() == ASKS
    assert [entry["error"] for entry in desk.lab.log("notice_failed")] == ["IsADirectoryError"]
    assert (desk.told(), file.exists()) == ("", False), "the recorder has moved it away"
    desk.publish(SKILL)
    desk.pull()
    assert desk.told() != ""


def test_a_store_that_has_gone_leaves_the_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish()
    real = SqlStore.folder

    def folder(store: SqlStore, ref: SkillRef, version: int) -> SkillFolder:
        if version == 1:
            raise StoreUnavailable("it has gone")
        return real(store, ref, version)

    monkeypatch.setattr(SqlStore, "folder", folder)
    desk.pull()
    assert desk.told() == "deploy--alice v2; hivemind-skillopt blame deploy--alice"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("# A\n", "# A\n\n## New\n\n```sh\nrun it\n```\n", '"run it"'),
        ("# A\n", "# A\n\n## New\n", '"New"'),
        ("a\n", "a\n  - **Ask** first\n", '"**Ask** first"'),
        ("a\n", "a\n3.5 GB are enough\n", '"3.5 GB are enough"'),
        ("a\nNever ask.\n", "a\n", 'no more "Never ask."'),
        ("a\n", "a\n---\n", "spaces or marks in SKILL.md"),
        ("a\n", "a\n", "files beside SKILL.md"),
    ],
)
def test_what_changed(before: str, after: str, told: str) -> None:
    assert what_changed(before, after) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("say \x1b]0;x\x07hi\x1b[31m", "say ]0;xhi[31m"),
        ("a\u202eb\u200bc\u2066d\ufeff", "abcd"),
        ("one\rtwo\u2028three\x85four", "one two three four"),
        ('"; hivemind-skillopt blame x"', "'; hivemind-skillopt blame x'"),
        ("key sk-ant-\u200bapi03-aaaa1111bbbb", "key [redacted:anthropic-key]"),
        ("e\u0301te\u0301", "été"),
        ("x" * 500, "x" * (MAX_QUOTE - 1) + "…"),
    ],
)
def test_a_strangers_line_is_one_short_harmless_line(text: str, told: str) -> None:
    assert quotable(text) == told


def test_the_longest_line_fits_into_what_a_recorder_prints() -> None:
    ref = SkillRef("a" * 61, "b")
    many = [Untold(SkillRef(f"{'a' * 57}{n}", "bob"), 1, 10**9, None) for n in range(10, 99)]
    for data in (notice([Untold(ref, 1, 10**9, None)], f'"{"🦀" * MAX_QUOTE}"'), notice(many)):
        assert len(data) <= recorder.MAX_NOTICE
        assert data.isascii()
        assert (data.count(b"\n"), data[-1:], list(json.loads(data))) == (1, b"\n", ["systemMessage"])


def test_a_home_whose_name_is_too_long_costs_the_line_alone(desk: Desk) -> None:
    home = Path(desk.lab.root, *["d" * 100] * 3)
    Installs(desk.lab.database).put(Install("claude_code", str(home), str(home / "skills"), "py", "0", 1, ()))
    desk.pull()
    desk.publish()
    desk.pull()
    assert len(desk.lab.log("notice_failed")) == 1
    assert desk.told() == ASKED.format(2)
