"""Take secrets out of a text before it is shown, stored or sent: each becomes `[redacted:<kind>]`.

Sources of the patterns: the plugins of detect-secrets (imported on first use), and below what they miss. Every pattern
is linear: it starts only where a token starts, or all its repetitions are bounded. Nothing here reads a file or asks a
service whether a secret is alive.
"""

from __future__ import annotations

import importlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

MAX_PASSES = 8
MIN_ENTROPY_CHARS = 24
MIN_ENTROPY_BITS = 3.5
MIN_RANDOM_CHARS = 16
MIN_WORD_CHARS = 3.0
"""Mean length of the words of a name. Random base64 has about 1.5, camelCase identifiers have 4 and more."""

_MARKER = re.compile(r"(\[redacted:[a-z0-9-]{1,40}\])")

_PLUGINS = (
    "artifactory.ArtifactoryDetector",
    "aws.AWSKeyDetector",
    "azure_storage_key.AzureStorageKeyDetector",
    "basic_auth.BasicAuthDetector",
    "discord.DiscordBotTokenDetector",
    "github_token.GitHubTokenDetector",
    "gitlab_token.GitLabTokenDetector",
    "mailchimp.MailchimpDetector",
    "pypi_token.PypiTokenDetector",
    "sendgrid.SendGridDetector",
    "slack.SlackDetector",
    "square_oauth.SquareOAuthDetector",
    "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector",
    "twilio.TwilioKeyDetector",
)
"""Not used, because they are worse than linear on hostile text (jwt, npm and openai: quadratic; cloudant, ibm_* and
softlayer: cubic in a run of spaces) or redact the header alone (private_key). The rules below cover what they find."""

Rule = Callable[[str], str]


def redact(text: str) -> str:
    """The text without secrets. `redact(redact(x)) == redact(x)`; linear in the text; never raises."""
    for _ in range(MAX_PASSES):
        cleaner = _redact_once(text)
        if cleaner == text:
            return text
        text = cleaner
    return "[redacted:text]"  # only a text made to defeat this still changes here


def has_secret(text: str) -> bool:
    """True where `redact` would change the text."""
    return _redact_once(text) != text


def looks_random(token: str) -> bool:
    """True for a token that no person wrote: long, mixed, and not made of words, dates, versions or hex digests."""
    classes = sum(bool(re.search(kind, token)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if len(token) < MIN_ENTROPY_CHARS or classes < 2 or _bits_per_char(token) < MIN_ENTROPY_BITS:
        return False
    return sum(len(part) for part in re.split(r"[-_/+=]", token) if not _ordinary(part)) >= MIN_RANDOM_CHARS


def _redact_once(text: str) -> str:
    """One pass of every rule over what is not redacted yet."""
    for rule in _rules():
        parts = _MARKER.split(text)
        text = "".join(part if index % 2 else rule(part) for index, part in enumerate(parts))
    return text


@cache
def _rules() -> tuple[Rule, ...]:
    """Widest first: a rule that takes a whole value must see it before one that takes a part of it."""
    own = [_rule(kind, re.compile(pattern), None) for kind, pattern in _OWN_PATTERNS]
    named = [_rule(kind, re.compile(pattern), _is_literal) for kind, pattern in _VALUE_PATTERNS]
    plugins = [_rule(kind, pattern, None) for kind, pattern in _plugin_patterns()]
    entropy = _rule("high-entropy", re.compile(r"(?<![\w+/=-])[\w+/=-]{24,}", re.ASCII), _is_random)
    return (*own[:2], *named, *own[2:], *plugins, entropy)


def _rule(kind: str, pattern: re.Pattern[str], accepts: Callable[[re.Match[str]], bool] | None) -> Rule:
    """Replace what the group `secret` (or the whole match) holds."""
    named = "secret" in pattern.groupindex

    def replaced(found: re.Match[str]) -> str:
        if accepts and not accepts(found):
            return found.group()
        start, end = (at - found.start() for at in (found.span("secret") if named else found.span()))
        return f"{found.group()[:start]}[redacted:{kind}]{found.group()[end:]}"

    return lambda text: pattern.sub(replaced, text)


def _plugin_patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for plugin in _PLUGINS:
        module, _, name = plugin.partition(".")
        detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        kind = re.sub(r"[^a-z0-9]+", "-", str(detector.secret_type).lower()).strip("-")
        yield from ((kind, pattern) for pattern in detector.denylist)


_OWN_PATTERNS = (
    # A key block, also one that was cut off: then everything that could still be the key goes.
    (
        "private-key",
        (
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=:,.\\ \t\r\n]|-(?!----))*"
            r"(?:-----END [A-Z0-9 ]{0,60}-----)?"
            r"|PuTTY-User-Key-File-[23][^\r\n]*(?:\r?\n[\w-]+:[^\r\n]*|\r?\n[\w+/=]+)*"
        ),
    ),
    # The password may hold a raw @; `host:80/x@y` is a port and no password.
    ("url-password", r"(?<=://)[^\s/:@\"'<>\[\]]{0,256}:(?!\d{1,5}/|[${<])(?P<secret>[^\s\"'<>\[\]]{1,256})(?=@)"),
    ("jwt", r"(?<![\w-])eyJ[\w=-]{8,}\.[\w=-]{4,}(?:\.[\w=+/-]*)?"),
    ("anthropic-key", r"(?<![\w-])sk-ant-[\w-]{8,}"),
    ("openai-key", r"(?<![\w-])sk-(?:proj-|svcacct-|admin-|or-v1-)?(?=[\w-]{0,60}[0-9])[\w-]{16,}"),
    ("github-token", r"(?<![\w-])(?:gh[opusr]_\w{16,}|github_pat_\w{16,})"),
    ("gitlab-token", r"(?<![\w-])gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent)-[\w.-]{16,}"),
    ("slack-token", r"(?<![\w-])xox[a-z]-[\w-]{10,}|(?<![\w-])xapp-[\w-]{10,}"),
    ("aws-access-key", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}"),
    ("google-key", r"(?<![\w-])AIza[\w-]{30,}|(?<![\w-])ya29\.[\w-]{20,}"),
    ("npm-token", r"(?<![\w-])npm_\w{20,}"),
    ("pypi-token", r"(?<![\w-])pypi-[\w-]{20,}"),
    ("huggingface-token", r"(?<![\w-])hf_[A-Za-z0-9]{20,}"),
    ("stripe-key", r"(?<![\w-])(?:sk|rk|whsec)_(?:(?:live|test)_)?[A-Za-z0-9]{16,}"),
)

_SENSITIVE = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret(?!s)|(?:access|auth|bearer|api|id|refresh|session)?[_-]?token(?!s|iz)"
    r"|(?:api|access|private|secret|signing|encryption|account|master)[_-]?key|client[_-]?secret|credential|authorization)"
)
_MEASURE = r"(?![_-](?:count|limit|budget|usage|type|name|len|length|size|file|path|url|uri|field|header|policy|ttl))"
_NAME = (
    r"(?i:(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,40}[_.-]){0,6}[A-Za-z0-9]{0,20}?"
    rf"{_SENSITIVE}{_MEASURE}(?:[_-][A-Za-z0-9]{{1,20}}){{0,2}})"
)

_VALUE_PATTERNS = (
    ("authorization", r"(?i:\b(?:bearer|basic|negotiate)[ \t]{1,4})(?P<secret>[\w.~+/=-]{16,})"),
    (
        "authorization",
        (
            r"(?i:\b(?:proxy-)?authorization[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?:[a-z]{1,16}[ \t]{1,4})?)"
            r"(?P<secret>[^\s\"']{8,})"
        ),
    ),
    ("cookie", r"(?i:\b(?:set-)?cookie[\"']?[ \t]{0,4}:[ \t]{0,4}[\"']?)(?P<secret>[\w.-]{1,80}=[^\r\n\"']{8,})"),
    (
        "named-value",
        rf"{_NAME}[\"']?[ \t]{{0,4}}(?:=>|:=|=|:)[ \t]{{0,4}}[\"'](?P<secret>[^\"'\r\n]{{4,512}})(?=[\"'])",
    ),
    ("named-value", rf"{_NAME}[ \t]{{0,2}}=[ \t]{{0,2}}(?P<secret>[^\s\"'`,;()<>]{{6,}})"),
    ("named-value", rf"{_NAME}[ \t]{{0,2}}:[ \t]{{1,4}}(?P<secret>(?=[^\s]{{0,80}}[0-9])[^\s\"'`,;()<>]{{8,}})"),
    ("named-value", rf"(?<![\w-])--{_NAME}[ \t]{{1,4}}(?P<secret>[^\s\"'`<>()-][^\s\"'`<>()]{{5,}})"),
    ("named-value", r"(?<![\w-])(?:-u|--user)[ \t]{1,4}[\"']?[\w.@+-]{1,64}:(?!//)(?P<secret>[^\s\"']{4,})"),
)


_NO_LITERAL = (
    r"[$%{<(\[*]|\.\.\.|(?:os|process|env|sys|settings|config|self|secrets|vault|st)\.",  # a variable
    r".*(?i:\byour\b|your[_-]|example|placeholder|changeme|redacted|\$\{|\{\{|x{3}|\*{3}|\.\.\.|<[a-z])",  # says so
    r"[A-Za-z_]+(?:\??\.[A-Za-z_]+)+$",  # code: request.headers
    r"(?i:[a-z_.]*(?:pass|pwd|secret|token|key|cred)[a-z_.]*$)",  # a variable handed on: password=password
    r"(?i:bearer\s*$|true$|false$|none$|null$|undefined$|required$|optional$|(?:string|str|bytes|number)\b[\w |]*$)",
)


def _is_literal(found: re.Match[str]) -> bool:
    """A value and not the place where one stands: no variable, placeholder, call or plain word of prose."""
    called = found.string[found.end() : found.end() + 1] == "("
    return not called and not any(re.match(pattern, found.group("secret")) for pattern in _NO_LITERAL)


def _is_random(found: re.Match[str]) -> bool:
    """A digest (`sha512-...`) is public by nature."""
    return not re.match(r"(?i)sha\d{1,3}[-_=]", found.group()) and looks_random(found.group())


def _bits_per_char(token: str) -> float:
    """Shannon entropy."""
    size = len(token)
    return -sum(n / size * math.log2(n / size) for n in Counter(token).values())


def _ordinary(part: str) -> bool:
    """A word, a camelCase name, a number, a version or a hex digest."""
    if len(part) <= 5 or re.fullmatch(r"(?:0x)?(?:[0-9a-f]+|[0-9A-F]+)", part):
        return True
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|.", part)
    digit_changes = len(re.findall(r"(?<=\d)[A-Za-z]|(?<=[A-Za-z])\d", part))
    return digit_changes <= 2 and len(part) / len(words) >= MIN_WORD_CHARS
