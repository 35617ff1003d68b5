"""What a text lets an agent reach or run, as sets of keys that can be compared: hosts, paths, scripts, packages.

A key is what makes two mentions the same capability; its value is how it stands in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from hivemind_skillopt.gate.markdown import plain
from hivemind_skillopt.gate.negation import not_forbidden

Found = dict[str, str]

_URL = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}:|h(?:tt|xx)ps?\[?:\]?)//[^\s<>\"'`)\]}|]{1,500}")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}\b", re.IGNORECASE | re.ASCII)
_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?!\w|\.\d)|\[[0-9a-f:]{4,45}\]:\d", re.IGNORECASE
)
_DOMAIN = re.compile(
    r"(?<![\w./@-])(?:[a-z0-9-]{1,63}(?:\.|\[\.\])){1,6}"
    r"(?:com|net|org|io|dev|app|ai|co|cloud|xyz|info|biz|site|online|top|ru|cn|de|uk|eu|us|me|tk|link|page|run)"
    r"(?![\w-]|\.\w|\()",
    re.ASCII,
)
_ROOTS = "bin|boot|dev|etc|home|lib|library|mnt|opt|private|proc|root|run|sbin|srv|sys|system|tmp|users|usr|var|volumes"
_PATH = re.compile(
    rf"(?i)(?<![\w/.:~*}}>)<-])(?:~[\w-]*(?:/[\w.*@${{}}<>-]*)+|/(?:{_ROOTS})(?:/[\w.*@${{}}<>-]*)*(?![\w-])"
    r"|(?:/[\w.@-]+){2,}/?|(?:\.\./)+[\w./-]*|[a-z]:\\[\w\\.-]*|\\\\[\w.-]+\\[\w$.-]+"
    r"|\$\{?(?:home|userprofile|appdata|tmpdir|xdg_\w+)\}?(?:[/\\][\w./\\-]*)?|%(?:userprofile|appdata|temp)%)"
)

_RUNNABLE = (
    r"sh|bash|zsh|fish|ps1|psm1|bat|cmd|exe|msi|scr|vbs|jar|dmg|pkg|deb|rpm|apk|scpt|command|run|bin|so|dll|dylib"
    r"|appimage"
)
_SOURCE = r"py|pyw|js|mjs|cjs|ts|mts|rb|pl|php|lua|r|go|rs|java|swift|kts?|ipynb|groovy|awk|tcl"
_RUN_VERB = r"(?:re-?)?(?:run|execut|invok|call|launch|start|source|trigger|us|load|import|eval)(?:e|es|s|ing|ed)?\b"
_RUNNABLE_END = re.compile(rf"(?i)(?<=[\w-])\.(?:{_RUNNABLE})(?![\w.(/-])")
_SOURCE_END = re.compile(rf"(?i)(?<=[\w-])\.(?:{_SOURCE})(?![\w(/-])")
_STEM = re.compile(r"[\w-]+\Z")
_WHERE = re.compile(r"[\w./${}-]*\Z")
_IN_A_PLACE_TO_RUN = re.compile(r"(?:^|/)(?:scripts?|bin|tools|hooks)/|^\./")
_RUN = re.compile(rf"(?i)\b{_RUN_VERB}")
_RUN_THING = re.compile(
    rf"(?i)\b{_RUN_VERB}\W+(?:\w+\W+){{0,9}}?(?P<name>scripts?|binar(?:y|ies)(?!\s+(?:search|mode|format|suffix|prefix|data|unit|tree|number|value|classif))|executables?|installers?|macros?)\b"
)

_INSTALL = re.compile(
    r"(?i)(?<![\w-])(?:pip3?|pipx|uv|poetry|npm|pnpm|yarn|bun|deno|cargo|go|gem|brew|apt|apt-get|dnf|yum|apk|pacman|conda|"
    r"mamba|choco|winget|scoop|composer|dotnet|docker|podman|helm|code|gh|claude|codex|npx|cpan|luarocks|snap|flatpak)"
    r"(?:[ \t]+(?:pip|tool|extension|plugin|skills|global|-{1,2}[\w=-]+)){0,4}"
    r"[ \t]+(?:install|add|i|get|pull|require|-S|--install-extension)[ \t]+(?P<packages>[^\n`'\";|&)]{1,200})"
)
_FETCH_AND_RUN = re.compile(
    r"(?i)(?<![\w-])(?:npx|uvx|bunx|(?:pnpm|yarn)[ \t]+dlx|(?:pipx|go|deno|uv[ \t]+tool)[ \t]+run)"
    r"(?:[ \t]+-{1,2}[\w=-]+){0,4}[ \t]+(?P<packages>[\w@./:-]{2,100})"
)
_INSTALL_PROSE = re.compile(
    r"(?i)\b(?:install|download|upgrade)(?:ing|s)?\W+(?:\w+\W+){0,5}?"
    r"(?P<packages>`[^`\n]{1,200}`|\w[\w-]*[ \t]+"
    r"(?:packages?|librar(?:y|ies)|plugins?|extensions?|dependenc(?:y|ies)|modules?|tools?|updates?|patch(?:es)?))"
)

_CALL = re.compile(
    r"\b(?:subprocess\.\w+|os\.(?:system|popen|exec\w*|spawn\w*|remove|unlink|rmdir|removedirs|environ)|shutil\.(?:rmtree|move)"
    r"|eval|exec|execfile|__import__|child_process|exec(?:File)?Sync|spawn(?:Sync)?|fs\.(?:rm|unlink|rmdir)\w*|process\.env"
    r"|(?:requests|httpx|aiohttp|axios|urllib|http\.client|smtplib|ftplib|socket|paramiko|boto3|pty|ctypes)\.[\w.]+|urlopen"
    r"|fetch|XMLHttpRequest|WebSocket|sendBeacon|Invoke-\w+|Start-Process|Runtime\.getRuntime|pickle\.loads?)(?=\s*[(\[.])"
)


def hosts(body: str) -> Found:
    """URLs, mail addresses, IP addresses and bare host names."""
    text = plain(body)
    found = [
        match.group().rstrip(".,;:!?*_")
        for pattern in (_URL, _MAIL, _ADDRESS, _DOMAIN)
        for match in pattern.finditer(text)
    ]
    return {host.casefold(): host for host in found}


def outside_paths(body: str) -> Found:
    """Absolute paths, home directories, ways up: anything that is not below the skill's own folder."""
    without_urls = _URL.sub(" ", plain(body))
    return {found.group().rstrip("/.").casefold(): found.group() for found in _PATH.finditer(without_urls)}


def scripts(body: str) -> Found:
    """Names of files that are made to be run, and of source files in a place or sentence that says to run them."""
    text = plain(body)
    names = [name for _, name in _files(_RUNNABLE_END, text)]
    for line in text.split("\n"):
        is_run = _RUN.search(line)
        names += [name for where, name in _files(_SOURCE_END, line) if is_run or _IN_A_PLACE_TO_RUN.search(where)]
    return {name.casefold(): name for name in names}


def _files(end: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    """Folder and name of every file with such an end. Read backwards from the end, so that it stays linear."""
    for found in end.finditer(text):
        stem = text[max(0, found.start() - 80) : found.start()]
        stem = stem[_start(_STEM, stem) :]
        before = text[max(0, found.start() - len(stem) - 200) : found.start() - len(stem)]
        yield before[_start(_WHERE, before) :], stem + found.group()


def _start(pattern: re.Pattern[str], text: str) -> int:
    """Where the run begins that ends the text."""
    found = pattern.search(text)
    return found.start() if found else len(text)


def told_to_run(sentence: str) -> Iterator[re.Match[str]]:
    """'Run the backup script': a script that is not named."""
    return _RUN_THING.finditer(sentence)


def packages(body: str) -> Found:
    """Packages that are fetched or installed, by command or in prose."""
    found: Found = {}
    text = plain(body)
    prose = not_forbidden(_INSTALL_PROSE, body)
    for match in chain(_INSTALL.finditer(text), _FETCH_AND_RUN.finditer(text), prose):
        names = [name.strip("`.,:()") for name in match["packages"].split() if not name.startswith("-")]
        found |= {name.casefold(): match.group() for name in names if name}
    return found


def code_calls(body: str) -> Found:
    """Calls that start processes, delete files, read the environment or talk to the network."""
    return {found.group(): found.group() for found in _CALL.finditer(plain(body))}
