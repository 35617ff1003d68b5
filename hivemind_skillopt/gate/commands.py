"""Shell commands in a Markdown body: in fences, after a prompt, in inline code and in 'run ...' sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from hivemind_skillopt.gate.capabilities import Found
from hivemind_skillopt.gate.markdown import body_lines, code_spans, plain


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHELLS = _names(
    "bash sh zsh fish ksh shell shellscript shell-session console terminal powershell pwsh ps1 cmd bat batch dos"
)

UNMISTAKABLE = _names("""
    ansible apt apt-get awk aws az base64 bash brew bun bunx bzip2 cargo chmod chown chsh cmake conda cp crontab
    csh curl
    dd deno df dig dnf docker docker-compose doas dpkg du eval flatpak ftp gcc gcloud gem gh git glab gpg grep
    gunzip gzip
    helm hexdump iptables java javac jq kill killall kubectl launchctl ln ls lsof mkdir mkfifo mkfs mktemp mongosh
    mount mv
    mysql nc ncat netcat nmap node nohup npm npx nslookup openssl osascript passwd perl pg_dump php ping pip pip3 pipx
    pkill pnpm podman printenv psql pwd pwsh python python3 rclone redis-cli rm rmdir rpm rsync ruby schtasks scp
    screencapture scutil sed setx sftp sh shred sqlite3 ssh ssh-keygen ssh-add sudo svn systemctl tar tcpdump tee telnet
    tmux uname unlink unzip useradd usermod uv uvx visudo wget whoami xargs xattr xclip yarn yq yum zip zsh
""")
"""Programs whose names are no English words."""

AMBIGUOUS = _names("""
    at cat code cut date diff echo env export find go head history make more open sort source test top touch
""")
"""Programs whose names are English words: only with a flag, a path, a pipe or a redirection."""

UNBOUND = _names("""
    bash sh zsh eval sudo doas rm rmdir shred unlink dd mkfs mv chmod chown curl wget nc ncat netcat ssh scp sftp
    ftp rsync
    rclone kill killall pkill crontab python python3 node perl ruby php osascript powershell pwsh xargs find tee base64
    openssl sqlite3 psql mysql printenv env git
""")
"""What they do lies in their arguments, so the whole command is the capability, not its shape."""

_RUN_IN_PROSE = re.compile(
    r"(?i)\b(?:run|execute|invoke|type|enter|issue|call|use|using|with|via|do)\b:?[ \t]+"
    r"(?P<command>[a-z][\w-]+[ \t][^.`'\"]{1,200})"
)
_BARE = re.compile(
    rf"(?<![\w./-])(?P<command>(?:{'|'.join(sorted(map(re.escape, UNMISTAKABLE)))})"
    r"[ \t]+(?:--?[a-zA-Z]|[<$/~]|\./)[^`\n]{0,200})"
)
"""In the middle of a sentence: a program that is followed by a flag, a path, a variable or a placeholder."""

_PROMPT = re.compile(r"^[\s>]*(?:\$|PS>|C:\\>)[ \t]+(?P<command>\S.*)")
_SETS_A_VARIABLE = re.compile(r"[A-Za-z_]\w*=")
_SEGMENTS = re.compile(r"\|\||&&|[|;&]|\$\(|`")


def commands(body: str) -> Found:
    """Every command by its shape: program, sub-command and flags; the whole of it where arguments decide."""
    return {_shape(words): " ".join(words) for command in _command_texts(plain(body)) for words in _segments(command)}


def _command_texts(body: str) -> Iterator[str]:
    for line in body_lines(body):
        prompt = _PROMPT.match(line.text)
        if prompt:
            yield prompt["command"]
        elif line.language in SHELLS:
            yield line.text.partition(" #")[0]
        else:
            whole = [] if line.language is None else [line.text]
            yield from filter(_is_command, [*whole, *code_spans(line.text), *_in_prose(line.text)])


def _in_prose(text: str) -> list[str]:
    return [found["command"] for pattern in (_RUN_IN_PROSE, _BARE) for found in pattern.finditer(text)]


def _is_command(text: str) -> bool:
    """Starts with a program and goes on with arguments, or names a file to run."""
    words = _without_prefix(text.split())
    if not words:
        return False
    if words[0].startswith(("./", "/")) and len(words) > 1:
        return True
    if words[0] in UNMISTAKABLE:
        return len(words) > 1
    return words[0] in AMBIGUOUS and bool(re.search(r"\s(?:-{1,2}\w|[~./$]|[|>]{1,2}\s)", text))


def _segments(command: str) -> Iterator[list[str]]:
    """The parts of a pipeline or list that start a program."""
    for index, part in enumerate(_SEGMENTS.split(command)):
        words = _without_prefix(part.split())
        if words and not words[0].startswith("#") and (index == 0 or words[0] in UNMISTAKABLE | AMBIGUOUS):
            yield words


def _without_prefix(words: list[str]) -> list[str]:
    """Without `NAME=value` before the program."""
    return list(itertools.dropwhile(_SETS_A_VARIABLE.match, words))


def _shape(words: list[str]) -> str:
    program, *rest = words
    if program in UNBOUND:
        return " ".join(words)
    verbs = []
    for word in rest[:2]:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        verbs.append(word)
    flags = sorted({word.partition("=")[0] for word in rest if word.startswith("-")})
    return " ".join([program, *verbs, *flags])
