"""Sentences that stay but come to stand elsewhere: what is listed under "Don't" says the opposite under "Do"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.grounding import Ground
from hivemind_skillopt.gate.markdown import Sentence, body_lines, sentences
from hivemind_skillopt.gate.words import content

Places = Mapping[str, dict[tuple[str, bool], Sentence]]
"""By the folded text: the heading above it, and whether it is code."""


def moved(ground: Ground, candidate: Candidate) -> Iterator[Finding]:
    """Kept sentences under another heading, in or out of code, that no turn speaks of.

    A heading that was only renamed moves nothing: it is a new sentence itself.
    """
    old, new = _places(candidate.before_md.body), _places(candidate.after_md.body)
    headings = {heading for places in new.values() for heading, _ in places} | {""}
    for text in old.keys() & new.keys():
        stays = any(heading in headings for heading, _ in old[text])
        for place, sentence in new[text].items():
            is_moved = place not in old[text] and (stays or place[1] not in {in_code for _, in_code in old[text]})
            if is_moved and not ground.is_said(content(sentence.text)):
                yield Finding(sentence.line + candidate.lines_above, sentence.text)


def _places(body: str) -> Places:
    code = {line.number for line in body_lines(body) if line.language is not None}
    lines = body.split("\n")
    found: defaultdict[str, dict[tuple[str, bool], Sentence]] = defaultdict(dict)
    heading = ""
    for sentence in sentences(body):
        in_code = sentence.line in code
        if lines[sentence.line - 1].lstrip(" >").startswith("#") and not in_code:
            heading = sentence.folded
        else:
            found[sentence.folded].setdefault((heading, in_code), sentence)
    return found
