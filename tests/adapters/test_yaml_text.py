"""One entry into a YAML text and out again, byte for byte, whoever laid the file out."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hivemind_skillopt.adapters.yaml_text import NotChangeable, add, entries, present, read, remove

PATH = ("plugins", "enabled")
ENTRY = "hivemind-skillopt"
FOLDER = "/home/dev/it's: \u00fcn\u00ef #1/org-skills"

ADDED = {
    "": "plugins:\n  enabled:\n    - NAME\n",
    "# only a comment\n": "# only a comment\nplugins:\n  enabled:\n    - NAME\n",
    "a: 1": "a: 1\nplugins:\n  enabled:\n    - NAME",
    "plugins: # mine\n  # more\nx: 1\n": "plugins: # mine\n  enabled:\n    - NAME\n  # more\nx: 1\n",
    "plugins:\n  enabled:   # none\n": "plugins:\n  enabled:   # none\n    - NAME\n",
    "plugins:\n  disabled: [x]\n": "plugins:\n  enabled:\n    - NAME\n  disabled: [x]\n",
    "plugins:\n  enabled:\n  - a # 1\n  # two\nb: 2\n": "plugins:\n  enabled:\n  - a # 1\n  - NAME\n  # two\nb: 2\n",
    "plugins:\r\n  enabled:\r\n    - a\r\n": "plugins:\r\n  enabled:\r\n    - a\r\n    - NAME\r\n",
    "plugins:\n  enabled: []  # x\n": 'plugins:\n  enabled: ["NAME"]  # x\n',
    "plugins: {enabled: [a, b,], c: d}": 'plugins: {enabled: [a, b, "NAME",], c: d}',
    "plugins: {}\n": 'plugins: {"enabled": ["NAME"]}\n',
    '{"a": {"b": 1}}\n': '{"a": {"b": 1}, "plugins": {"enabled": ["NAME"]}}\n',
    "\ufeffa: 1\n": "\ufeffa: 1\nplugins:\n  enabled:\n    - NAME\n",
}

REFUSED = {
    "no YAML": "a: 'x\n",
    "a tab": "plugins:\n\tenabled: []\n",
    "a key twice": "a: 1\na: 2\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "no mapping": "- a\n",
    "a scalar for a list": "plugins:\n  enabled: a\n",
    "a list for a mapping": "plugins: [a]\n",
    "a mapping for a list": "plugins:\n  enabled: {a: 1}\n",
    "a written null": "plugins: null\n",
    "an anchor": "plugins: &mine\n  enabled: [a]\n",
    "an alias": "a: &x [b]\nplugins:\n  enabled: *x\n",
    "a merged section": "a: &x {enabled: [q]}\nplugins:\n  <<: *x\n",
    "an entry of many lines": "plugins:\n  enabled:\n    - |\n      a\n  c: d\n",
    "line ends of another age": "plugins:\r  enabled:\r  - a\r",
    "an end mark": "---\na: 1\n...\n",
    "somebody's class": "a: !!python/object:os.system x\n",
}


@pytest.mark.parametrize("text", ADDED)
def test_what_it_looks_like(text: str) -> None:
    assert add(text, PATH, ENTRY) == ADDED[text].replace("NAME", ENTRY)


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_touched(why: str) -> None:
    with pytest.raises(NotChangeable) as error:
        add(REFUSED[why], PATH, ENTRY)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ADDED)
@pytest.mark.parametrize("entry", [ENTRY, FOLDER, "~", "- a", "a: b", "true", ""])
def test_any_text_is_a_valid_entry(text: str, entry: str) -> None:
    after = add(text, PATH, entry)
    assert entries(after, PATH)[-1] == entry
    assert remove(after, PATH, entry, present(text, PATH)) == text


def test_only_ours_goes_out_of_a_file_that_went_on_changing() -> None:
    text = add("a: 1\n", PATH, ENTRY)
    later = text.replace(f"    - {ENTRY}\n", f"    - {ENTRY}  # keep?\n    - theirs\n  # end\n") + "z: 1\n"
    assert remove(later, PATH, ENTRY, 0) == "a: 1\nplugins:\n  enabled:\n    - theirs\n  # end\nz: 1\n"


FLOW_THAT_WENT_ON = {
    'a: [x, "NAME",]': "a: [x,]",
    'a: ["NAME",]': "a: []",
    'a: ["NAME", x,]': "a: [x,]",
    'a: [\n  "NAME",\n  ]': "a: [\n  \n  ]",
    'a: [\n  "NAME"  # ours, all\n  ,\n  ]': "a: [\n  \n  ]",
    'a: [\n  x,  # one\n  "NAME",  # two\n  y,\n  ]': "a: [\n  x,  # two\n  y,\n  ]",
}


@pytest.mark.parametrize("now", FLOW_THAT_WENT_ON)
def test_a_flow_list_that_was_edited_stays_valid(now: str) -> None:
    """A comma may stay behind our entry when the one before it is gone."""
    text, expected = (f"plugins:\n  {there}\nz: 1\n" for there in (now.replace("NAME", ENTRY), FLOW_THAT_WENT_ON[now]))
    after = remove(text.replace("a:", "enabled:"), PATH, ENTRY, 2)
    assert after == expected.replace("a:", "enabled:")
    assert ENTRY not in entries(after, PATH)


def test_what_cannot_be_taken_out_is_refused() -> None:
    """Our entry became a name for the rest of the file."""
    text = f"plugins:\n  enabled:\n    - &ours {ENTRY}\n    - b\nother: *ours\n"
    with pytest.raises(NotChangeable):
        remove(text, PATH, ENTRY, 2)


def test_the_harness_wrote_the_file_anew() -> None:
    """As `hermes plugins enable` does: no comment, another indentation, a long path on one line."""
    text = add("# mine\nplugins:\n  enabled:\n    - a\n", PATH, ENTRY)
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(read(text), out)
    assert entries(remove(out.getvalue(), PATH, ENTRY, 2), PATH) == ["a"]


keys = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
scalars = st.booleans() | st.integers(-9, 9) | st.from_regex(r"[A-Za-z][A-Za-z ]{0,8}", fullmatch=True) | st.none()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
lists = st.lists(scalars, max_size=3)
sections = st.fixed_dictionaries({}, optional={"enabled": lists, "disabled": lists, "x": values})


def laid_out(value: object, how: str, comment: str) -> str:
    if how == "json":
        return json.dumps(value, indent=2)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = {"block": False, "flow": True, "mixed": None}[how]
    yaml.indent(mapping=4, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(value, out)
    return out.getvalue().replace("\n", f"  {comment}\n", 1) if how == "block" else out.getvalue()


@st.composite
def texts(draw: st.DrawFn) -> str:
    value = {
        **draw(st.dictionaries(keys, values, max_size=3)),
        **draw(st.fixed_dictionaries({}, optional={"plugins": sections})),
    }
    text = laid_out(
        value, draw(st.sampled_from(["block", "flow", "mixed", "json"])), draw(st.sampled_from(["", "# c"]))
    )
    text = (
        draw(st.sampled_from(["", "# first\n", "---\n", "\ufeff"]))
        + text
        + draw(st.sampled_from(["", "# last\n", "\n\n"]))
    )
    text = text if draw(st.booleans()) else text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(texts(), st.sampled_from([ENTRY, FOLDER]))
def test_in_and_out_again_is_the_same_bytes(text: str, entry: str) -> None:
    try:
        after = add(text, PATH, entry)
    except NotChangeable:
        return
    before = read(text)
    changed = read(after)
    assert changed["plugins"]["enabled"][-1] == entry
    assert {k: v for k, v in changed.items() if k != "plugins"} == {k: v for k, v in before.items() if k != "plugins"}
    assert remove(after, PATH, entry, present(text, PATH)) == text


@given(texts())
def test_a_plain_file_is_not_refused(text: str) -> None:
    """Else the test above would prove nothing."""
    try:
        value = read(text)
    except NotChangeable:
        return
    section = value.get("plugins", {})
    if "null" not in text and isinstance(section, dict) and isinstance(section.get("enabled", []), list):
        add(text, PATH, ENTRY)
