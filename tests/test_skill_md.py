from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.skill_md import front_matter, parse_skill_md, text_field, with_name
from tests.corpora import skill_files


def test_every_real_file_is_split_without_loss_and_renamed_in_its_name_scalar_only():
    for path in skill_files():
        before = parse_skill_md(path.read_bytes())
        assert before.data == path.read_bytes()
        after = with_name(before, "zed--bob")
        old, new = front_matter(before), front_matter(after)
        if not old or "name" not in old:
            assert after == before
            continue
        assert after.body == before.body
        assert new == old | {"name": "zed--bob"}, path
        assert len(after.front.splitlines()) == len(before.front.splitlines())


@pytest.mark.parametrize(
    ("text", "front"),
    [
        ("---\nname: a\n---\nbody", "---\nname: a\n---\n"),
        ("\ufeff---\r\nname: a\r\n---\r\nbody", "\ufeff---\r\nname: a\r\n---\r\n"),
        ("---\nname: a\n---", "---\nname: a\n---"),
        ("---\n---\nbody", "---\n---\n"),
        ("---\nname: a\nbody without an end", ""),
        ("\n---\nname: a\n---\n", ""),
        ("body\n---\nx\n---\n", ""),
        ("---\nname: a\n---\nbody\n---\nmore\n---\n", "---\nname: a\n---\n"),
        ("---\nnote: a --- b\n---\nbody", "---\nnote: a --- b\n---\n"),
        ("---\nname: a\n  ---\nbody", "---\nname: a\n  ---\n"),  # no line closes it: the next dashes do
        ("---\nname: a --- b\nbody", "---\nname: a --- "),
    ],
)
def test_where_the_front_matter_ends(text: str, front: str):
    assert parse_skill_md(text.encode()).front == front
    assert parse_skill_md(text.encode()).text == text


@pytest.mark.parametrize(
    ("yaml", "renamed"),
    [
        ('name: "a"  # why', "name: b--c  # why"),
        ("metadata:\n  name: keep\nname: a", "metadata:\n  name: keep\nname: b--c"),
        ("metadata:\n  name: keep", None),
        ("name: a\nname: d", None),
        ("name: [a]", None),
        ("name: |\n  a", None),
        ("name:", None),
        ("name: &x a\nother: *x", None),
        ("{name: a, other: d}", "{name: b--c, other: d}"),
    ],
)
def test_with_name(yaml: str, renamed: str | None):
    skill_md = parse_skill_md(f"---\n{yaml}\n---\nname: body\n".encode())
    assert with_name(skill_md, "b--c").text == f"---\n{renamed or yaml}\n---\nname: body\n"


def test_a_name_that_would_not_be_read_back_is_not_written():
    skill_md = parse_skill_md(b"---\nname: a\n---\n")
    assert with_name(skill_md, "x: y") == skill_md
    assert with_name(skill_md, "a\nmetadata: x") == skill_md


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
MERGES = "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 30))


@pytest.mark.parametrize(
    "yaml",
    [
        LAUGHS,
        MERGES,
        "a: &a [*a]",
        "name: " + "[" * 10_000,
        "{a: " * 3_000,
        "\n".join(" " * i + "a:" for i in range(1_500)),
        "\n".join(f"k{i}: v" for i in range(50_000)),
        "? [a, {b: c}]\n: 1",
        "when: 2024-99-99",
        "n: 0b",
        "n: " + "9" * 10_000,
        "x: !!python/object:os.system y",
        "x: !!omap y",
        "%YAML 9.9",
        "name: a\n--- \nname: b",
        "name: \x07",
        "- a\n- b",
        "!!set {name, b}",
    ],
    ids=lambda yaml: yaml[:12],
)
def test_hostile_front_matter_neither_raises_nor_hangs(yaml: str):
    skill_md = parse_skill_md(f"---\n{yaml}\n---\nbody\n".encode())
    start = time.process_time()
    front_matter(skill_md)
    text_field(with_name(skill_md, "a--b"), "name")
    assert time.process_time() - start < 3


def test_no_utf8():
    with pytest.raises(SkillInvalid):
        parse_skill_md(b"\xff\xfe")


def test_text_field():
    skill_md = parse_skill_md(b"---\ndescription: >\n  two\n  lines\nlist: [a]\n---\n")
    assert text_field(skill_md, "description") == "two lines"
    assert text_field(skill_md, "list") == text_field(skill_md, "none") == ""


YAMLISH = st.text(alphabet="ab:-[]{}&*!|>?#'\"%@,.0 \n\t\r<~\u2028é", max_size=60)


@given(YAMLISH)
def test_any_yaml_like_text(yaml: str):
    skill_md = parse_skill_md(f"---\n{yaml}\n---\nbody".encode())
    assert skill_md.text == f"---\n{yaml}\n---\nbody"
    old, new = front_matter(skill_md), front_matter(with_name(skill_md, "b--c"))
    assert new == old or (old is not None and new == old | {"name": "b--c"})


@given(st.text(max_size=80))
def test_any_text_survives(text: str):
    assert parse_skill_md(text.encode("utf-8", "ignore")).data == text.encode("utf-8", "ignore")
