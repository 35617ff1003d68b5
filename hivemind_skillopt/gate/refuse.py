"""The checks that refuse: what must never go out, whatever a person thinks of the words."""

from __future__ import annotations

from skills_ref.errors import ParseError
from skills_ref.parser import parse_frontmatter
from skills_ref.validator import validate_metadata

from hivemind_skillopt.edits import apply_edits, fingerprint, inverse_of, protected_regions
from hivemind_skillopt.errors import EditRefused, SkillInvalid
from hivemind_skillopt.gate.candidate import Candidate, judged
from hivemind_skillopt.gate.finding import shown
from hivemind_skillopt.model import Check, Result, SkillRef
from hivemind_skillopt.redaction import has_secret, redact
from hivemind_skillopt.skill_md import SkillMd, front_matter, text_field

# The limits of DESIGN 8.
MAX_EDITS = 3
MAX_LINES_ADDED = 30
MAX_LINES_REMOVED = 15
MAX_CHARS_ADDED = 6_000
MAX_CHARS_REMOVED = 3_000
"""200 characters a line: else one endless line would be a small edit. Of 82 real edits within the limits on lines the
largest added 2,565 characters and removed 1,195."""
MAX_BODY_WORDS = 5000

OWN_TRIGGER_SKILLS = frozenset({"hivemind-skillopt", "skillopt"})


def parent_is_head(candidate: Candidate) -> Check:
    """Somebody else may have published since."""
    problem = "" if candidate.parent_is_head else "The skill has a newer version than the one this change was made for."
    return _refused("parent_is_head", problem, "The change was made for the newest version.")


def front_matter_unchanged(candidate: Candidate) -> Check:
    """The front matter decides when a skill is used and what it may do: byte-identical."""
    before, after = candidate.before_md.front, candidate.after_md.front
    same = before == after or (not before.endswith("\n") and before == after.rstrip("\r\n"))  # a file that ended there
    problem = "" if same else "The front matter differs; only the body may be changed."
    return _refused("front_matter_unchanged", problem, "The front matter is the same, byte for byte.")


def body_changed(candidate: Candidate) -> Check:
    """A version that changes nothing is noise."""
    problem = "The body is the same as before." if candidate.before_md.body == candidate.after_md.body else ""
    return _refused("body_changed", problem, "The body differs.")


def body_not_empty(candidate: Candidate) -> Check:
    """A skill without instructions is none."""
    problem = "" if candidate.after_md.body.strip() else "The body would be empty."
    return _refused("body_not_empty", problem, "The body has text.")


def edit_count(candidate: Candidate) -> Check:
    """Few edits, each with exactly one place to go, and the proposed text is what they make."""
    return _refused("edit_count", _edit_problem(candidate), "The edits can be applied as written.")


def _edit_problem(candidate: Candidate) -> str:
    edits = candidate.edits
    if edits is None:
        return ""
    if not 1 <= len(edits) <= MAX_EDITS:
        return f"The proposal has {len(edits)} edits; 1 to {MAX_EDITS} are allowed."
    try:
        result = apply_edits(candidate.before_md, edits)
    except EditRefused as refusal:
        return f"The edits cannot be applied: {refusal}."
    return "" if result.data == candidate.after else "The edits do not lead to the proposed text."


def size(candidate: Candidate) -> Check:
    """A change that a person can read at a glance."""
    added, removed = candidate.diff.added, candidate.diff.removed
    lines = f"{len(added)} lines added, {len(removed)} removed"
    if len(added) > MAX_LINES_ADDED or len(removed) > MAX_LINES_REMOVED:
        limits = f"at most {MAX_LINES_ADDED} and {MAX_LINES_REMOVED} are allowed"
        return _refused("size", f"{lines}; {limits}.", "")
    chars_added, chars_removed = (sum(len(line.text) for line in side) for side in (added, removed))
    limits = f"at most {MAX_CHARS_ADDED} and {MAX_CHARS_REMOVED} are allowed"
    too_long = chars_added > MAX_CHARS_ADDED or chars_removed > MAX_CHARS_REMOVED
    told = f"{chars_added} characters added, {chars_removed} removed; {limits}."
    return _refused("size", told if too_long else "", f"{lines}.")


def body_words(candidate: Candidate) -> Check:
    """A skill is read whole into a context; one that is already too long may only shrink."""
    before, after = len(candidate.before_md.body.split()), len(candidate.after_md.body.split())
    limit = max(MAX_BODY_WORDS, before)
    problem = f"The body would have {after} words; at most {limit} are allowed." if after > limit else ""
    return _refused("body_words", problem, f"The body has {after} words.")


def loadable(candidate: Candidate) -> Check:
    """Harnesses can load it as well as the parent. Org names hold `--`, which skills-ref always objects to."""
    return _refused("loadable", _load_problem(candidate), "The skill loads as well as before.")


def _load_problem(candidate: Candidate) -> str:
    try:
        after = candidate.after_md
    except SkillInvalid as error:
        return f"{error}."
    if front_matter(after) is None and front_matter(candidate.before_md) is not None:
        return "The front matter no longer parses."
    worse = _reference_errors(after) - _reference_errors(candidate.before_md)
    return f"The reference validator has a new objection: {shown(min(worse))}." if worse else ""


def _reference_errors(skill_md: SkillMd) -> set[str]:
    """What skills-ref objects to. It is asked only about front matter that we could parse within our own limits."""
    if front_matter(skill_md) is None:
        return {"no front matter"}
    try:
        metadata, _ = parse_frontmatter(skill_md.text)
    except ParseError as error:
        return {str(error).partition("\n")[0]}
    return set(validate_metadata(metadata))


def protected_region(candidate: Candidate) -> Check:
    """The part of a skill that its author keeps for themselves."""
    same = protected_regions(candidate.before_md.body) == protected_regions(candidate.after_md.body)
    problem = "" if same else "The protected region SLOW_UPDATE differs."
    return _refused("protected_region", problem, "No protected region is touched.")


def remembered(candidate: Candidate) -> Check:
    """What was refused or rejected once does not come back."""
    known = candidate.edits is not None and fingerprint(candidate.edits) in candidate.remembered
    problem = "The same edits were refused or rejected before." if known else ""
    return _refused("remembered", problem, "These edits were not refused or rejected before.")


def inverse(candidate: Candidate) -> Check:
    """The loop must not go in circles."""
    undone = any(inverse_of(candidate.edits or (), edits) for edits in candidate.recent)
    problem = "An edit takes back what a recent edit of this skill did." if undone else ""
    return _refused("inverse", problem, "No recent edit is taken back.")


def frozen(candidate: Candidate) -> Check:
    """Somebody said: leave this skill alone."""
    problem = f"The skill is {candidate.frozen_by}." if candidate.frozen_by else ""
    return _refused("frozen", problem, "The skill is neither locked nor retired nor pinned.")


def own_trigger_skill(candidate: Candidate) -> Check:
    """The skill that starts this loop is not changed by it."""
    name = candidate.ref.name if candidate.ref else _name_without_author(text_field(candidate.before_md, "name"))
    problem = (
        f"'{name}' is this project's own skill; the loop does not change it." if name in OWN_TRIGGER_SKILLS else ""
    )
    return _refused("own_trigger_skill", problem, "It is not this project's own skill.")


def _name_without_author(name: str) -> str:
    try:
        return SkillRef.parse(name).name
    except SkillInvalid:
        return name


def secret(candidate: Candidate) -> Check:
    """A secret in an org skill is a secret on every teammate's disk."""
    problem = ""
    if has_secret(candidate.added_text):
        lines = candidate.added_lines
        line = next((line for line in lines if has_secret(line.text)), None)
        place = f"Line {line.number}" if line else "The change"
        problem = (
            f"{place} holds what looks like a secret: {shown(redact(line.text if line else candidate.added_text))}."
        )
    return _refused("secret", problem, "No secret in the added text.")


def _refused(name: str, problem: str, fine: str) -> Check:
    return judged(name, Result.REFUSE, problem, fine)
