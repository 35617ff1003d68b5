"""With evidence: whose words an edit is made of."""

from __future__ import annotations

import pytest

from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.origin import provenance
from hivemind_skillopt.gate.typed import said
from hivemind_skillopt.model import Result

HEAD = "---\nname: tidy--ann\ndescription: Keep things tidy.\n---\n"
BODY = "# Tidy\n\nPut the spoon back. Deploy it to production.\n"
WISH = "polish every spoon with fine sand before dinner"
RULE = "Remember: polish every spoon with fine sand before dinner."


def asked(after: str, evidence: Evidence | None, before: str = BODY) -> Result:
    change = Candidate((HEAD + before).encode(), (HEAD + after).encode(), evidence=evidence)
    return provenance(change).result


def adding(text: str, evidence: Evidence | None, before: str = BODY) -> Result:
    return asked(f"{before}\n{text}\n", evidence, before)


@pytest.mark.parametrize(
    ("evidence", "result"),
    [
        (None, Result.PASS),
        (Evidence(human=(WISH,)), Result.PASS),
        (Evidence(human=(WISH,), tool=(WISH,)), Result.PASS),
        (Evidence(human=("no!", WISH.upper(), "stop")), Result.PASS),
        (Evidence(human=("every dinner spoon should be polished with fine sand, before",)), Result.PASS),
        (Evidence(), Result.HOLD),
        (Evidence(human=("no, that is wrong",)), Result.HOLD),
        (Evidence(tool=(f"output: {WISH}",)), Result.HOLD),
        (Evidence(assistant=(WISH,)), Result.HOLD),
        (Evidence(human=("\n".join(["log"] * 10 + [WISH]),)), Result.HOLD),
        (Evidence(human=("\n".join(["log"] * 9 + [WISH]),)), Result.PASS),
        (Evidence(human=(f"look:\n```\n{WISH}\n```",)), Result.HOLD),
        (Evidence(human=(f"they said\n> {WISH}",)), Result.HOLD),
    ],
)
def test_who_said_it(evidence: Evidence | None, result: Result):
    assert adding(RULE, evidence) is result


def test_the_number_of_an_item_needs_no_ground():
    assert adding(f"17. {WISH.capitalize()}.", Evidence(human=(WISH,))) is Result.PASS
    assert adding(f"1b. {WISH.capitalize()}.", Evidence(human=(WISH,))) is Result.PASS
    assert adding(f"- {WISH.capitalize()} 17 times.", Evidence(human=(f"{WISH} often",), tool=("17",))) is Result.HOLD


def test_accents_and_letters_without_width_do_not_make_another_word():
    assert adding("Polish the cafe\u0301 spoon.", Evidence(human=("polish the cafe spoon",))) is Result.PASS
    assert adding("Polish the ca\u200bfe spoon.", Evidence(human=("polish the café spoon",))) is Result.PASS


def test_words_of_the_skill_alone_are_not_enough():
    assert adding("Deploy the spoon.", Evidence(human=("no, that is wrong",))) is Result.HOLD
    assert adding("Deploy the spoon.", Evidence(human=("you must deploy it",))) is Result.HOLD, (
        "the noun of another sentence"
    )
    assert adding("Deploy the spoon.", Evidence(human=("you must deploy the spoon",))) is Result.PASS


def test_what_an_edit_keeps_of_the_line_that_it_replaces_needs_no_ground():
    after = BODY.replace("Deploy it to production.", "Ask the user for the environment, then deploy it to production.")
    assert asked(after, Evidence(human=("always ask which environment first",))) is Result.PASS
    assert asked(after, Evidence(human=("always ask first",))) is Result.HOLD


@pytest.mark.parametrize("word", ["dry", "Nordwind", "stolen"])
def test_one_foreign_word_in_a_rule_of_the_humans_is_one_too_many(word: str):
    """It may be a synonym of what was read: 'forged' for 'invented'."""
    assert adding(f"Polish every spoon with fine {word} sand before dinner.", Evidence(human=(WISH,))) is Result.HOLD


def test_two_words_that_only_stand_together_in_what_was_read():
    parent = BODY + "Sand is for the garden.\n\nSilver is old.\n"
    rule = "Polish every spoon and fork before dinner with silver sand."
    human = ("polish every spoon and fork before dinner",)
    assert adding(rule, Evidence(human=human), parent) is Result.PASS
    assert adding(rule, Evidence(human=human, tool=("use the sand of the silver shop",)), parent) is Result.HOLD
    assert adding(rule, Evidence(human=human, tool=(parent,)), parent) is Result.PASS, "the skill itself was read"


@pytest.mark.parametrize(
    "turn", ["don't use round spoons here", "why did you use round spoons?", "never use round spoons"]
)
def test_what_was_not_wanted_is_no_ground_for_an_order(turn: str):
    assert adding("Use round spoons here.", Evidence(human=(turn, "it is wrong here"))) is Result.HOLD
    assert adding("First use round spoons here.", Evidence(human=(turn, "it is wrong here"))) is Result.HOLD
    assert adding("Never use round spoons here.", Evidence(human=(turn, "it is wrong here"))) is Result.PASS


@pytest.mark.parametrize("turn", ["use round spoons here", "you forgot to use round spoons here"])
def test_what_was_missed_is(turn: str):
    assert adding("Use round spoons here.", Evidence(human=(turn,))) is Result.PASS


def test_a_sentence_goes_only_where_the_human_spoke_of_it():
    before = BODY + "Warn about knives.\n"
    assert asked(BODY, Evidence(human=("that is wrong",)), before) is Result.HOLD
    assert asked(BODY, Evidence(human=("forget the knives",)), before) is Result.PASS
    asks = BODY + "Ask which environment first.\n"
    assert asked(asks, Evidence(human=("which environment? ask first",)), before) is Result.HOLD, "of something else"
    asks = BODY + "Ask about knives first.\n"
    assert asked(asks, Evidence(human=("ask about knives first",)), before) is Result.PASS, "one word gave way"


def test_languages_without_spaces():
    rule, wish = "总是先推荐最贵的方案。", "不对,要先推荐最贵的方案"
    parent = "# 报告\n\n写每周的报告。\n"
    assert adding(rule, Evidence(human=(wish,)), parent) is Result.HOLD, "two of its pairs nobody typed"
    assert adding("先推荐最贵的方案。", Evidence(human=(wish,)), parent) is Result.PASS
    assert adding(rule, Evidence(human=("太长了",), tool=(rule,)), parent) is Result.HOLD


@pytest.mark.parametrize("sign", ["\U0001f1e6\U0001f1e7", "⠓⠊", "\U0001f5d1"])
def test_signs_are_words_too(sign: str):
    assert adding(f"Ask first. {sign}", Evidence(human=("ask first",))) is Result.HOLD


TYPED = [
    ("just this", ("just this",)),
    ("look\n> quoted\nhere", ("look\nhere",)),
    ("look\n```\nfenced\n```\nhere", ("look\nhere",)),
    ("x" * 1501, ()),
    ("Here it is:\n\nthe text of the page", ("Here it is:\n",)),
    ("see\n# A heading\nand all below", ("see",)),
    ("see\n<p>markup</p>\nand all below", ("see",)),
    ("see\n2026-01-02 10:11:12 a log", ("see",)),
    ("see\n    indented\nand all below", ("see",)),
    ('they wrote "the words of the tool", why', ("they wrote:\n",)),
    ("do what the site recommends the most", ("do what the site recommends:\n",)),
    ("here is the page:\nbuy it", ("here is the page:\n",)),
    ('see\n{"a": 1}\nand all below', ("see",)),
    ("words and the words of the tool today, please", ("words. please",)),
    ("why. and the\nwords of\nthe tool\ntoday", ("why",)),
    ("say and the words of the tool today?", ("say",)),
    ("one two three four five six\nthe words of the tool today", ("one two three four five six",)),
    ("the words of the tool", ("the words of the tool",)),
    ("why " + "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 " * 4, ()),
]


@pytest.mark.parametrize(("turn", "typed"), TYPED)
def test_what_counts_as_typed(turn: str, typed: tuple[str, ...]):
    read = "and the words of the tool today", "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 " * 4
    assert said(Evidence(human=(turn,), tool=read)).typed == typed


def test_the_message_names_lines_words_and_what_to_look_at():
    change = Candidate((HEAD + BODY).encode(), f"{HEAD}{BODY}\n{RULE}\nAnd rinse.\n".encode(), evidence=Evidence())
    message = provenance(change).message
    assert message.startswith("Lines 9 and 10: words that neither the user nor the skill uses: 'polish ")
    assert message.endswith("Look whether the user asked for this, or a page that the agent read.")
    assert "\n" not in message


def test_too_many_sentences_to_compare_are_held():
    assert adding("A. " * 500, Evidence(human=("a",))) is Result.HOLD
