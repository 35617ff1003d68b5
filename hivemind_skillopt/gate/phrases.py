"""Sentences that tell an agent to do what no small fix needs: give away, delete, override, handle credentials.

Each pattern is a verb and what it acts on. A sentence that tells the agent NOT to do it is no finding, nor is one that
rewords what a removed sentence already said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from hivemind_skillopt.gate.markdown import Sentence

Matches = Callable[[str], Iterable[re.Match[str]]]

_NEGATED = re.compile(
    r"(?i)\b(?:not|never|don['\u2019]?t|cannot|can['\u2019]?t|won['\u2019]?t|mustn['\u2019]?t|avoid|refuse to|instead of|rather than|"
    r"forbid(?:den)?|prohibit(?:ed)?|stop|prevent)\W+(?:[\w'-]+\W+){0,3}$"
)

_FEW = r"\W+(?:[\w'.-]+\W+){0,8}?"

_DATA = (
    r"(?:files?|folders?|director(?:y|ies)|documents?|records?|rows?|tables?|entr(?:y|ies)|events?|messages?|e-?mails?|branch(?:es)?"
    r"|commits?|history|backups?|logs?|data(?:sets?|bases?)?|originals?|accounts?|repositor(?:y|ies)|repos?|volumes?|disks?|drives?"
    r"|buckets?|snapshots?|artifacts?|notes?|issues?|contacts?|photos?|comments?|tickets?|quarters?|everything|them|it|all|\.\w{1,8})"
)

_SINK = (
    r"(?:servers?|end-?points?|webhooks?|collectors?|services?|remotes?|third[- ]part(?:y|ies)|external\w*|outside|off-?site|clouds?"
    r"|buckets?|ftp|s3|paste-?bins?|gists?|public(?:ly)?|internet|web ?sites?|hosts?|recipients?|(?:e-?mail )?address(?:es)?|inbox"
    r"|telemetry|analytics|everyone|anyone|vendors?|partners?|dropbox|google drive|onedrive|slack|discord|telegram|sharepoint)\b"
)

_CREDENTIAL = (
    r"(?:pass-?(?:words?|phrases?|codes?)|pins?|(?:api|access|private|secret|ssh|signing|encryption|license)[ _-]?keys?|credentials?|secrets?"
    r"|(?:access|auth\w*|bearer|refresh|session|api|personal access)[ _-]tokens?|log-?ins?|cookies?|2fa|otps?|mfa|one-time codes?)\b"
)

_GUARD = (
    r"(?:checks?|confirm\w*|verif\w*|validat\w*|warnings?|safe\w*|tests?|hooks?|reviews?|permissions?|sandbox\w*|guard\w*|polic(?:y|ies)"
    r"|limits?|restrictions?|instructions?|rules?|secur\w*|auth\w*|approvals?|prompts?|consent|encryption|signatures?|certificates?|tls|ssl"
    r"|logging|audit\w*|monitoring|alerts?|backups?|protections?|firewalls?|antivirus|filters?|scann\w*|linters?|errors?)\b"
)

_RAW = {
    "destruction": (
        rf"\b(?:delet|remov|eras|wip|purg|drop|truncat|destroy|overwrit|shred|unlink|discard|clear|clean|uninstall|trash|prun|encrypt)"
        rf"(?:e|es|ed|s|ing|p?p?ing)?\b(?:\s+(?:up|out|away))?{_FEW}{_DATA}(?!\w)",
        rf"\b{_DATA}\s+(?:[\w'-]+\s+){{0,4}}?(?:deleted|removed|erased|wiped|purged|dropped|truncated|destroyed|overwritten|cleared)\b",
    ),
    "data_leaving": (
        rf"\b(?:sen[dt]|upload|post|forward|transmit|e-?mail|mail|shar|sync\w*|cop(?:y|ie)|back(?:\s|-)?up|push|submit|report|publish|export"
        rf"|stream|deliver|relay|mirror|replicat|distribut|log|stor|sav|writ|expos)(?:e|es|s|ed|ing|ting)?\b[^.!?]{{0,160}}?"
        rf"\b(?:to|with|on|onto|into|at|via|in|for|make)\s+(?:[\w'/`*.-]+\s+){{0,5}}?{_SINK}",
        r"\b(?:b?cc|exfiltrat\w*|phon\w* home|beacon\w*)\b",
        rf"\b(?:set|mak|mark|chang|switch|keep|publish|default|creat|configur|flag)(?:e|es|s|ed|ing)?\b{_FEW}"
        r"(?:public(?:ly)?|world[- ]readable|unencrypted|in plain ?text|visible to (?:everyone|anyone|all))\b",
        r"\b(?:collect|gather|harvest|record|captur|track|scrap|screenshot)(?:e|es|s|ed|ing)?\b(?:\W+[\w'.-]+){0,6}?\W+(?:personal|private"
        r"|confidential|sensitive|user(?:'s)?|customer|client|employee|location|\.env|environment|system)\b",
    ),
    "permission": (
        r"\bwithout\s+(?:[\w-]+\s+){0,3}?(?:ask\w*|confirm\w*|approv\w*|permission|consent|tell\w*|notif\w*|inform\w*|prompt\w*|review\w*|warn\w*)\b",
        r"\b(?:regardless of|no matter what|even (?:if|when|though)|despite|against)\s+(?:[\w'-]+\s+){0,3}?(?:users?|humans?|person|instruct\w*|request\w*|reviewers?|owners?)\b",
        r"\b(?:do not|don['\u2019]?t|never|no need to|need not|skip)\s+(?:[\w-]+\s+){0,2}?(?:ask\w*|confirm\w*|tell\w*|notif\w*|inform\w*|mention\w*|disclos\w*|warn\w*|reveal\w*)\b",
        r"\b(?:auto(?:matically)?|pre|always)[- ]?(?:approv\w*|accept\w*|allow\w*|grant\w*|authori[sz]\w*|trust\w*|merge)\b",
        r"\b(?:are|is) (?:always|already|pre-?) ?(?:allowed|approved|permitted|authori[sz]ed|safe|trusted)\b",
        r"\b(?:grant|giv|assign|elevat|escalat|add)(?:e|es|s|ed|ing)?\b(?:\W+[\w'-]+){0,6}?\W+(?:permissions?|privileges?|admin\w*|root|owner(?:ship)?|collaborators?|full access|write access)\b",
        r"\b(?:as root|run as admin\w*|sudo|chmod|setuid|bypassPermissions|permission[- ]mode|allowed-tools|auto-?run)\b",
        r"--(?:dangerously[\w-]*|yolo|force\w*|no-verify|no-check\w*|skip-\w+|insecure|allow-\w+|trust[\w-]*|yes)\b|\bverify\s*=\s*False\b",
        rf"\b(?:skip|bypass|disabl|ignor|turn(?:ing)? off|switch(?:ing)? off|overrid|circumvent|suppress|deactivat|silenc|weaken|relax|disregard|forget)"
        rf"(?:e|es|s|ed|ing|ping)?\b{_FEW}{_GUARD}",
        r"\b(?:you are now|new instructions|system prompt|developer mode|silently|secretly|covertly|in the background|pretend)\b",
    ),
    "credential": (
        rf"\b(?:us|set|creat|enter|typ|read|print|show|display|echo|log|includ|collect|gather|find|search|extract|cop|sav|stor|writ|send|ask|request"
        rf"|provid|past|embed|hard-?cod|commit|export|load|fetch|retriev|get|obtain|rotat|reset|shar|put|add|attach|upload|protect|encrypt|with)"
        rf"(?:e|y|ies|es|s|ed|ing|ting)?\b{_FEW}{_CREDENTIAL}",
        rf"\b{_CREDENTIAL}\s*(?:is|=|:|[`'\"])\s*\S",
        r"\b(?:password|passphrase)[- ]protect\w*",
    ),
}

_PATTERNS = {name: tuple(re.compile(raw, re.IGNORECASE) for raw in raws) for name, raws in _RAW.items()}

CREDENTIAL_TERMS = re.compile(
    rf"(?i)\b{_CREDENTIAL}|(?<![\w/])\.env(?:\.\w+)?\b|\.(?:ssh|aws|netrc|npmrc|pypirc|gnupg|kube|git-credentials)\b"
    r"|\bid_(?:rsa|ed25519|ecdsa)\b|\bkey-?(?:chain|ring)\b|\b[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD)\b"
)


def matches(name: str) -> Matches:
    """The finder of one family of phrases."""
    patterns = _PATTERNS[name]
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
