"""Our hooks in the text of Cursor's hooks.json: in and out again, byte for byte, and nothing that voids the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.adapters.cursor.hooks_file import KNOWN_EVENTS
from hivemind_skillopt.adapters.cursor.install import TOLD_AS, installed_commands, with_hooks, without_hooks
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError

PAYLOADS = Path(__file__).parent.parent / "payloads" / "cursor"
TEMPLATE = bundle_dir() / "hooks" / "hooks-cursor.json"
FOREIGN = (PAYLOADS / "hooks.user.foreign.json").read_text()
LAUNCHER = Path("/home/dev/it's \u00fcn\u00ef/launcher")
OURS = ("sessionStart", "preToolUse", "beforeSubmitPrompt")
ENTRY_KEYS = {"command", "timeout", "matcher"}

words = st.text('ab"\\\u00fc\u2028\n{]', max_size=5)
values = st.none() | st.booleans() | st.integers() | words
entries = st.fixed_dictionaries({"command": words}, optional={"matcher": words, "failClosed": st.booleans()})
hooks = st.dictionaries(
    st.sampled_from([*OURS, "stop", "afterFileEdit"]), st.lists(entries | values, max_size=2), max_size=4
)
files = st.fixed_dictionaries({}, optional={"version": st.just(1), "hooks": hooks, "more": values})


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Somebody's file in somebody's layout."""
    value, how = draw(files), draw(st.sampled_from(["minified", "airy", "pretty", "tabs"]))
    shown = {
        "minified": lambda: json.dumps(value, separators=(",", ":")),
        "airy": lambda: json.dumps(value),
        "pretty": lambda: json.dumps(value, indent=draw(st.integers(0, 5)), ensure_ascii=False) + "\n",
        "tabs": lambda: json.dumps(value, indent="\t").replace("\n", "\r\n"),
    }[how]()
    return draw(st.sampled_from(["", "\ufeff"])) + shown.encode("utf-8", "replace").decode()


def read(text: str) -> dict[str, object]:
    found = json.loads(text.removeprefix("\ufeff"))
    assert isinstance(found, dict)
    return found


def ours(text: str) -> dict[str, list[dict[str, object]]]:
    """Our entries by event."""
    found = read(text)["hooks"]
    assert isinstance(found, dict)
    mark = "launcher'"
    return {
        event: [entry for entry in listed if isinstance(entry, dict) and mark in str(entry.get("command"))]
        for event, listed in found.items()
    }


@given(texts())
def test_out_again_byte_for_byte(text: str) -> None:
    assert without_hooks(with_hooks(text, LAUNCHER), LAUNCHER, text) == text


@given(texts())
def test_twice_is_once_and_what_others_wrote_stays(text: str) -> None:
    installed = with_hooks(text, LAUNCHER)
    assert with_hooks(installed, LAUNCHER) == installed
    assert all(installed_commands(installed, LAUNCHER).values())
    before, after = read(text), read(installed)
    had, has = before.pop("hooks", {}), after.pop("hooks")
    assert isinstance(had, dict)
    assert isinstance(has, dict)
    assert after == (before if text.strip("\ufeff \r\n") != "{}" else {"version": 1})
    assert {event: has[event][: len(listed)] for event, listed in had.items()} == had
    assert {event: len(found) for event, found in ours(installed).items() if found} == dict.fromkeys(OURS, 1)


@given(texts())
def test_without_a_record_nothing_but_ours_is_lost(text: str) -> None:
    """state.db is gone: what the file held before is not known."""
    left = without_hooks(with_hooks(text, LAUNCHER), LAUNCHER, None)
    before = read(text)
    before["hooks"] = {event: found for event, found in before.get("hooks", {}).items() if found}  # type: ignore[attr-defined]
    rest = {key: value for key, value in before.items() if key != "hooks" or value}
    if left is None:
        assert rest in ({}, {"version": 1})
    else:
        found = read(left)
        found["hooks"] = {event: listed for event, listed in found.get("hooks", {}).items() if listed}  # type: ignore[attr-defined]
        assert {key: value for key, value in found.items() if key != "hooks" or value} == rest


@pytest.mark.parametrize("text", [None, "", "\n", "\ufeff \r\n"])
def test_a_file_that_held_nothing(text: str | None) -> None:
    installed = with_hooks(text, LAUNCHER)
    assert read(installed)["version"] == 1
    assert without_hooks(installed, LAUNCHER, text) == text


def test_the_contracts_foreign_file() -> None:
    installed = with_hooks(FOREIGN, LAUNCHER)
    found = read(installed)["hooks"]
    assert isinstance(found, dict)
    assert found["preToolUse"][0] == {"command": "./hooks/guard.sh", "matcher": "Shell", "failClosed": True}
    assert found["afterFileEdit"] == [{"command": "./hooks/format.sh"}]
    assert without_hooks(installed, LAUNCHER, FOREIGN) == FOREIGN


def test_what_we_write_is_shaped_like_the_contracts_example() -> None:
    """No nested `hooks`, which does not fire; no key, event or URL that voids the file."""
    example, written = read((PAYLOADS / "hooks.user.example.json").read_text()), read(with_hooks(None, LAUNCHER))
    assert written.keys() == example.keys()
    assert set(ours(json.dumps(written))) == set(example["hooks"]) <= KNOWN_EVENTS  # type: ignore[call-overload]
    for event, found in ours(json.dumps(written)).items():
        (entry,) = found
        assert entry.keys() == example["hooks"][event][0].keys() <= ENTRY_KEYS  # type: ignore[index]
        assert entry.get("matcher") == example["hooks"][event][0].get("matcher")  # type: ignore[index]
        assert entry["timeout"] == 10, "seconds"
        assert str(entry["command"]).endswith(f" cursor {TOLD_AS[event]} || true")


def test_no_launcher_can_bring_a_url_into_a_command() -> None:
    """A path has no two slashes in a row."""
    assert "://" not in with_hooks(None, Path("/home/dev/http://example.org/launcher"))


def test_the_template_is_a_hooks_file_itself() -> None:
    template = read(TEMPLATE.read_text())
    assert template.keys() == {"version", "hooks"}
    found = template["hooks"]
    assert isinstance(found, dict)
    assert list(found) == list(TOLD_AS) == list(OURS)
    for event, (entry,) in found.items():
        assert entry.keys() <= ENTRY_KEYS
        assert f'"$d/launcher" cursor {TOLD_AS[event]};' in entry["command"]
        assert "://" not in entry["command"]


def test_an_entry_that_somebody_changed_is_put_right() -> None:
    installed = with_hooks(FOREIGN, LAUNCHER)
    for changed in (
        installed.replace('"timeout": 10', '"timeout": 1', 1),
        installed.replace('"Read|Shell"', '"Read"'),
        installed.replace(" SessionStart || true", " SessionStart"),
        installed.replace('"sessionStart"', '"sessionEnd"'),
    ):
        assert changed != installed
        assert read(with_hooks(changed, LAUNCHER)) == read(installed)
        assert without_hooks(changed, LAUNCHER, FOREIGN) == FOREIGN


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", "// c\n{}", '{"a": 1,}', "{} x", "[" * 100_000, '{"hooks": null}', '{"hooks": []}',
     '{"hooks": {"preToolUse": {}}}', '{"hooks": {"preToolUse": null}}'],
)  # fmt: skip
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(HarnessError, match=r"hooks\.json"):
        with_hooks(text, LAUNCHER)


VOID = {
    '{"hooks": {"notification": [{"command": "x"}]}}': "has the event 'notification', which is not known",
    '{"hooks": {"stop": [{"command": "curl https://example.org"}]}}': "has a URL in a command of stop",
    '\ufeff{"hooks": {"Stop": []}}': "has the event 'Stop', which is not known",
}


@pytest.mark.parametrize("text", VOID)
def test_why_cursor_ignores_the_whole_file_is_told(tmp_path: Path, text: str) -> None:
    """Told, not refused: the other's entry stays, and a newer Cursor may know the event."""
    file = tmp_path / "hooks.json"
    file.write_text(with_hooks(text, LAUNCHER))
    assert Cursor().switched_off(tmp_path) == f"{file} {VOID[text]}: Cursor ignores the whole file"


@pytest.mark.parametrize("text", [FOREIGN, "", "{", "[]", '{"hooks": 7}', '{"hooks": {"stop": [7, {"command": 7}]}}'])
def test_nothing_else_is_said_to_void_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "hooks.json").write_text(text)
    assert Cursor().switched_off(tmp_path) == ""
    assert Cursor().switched_off(tmp_path / "nowhere") == ""
