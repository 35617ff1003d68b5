r"""Sentences that tell an agent to do what no small fix needs: give away, delete, override, handle credentials.

Each pattern is a verb and what it acts on. A sentence that tells the agent NOT to do it is no finding, nor is one that
rewords what a removed sentence already said. Word lists are regular expressions, one a word; `\s` is a space in one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from hivemind_skillopt.gate.markdown import Sentence

Matches = Callable[[str], Iterable[re.Match[str]]]


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


def _verb(stems: str, endings: str = "e es ed s ing") -> str:
    return rf"(?<![\w-]){_any(stems)}{_any(endings)}?\b"


def _gap(words: int) -> str:
    r"""At most so many words between two that matter. `\w` and `\W` share no character: one way to match."""
    return rf"\W+(?:\w+\W+){{0,{words}}}?"


_FEW = _gap(12)

_DATA = _any(r"""files? folders? director(?:y|ies) documents? records? rows? tables? entr(?:y|ies) events?
    messages? e-?mails?
    branch(?:es)? commits? history backups? logs? data(?:sets?|bases?)? originals? accounts? repositor(?:y|ies) repos?
    volumes? disks? drives? buckets? snapshots? artifacts? notes? issues? contacts? photos? comments? tickets? quarters?
    everything them it all \.\w{1,8}""")

_SINK = _any(r"""servers? end-?points? webhooks? collectors? services? remotes? third[-\s]part(?:y|ies) external\w*
    outside
    off-?site clouds? buckets? ftp s3 paste-?bins? gists? public(?:ly)? internet web\s?sites? hosts? recipients?
    (?:e-?mail\s)?address(?:es)? inbox telemetry analytics everyone anyone vendors? partners? dropbox google\sdrive
    onedrive slack discord telegram sharepoint""")

_PERSONAL = _any(r"""personal private confidential sensitive users?(?:'s)? customers? clients? employees? location \.env
    environment system""")

_CREDENTIAL = _any(r"""pass-?(?:words?|phrases?|codes?) pin\s(?:codes?|numbers?) credentials? 2fa otps? mfa
    one-time\scodes?
    (?:api|access|private|secret|ssh|signing|encryption|license)[\s_-]?keys?
    (?:access|auth\w*|bearer|refresh|session|api|personal\saccess)[\s_-]tokens?""")

_HANDLED = rf"(?:{_CREDENTIAL}|secrets?|log-?ins?|cookies?)"
"""With words that are too common to stand for a credential by themselves, but not as what a verb acts on."""

_GUARD = _any(r"""checks? confirm\w* verif\w* validat\w* warnings? safe\w* tests? hooks? reviews? permissions?
    sandbox\w* guard\w*
    polic(?:y|ies) limits? restrictions? instructions? rules? secur\w* auth\w* approvals? prompts? consent encryption
    signatures? certificates? tls ssl logging audit\w* monitoring alerts? backups? protections? firewalls? antivirus
    filters? scann\w* linters? errors?""")

_PERSON = _any("users? humans? person instruct\\w* request\\w* reviewers? owners?")
_ASK = _any("ask\\w* confirm\\w* tell\\w* notif\\w* inform\\w* warn\\w*")
_APPROVE = _any(r"approv\w* accept\w* allow\w* grant\w* authori[sz]\w* trust\w* merge")
_WHATEVER = r"(?:regardless\ of|no\ matter\ what|even\ (?:if|when|though)|despite|against)"
_DO_NOT = r"(?:do\ not|don['\u2019]?t|never|no\ need\ to|need\ not|skip)"

_PATTERNS: dict[str, tuple[str, ...]] = {
    "destruction": (
        _verb(
            r"""delet remov eras wip purg drop truncat destroy overwrit shred unlink discard clear clean uninstall
            trash prun
            encrypt""",
            "e es ed s ing p?ping p?ped",
        )
        + rf"(?:\s+(?:up|out|away))?{_FEW}{_DATA}(?!\w)",
        rf"\b{_DATA}\s+(?:[\w'-]+\s+){{0,4}}?"
        + _any("deleted removed erased wiped purged dropped truncated destroyed overwritten cleared")
        + r"\b",
    ),
    "data_leaving": (
        _verb(
            r"""sen[dt] upload post forward transmit e-?mail mail shar sync\w* cop(?:y|ie) back[\s-]?up push submit
            report publish
            export stream deliver relay mirror replicat distribut log stor sav writ expos""",
            "e es s ed ing ting",
        )
        + rf"[^.!?]{{0,160}}?\b{_any('to with on onto into at via in for')}\s+(?:[\w'/`*.-]+\s+){{0,5}}?{_SINK}\b",
        r"\b(?:b?cc|exfiltrat\w*|phon\w* home|beacon\w*)\b",
        _verb("set mak mark chang switch keep publish default creat configur flag")
        + rf"{_FEW}(?:public(?:ly)?|world[- ]readable|unencrypted|in plain ?text|visible to (?:everyone|anyone|all))\b",
        _verb("collect gather harvest record captur track scrap screenshot") + rf"{_gap(9)}{_PERSONAL}\b",
    ),
    "permission": (
        rf"\bwithout\s+(?:[\w-]+\s+){{0,3}}?(?:{_ASK}|approv\w*|permission|consent|prompt\w*|review\w*)\b",
        rf"\b{_WHATEVER}\s+(?:[\w'-]+\s+){{0,3}}?{_PERSON}\b",
        rf"\b{_DO_NOT}\s+(?:[\w-]+\s+){{0,2}}?(?:{_ASK}|mention\w*|disclos\w*|reveal\w*)\b",
        rf"\b(?:auto(?:matically)?|pre|always)[- ]?{_APPROVE}\b",
        r"\b(?:are|is) (?:always|already|pre-?) ?(?:allowed|approved|permitted|authori[sz]ed|safe|trusted)\b",
        _verb("grant giv assign elevat escalat add")
        + _gap(9)
        + _any(r"permissions? privileges? admin\w* root owner(?:ship)? collaborators? full\saccess write\saccess")
        + r"\b",
        r"\b(?:as root|run as admin\w*|sudo|chmod|setuid|bypassPermissions|permission[- ]mode|allowed-tools)\b",
        r"--(?:dangerously[\w-]*|yolo|force\w*|no-verify|no-check\w*|skip-\w+|insecure|allow-\w+|trust[\w-]*|yes)\b",
        r"\bverify\s*=\s*False\b",
        _verb(
            r"""skip bypass disabl ignor turn(?:ing)?\soff switch(?:ing)?\soff overrid circumvent suppress
            deactivat silenc
            weaken relax disregard forget""",
            "e es s ed ing ping",
        )
        + rf"{_FEW}{_GUARD}\b",
        r"\b(?:you are now|new instructions|system prompt|developer mode|silently|secretly|covertly)\b",
    ),
    "credential": (
        _verb(
            r"""us set creat enter typ read print show display echo log includ collect gather find search extract
            cop sav stor
            writ send ask request provid past embed hard-?cod commit export load fetch retriev get obtain rotat
            reset shar
            put add attach upload protect encrypt with""",
            "e y ies es s ed ing ting",
        )
        + rf"{_FEW}{_HANDLED}\b",
        rf"\b{_CREDENTIAL}\s*(?:is|=|:|[`'\"])\s*\S",
        r"\b(?:password|passphrase)[- ]protect\w*",
    ),
}

_NEGATED = re.compile(
    r"(?i)\b(?:not|never|(?:do|ca|wo|must)n['\u2019]?t|cannot|avoid|refuse to|instead of|rather than|forbid(?:den)?"
    r"|prohibit(?:ed)?|stop|prevent)\W+(?:\w++(?:['\u2019-]\w++)*+\W+){0,3}$"
)

CREDENTIAL_TERMS = re.compile(
    rf"(?i:\b{_CREDENTIAL}\b|(?<![\w/])\.env(?:\.\w+)?\b|\.(?:ssh|aws|netrc|npmrc|pypirc|gnupg|kube|git-credentials)\b"
    r"|\bid_(?:rsa|ed25519|ecdsa)\b|\bkey-?(?:chain|ring)\b)|\b[A-Z][A-Z0-9_]{0,60}_(?:KEY|TOKEN|SECRET|PASSWORD)\b"
)


def matches(name: str) -> Matches:
    """The finder of one family of phrases."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS[name]]
    return lambda sentence: (found for pattern in patterns for found in pattern.finditer(sentence))


def new_phrase(find: Matches, new: Iterable[Sentence], gone: Iterable[Sentence]) -> Sentence | None:
    """The first new sentence that says what no removed sentence said."""
    said = {key for sentence in gone for key in _keys(find, sentence.text)}
    return next((sentence for sentence in new if set(_keys(find, sentence.text)) - said), None)


def _keys(find: Matches, sentence: str) -> Iterator[tuple[str, str]]:
    """First and last word of each match: the verb and what it acts on."""
    for found in find(sentence):
        if not _NEGATED.search(sentence[max(0, found.start() - 80) : found.start()]):
            words = re.findall(r"[\w.-]+", found.group().casefold()) or [found.group()]
            yield words[0], words[-1]
