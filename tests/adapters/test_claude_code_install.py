"""Our hooks in the text of settings.json: in and out again, byte for byte, whoever laid the file out."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hivemind_skillopt.adapters.claude_code.install import installed_commands, with_hooks, without_hooks
from hivemind_skillopt.errors import HarnessError

LAUNCHER = Path("/home/dev/it's \u00fcn\u00ef/launcher")
OURS = ("SessionStart", "PreToolUse", "UserPromptExpansion", "UserPromptSubmit")
SPACES = ("", "", " ", "\n", "\r\n", "\t", "\n\n    ", "  \n\t\t")

keys = st.text(max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
hook = st.builds(lambda run: {"type": "command", "command": run}, st.text(max_size=8))
entry = st.fixed_dictionaries(
    {"hooks": st.lists(hook, max_size=2)}, optional={"matcher": st.text(max_size=5), "x": values}
)
hooks = st.dictionaries(st.sampled_from([*OURS, "Stop", "Notification"]), st.lists(entry, max_size=2), max_size=4)
odd = st.dictionaries(st.sampled_from(["Bogus", "Later"]), values, max_size=1)


def settings(rest: dict[str, object], found: dict[str, object] | None, other: dict[str, object]) -> dict[str, object]:
    return {**rest, "hooks": {**found, **other}, "z": 1} if found is not None else rest


files = st.builds(
    settings, st.dictionaries(keys.filter(lambda key: key != "hooks"), values, max_size=3), st.none() | hooks, odd
)


def laid_out(value: object, random: Random) -> str:
    """Somebody's layout: any white space between any two tokens."""
    space = lambda: random.choice(SPACES)  # noqa: E731
    if isinstance(value, dict):
        items = [f"{space()}{json.dumps(k)}{space()}:{space()}{laid_out(v, random)}{space()}" for k, v in value.items()]
        return "{" + (",".join(items) or space()) + "}"
    if isinstance(value, list):
        return "[" + (",".join(f"{space()}{laid_out(v, random)}{space()}" for v in value) or space()) + "]"
    return json.dumps(value, ensure_ascii=random.random() < 0.5)


@st.composite
def texts(draw: st.DrawFn) -> str:
    value, how = draw(files), draw(st.sampled_from(["any", "minified", "pretty", "tabs"]))
    random = draw(st.randoms(use_true_random=False))
    shown = {
        "any": lambda: random.choice(SPACES) + laid_out(value, random) + random.choice(SPACES),
        "minified": lambda: json.dumps(value, separators=(",", ":")),
        "pretty": lambda: json.dumps(value, indent=draw(st.integers(0, 5)), ensure_ascii=False) + "\n",
        "tabs": lambda: json.dumps(value, indent="\t").replace("\n", "\r\n"),
    }[how]()
    return draw(st.sampled_from(["", "\ufeff"])) + shown.encode("utf-8", "replace").decode()


def read(text: str) -> dict[str, object]:
    found = json.loads(text.removeprefix("\ufeff"))
    assert isinstance(found, dict)
    return found


@given(texts())
@example('{"hooks":{"SessionStart":[ ],"PreToolUse":[],"UserPromptExpansion":[]},\n"z":1}')
def test_out_again_byte_for_byte(text: str) -> None:
    installed = with_hooks(text, LAUNCHER)
    assert without_hooks(installed, LAUNCHER, text) == text


@given(texts())
def test_twice_is_once_and_each_event_has_one(text: str) -> None:
    installed = with_hooks(text, LAUNCHER)
    assert with_hooks(installed, LAUNCHER) == installed
    assert [bool(run) for run in installed_commands(installed, LAUNCHER).values()] == [True] * 4
    assert installed.count("launcher' claude_code") == 4


@given(texts())
def test_what_others_wrote_is_there_unchanged(text: str) -> None:
    before, after = read(text), read(with_hooks(text, LAUNCHER))
    had = before.pop("hooks", {})
    has = after.pop("hooks")
    assert before == after
    assert isinstance(had, dict)
    assert isinstance(has, dict)
    for event, entries in had.items():
        assert has[event][: len(entries)] == entries if event in OURS else has[event] == entries


@given(texts(), st.booleans())
def test_what_the_user_wrote_since_stays_to_the_byte(text: str, at_the_end: bool) -> None:
    """A member before all others, or after them."""

    def edit(settings: str) -> str:
        if at_the_end:
            at = settings.rindex("}")
            return settings[:at] + ', "theme" :\t"dark"\r\n' + settings[at:]
        at = settings.index("{") + 1
        return settings[:at] + ' "theme" :\t"dark" , ' + settings[at:]

    left = without_hooks(edit(with_hooks(text, LAUNCHER)), LAUNCHER, text)
    assert left is not None
    if read(text):
        assert left == edit(text)
    else:
        assert read(left) == {"theme": "dark"}


@given(texts())
def test_without_a_record_nothing_but_ours_is_lost(text: str) -> None:
    """state.db is gone: what the file held before is not known."""
    left = without_hooks(with_hooks(text, LAUNCHER), LAUNCHER, None)
    before = read(text)
    had = before.get("hooks")
    full = isinstance(had, dict) and had and all(had.get(event, [1]) for event in OURS)
    if before and (had is None or full):
        assert left == text
    elif left is not None:
        rest = read(left).get("hooks", {})
        assert isinstance(rest, dict)
        assert {e: x for e, x in rest.items() if x} == {e: x for e, x in (had or {}).items() if x}  # type: ignore[union-attr]


@pytest.mark.parametrize("text", [None, "", "\n", "\ufeff \r\n"])
def test_a_file_that_held_nothing(text: str | None) -> None:
    installed = with_hooks(text, LAUNCHER)
    assert json.loads(installed)
    assert without_hooks(installed, LAUNCHER, text) == text


def test_the_style_of_the_neighbours() -> None:
    assert "\n" not in with_hooks('{"a":1}', LAUNCHER)
    assert '"a": 1, "hooks": {"' in with_hooks('{"a": 1}', LAUNCHER)
    tabs = with_hooks('{\r\n\t"a": 1\r\n}', LAUNCHER)
    assert tabs.replace("\r\n", "").count("\n") == 0
    assert '\r\n\t"hooks": {\r\n\t\t"SessionStart": [\r\n' in tabs


def test_a_hook_of_the_user_in_our_entry_survives() -> None:
    settings = json.loads(with_hooks("{}", LAUNCHER))
    settings["hooks"]["PreToolUse"][0]["hooks"].append({"type": "command", "command": "mine"})
    left = without_hooks(json.dumps(settings), LAUNCHER, "{}")
    assert left is not None
    assert json.loads(left) == {
        "hooks": {"PreToolUse": [{"matcher": "Skill", "hooks": [{"type": "command", "command": "mine"}]}]}
    }


def test_an_entry_that_somebody_changed_is_put_right() -> None:
    installed = with_hooks('{"a": 1}', LAUNCHER)
    for changed in (
        installed.replace('"timeout": 10', '"timeout": 1', 1),
        installed.replace('"Skill"', '"Bash"'),
        installed.replace(" SessionStart || true", " SessionStart"),
    ):
        assert changed != installed
        again = with_hooks(changed, LAUNCHER)
        assert read(again) == read(installed)
        assert without_hooks(changed, LAUNCHER, '{"a": 1}') == '{"a": 1}'


STOP = '{"hooks": {"Stop": [%s]}}'


@pytest.mark.parametrize(
    "entry",
    [
        '"x"', "null", "{}", '{"matcher": "x"}', '{"hooks": {}}', '{"matcher": 7, "hooks": []}',
        '{"matcher": null, "hooks": []}', '{"hooks": [{"command": "x"}]}', '{"hooks": [{"type": "bogus"}]}',
        '{"hooks": [{"type": "command"}]}', '{"hooks": [{"type": "command", "command": 7}]}',
        '{"hooks": [{"type": "prompt"}]}', '{"hooks": [{"type": "command", "command": "x", "timeout": "7"}]}',
        '{"hooks": [{"type": "command", "command": "x", "timeout": 0}]}',
    ],
)  # fmt: skip
def test_a_malformed_entry_of_others_is_named(entry: str) -> None:
    """Each was seen to make the program ignore the whole file."""
    with pytest.raises(HarnessError, match=r"hooks\.Stop\.0.* is malformed"):
        with_hooks(STOP % entry, LAUNCHER)
    assert with_hooks(STOP.replace("Stop", "Bogus") % entry, LAUNCHER), "nobody looks at unknown events"


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "7", "// c\n{}", '{"a": 1,}', '{"a": NaN}', '{"a": "\t"}', "{} x", "[" * 100_000,
        '{"hooks": null}', '{"hooks": []}', '{"hooks": {"PreToolUse": {}}}', '{"hooks": {"PreToolUse": null}}',
    ],
)  # fmt: skip
def test_what_the_program_would_ignore_is_refused(text: str) -> None:
    with pytest.raises(HarnessError, match=r"settings\.json"):
        with_hooks(text, LAUNCHER)


def test_keys_that_stand_twice() -> None:
    """The last one counts, for the program and for us."""
    text = '{"env": {}, "env": {"A": "1"}, "hooks": {"Stop": []}, "hooks": {"SessionStart": [], "SessionStart": [ ]}}'
    installed = with_hooks(text, LAUNCHER)
    assert all(installed_commands(installed, LAUNCHER).values())
    assert without_hooks(installed, LAUNCHER, text) == text


def test_long_numbers_and_halves_of_characters() -> None:
    text = '{"a": 1e400, "b": ' + "9" * 5000 + ', "c": "\\ud800"}'
    assert without_hooks(with_hooks(text, LAUNCHER), LAUNCHER, text) == text
