"""The process that a harness starts for each hook: `os` and `sys` only, always exit 0, silent but for one line.

    PYTHON -I -S -c "...; from hivemind_skillopt.recorder import run; run()" STATE_DIR HARNESS EVENT [NAME]... < payload

It writes one inbox file and, for a session start or a possible reaction, starts the worker. It parses
nothing and decides as little as it can: a bytes search can say "certainly not ours", the rest is the
worker's. Each NAME is a variable that moves a harness's home. The inbox file is a contract; a bridge that already
runs inside a harness writes the same:

    inbox/<time_ns, 20 digits>-<unique>      written as `.tmp-...` in the same folder, then renamed
    hivemind-skillopt inbox 1                the format's version
    name=value                               one a line; backslash, LF and CR in a value escaped
    (empty line)
    the payload's bytes as they came

The one line is for the person: what the worker has left in `notice-<harness><home>`, at a session start (`tell`).
"""

import os
import sys

STARTS_SESSION = ("SessionStart",)
USES_SKILL = ("PreToolUse", "UserPromptExpansion")
MAY_REACT = ("UserPromptSubmit", "UserPromptMention")
MAY_USE = ("UserPromptMention",)
"""The prompt of a harness in which a prompt alone can use a skill, by `$name` or `/name`, without another event."""

YES = ("1", "true", "yes", "on")
"""As in `settings.py`."""

MAX_STDIN = 1 << 20
"""Bytes read at most. A hook that does not read on is harmless to the harness (seen)."""

MAX_WAITING = 1 << 14
"""Blocks of BLOCK bytes, 64 MiB, in the inbox. With so many there is no worker that takes them in, and no more come."""

MAX_LOG = 8 << 20
"""Bytes. A worker begins a new log at half of it; without one, failures go untold from here on."""

BLOCK = 4096
"""Bytes: what a file takes on most disks, however small it is."""

PATIENCE = 5.0
"""Seconds for all of stdin, half of what the hook is given. Claude Code has written and closed it by then (seen)."""

NAP = ("sleep", "0.01")
"""`os` cannot wait for a time, a process can. None is started while the payload is there, as it always was (seen)."""

CARRIED = (
    "HOME",
    "HIVEMIND_SKILLOPT_STORE",
    "HIVEMIND_ORG_ID",
    "HIVEMIND_WORKSPACE_ID",
    "HIVEMIND_SKILLOPT_MODE",
    "HIVEMIND_SKILLOPT_JUDGE_WINDOW",
    "HIVEMIND_SKILL_ATTRIBUTION",
)
"""The settings of the moment of the hook. The worker may have been started by another session."""

SHOWN_BY = {"claude_code": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME"}
"""The harnesses that show a hook's `systemMessage` to the person and not to the model, and what moves their homes."""

MAX_NOTICE = 4096
"""Bytes. So many go into a pipe at once or not at all."""

NOBODY_LOOKS = ("CLAUDE_CODE_ENTRYPOINT", "sdk")
"""This variable's start where a program runs Claude Code (`claude -p`, an SDK). The line waits for a person."""

SESSION_KEYS = (b'"parent_conversation_id"', b'"conversation_id"', b'"session_id"')
"""The first that has a text names the session. Cursor says the last two, but of its prompts only the conversation; what
a sub-agent of it uses belongs to the parent, whose next prompt is the reaction."""


def main(argv: list[str]) -> None:
    """Record one event, or nothing."""
    state, harness, event = argv[1:4]
    state = state_dir(state)
    if is_off(state, event):
        return
    try:
        payload = read_stdin()
        if event in STARTS_SESSION and harness in SHOWN_BY and b'"cursor_version"' not in payload:
            tell(state, harness)
        if record(state, harness, event, payload, argv[4:]):
            start_worker(state)
    except Exception as error:
        log_failure(state, event, error)
        raise


def state_dir(usual: str) -> str:
    """Where to record. One that is relative would be another place in every project."""
    chosen = os.environ.get("HIVEMIND_SKILLOPT_STATE_DIR", "")
    return chosen if chosen.startswith("/") else usual


def is_off(state: str, event: str) -> bool:
    """Is nothing to be recorded now, by the environment or the file `disabled`?"""
    environ = os.environ
    if event not in STARTS_SESSION + USES_SKILL + MAY_REACT or "HIVEMIND_SKILLOPT_WORKER" in environ:
        return True
    if environ.get("HIVEMIND_SKILLOPT_DISABLED", "").strip().lower() in YES:
        return True
    if environ.get("HIVEMIND_SKILLOPT_MODE", "").strip().lower() == "off" and event not in STARTS_SESSION:
        return True
    return os.path.exists(state + "/disabled") and is_paused(state + "/disabled")


def record(
    state: str, harness: str, event: str, payload: bytes, homes: list[str], *, session: bytes = b"", told: bytes = b""
) -> bool:
    """Write the inbox file if the event may matter, then the marker. True when a worker is due.

    A bridge that has read its payload says the session id, and which texts may name a skill.
    """
    key = file_name(session) if session else session_key(payload)
    marker = "" if event in STARTS_SESSION else state + "/sessions/" + harness + "-" + key
    if not session:
        told = prompt_in(payload) if event in MAY_USE else payload
    uses = event in USES_SKILL + MAY_USE and names_org_skill(state, told)
    reacts = event in MAY_REACT and os.path.exists(marker)
    if not (uses or reacts or event in STARTS_SESSION):
        return False
    if may_wait(state, len(payload)):
        write_inbox(state, harness, event, payload, homes)
        if uses:  # after the file: the worker looks into the inbox again once it has removed a marker
            touch(marker)
    return event not in USES_SKILL


def may_wait(state: str, size: int) -> bool:
    """Count what comes into the inbox: a dot for each block. The worker counts anew what is left."""
    dots = b"." * (size // BLOCK + 1)
    descriptor = create(state + "/inbox-blocks")
    try:
        if os.fstat(descriptor).st_size + len(dots) > MAX_WAITING:
            return False
        os.write(descriptor, dots)
    finally:
        os.close(descriptor)
    return True


def tell(state: str, harness: str) -> None:
    """Print what the worker has prepared, once: of several session starts the one whose rename succeeds.

    Whatever is wrong with it, nothing is printed. Cursor, which runs Claude Code's hooks, too, never comes here: it
    takes no output that is not its own.
    """
    name, program = NOBODY_LOOKS
    if os.environ.get(name, "").startswith(program):
        return
    home = os.environ.get(SHOWN_BY[harness], "").replace("/", "%")
    mine = f"{state}/.notice.tmp-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        os.rename(f"{state}/notice-{harness}{home}", mine)
        line = read_notice(mine)
        if len(line) <= MAX_NOTICE and line.startswith(b'{"systemMessage": "') and line.endswith(b'"}\n'):
            os.write(1, line)
    except OSError:
        return  # the usual case: nothing changed


def read_notice(path: str) -> bytes:
    """Its first bytes; the file is gone then. Raises OSError for a link, a folder, or what may not be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.unlink(path)
    try:
        return os.read(descriptor, MAX_NOTICE + 1)
    finally:
        os.close(descriptor)


def is_paused(path: str) -> bool:
    """The file `disabled` means for ever, or until the time that it holds (ns)."""
    until = read_file(path).strip()
    if not until.isdigit():
        return True
    os.utime(path)  # the file's clock is ours: no time module here
    return os.stat(path).st_mtime_ns < int(until)


def read_stdin() -> bytes:
    """The payload: one whole line of JSON, else all until the end; at most MAX_STDIN bytes and what comes in PATIENCE.

    A harness that never closes the pipe must not keep us, so reading does not block.
    """
    data, until = b"", os.times().elapsed + PATIENCE
    os.set_blocking(0, False)
    try:
        while len(data) < MAX_STDIN and not is_one_line(data) and (chunk := next_chunk(MAX_STDIN - len(data), until)):
            data += chunk
    finally:
        os.set_blocking(0, True)  # it may be shared: with a terminal, say
    return data


def next_chunk(size: int, until: float) -> bytes:
    """What is there next; b'' at the end and when the time is over. Where nothing is there yet, nap and look again."""
    while True:
        try:
            return os.read(0, size)
        except BlockingIOError:
            if os.times().elapsed > until:
                return b""
            os.waitpid(os.posix_spawnp(NAP[0], NAP, os.environ), 0)


def is_one_line(data: bytes) -> bool:
    """A whole JSON object on one line: inside one there is no line feed, so that nothing can follow."""
    return data.endswith(b"}\n") and data.index(b"\n") == len(data) - 1


def session_key(payload: bytes) -> str:
    """The session id as a file name, by a bytes search: good enough for a marker, which is only a hint."""
    values = (payload.partition(key)[2][:300].lstrip(b": \t\r\n") for key in SESSION_KEYS if key in payload)
    value = next((value for value in values if value.startswith(b'"')), b"")[1:].partition(b'"')[0]
    return file_name(value)


def file_name(session: bytes) -> str:
    """As in `state/markers.py`."""
    return "".join(chr(c) if chr(c).isalnum() or c == 45 else "_" for c in session[:120] if c < 128) or "_"


def prompt_in(payload: bytes) -> bytes:
    """What follows the key `prompt`, the last but for attachments: a folder that has a skill's name uses none."""
    return payload.partition(b'"prompt"')[2] or payload


def names_org_skill(state: str, payload: bytes) -> bool:
    """Does the payload hold the text of any pulled ref?"""
    return any(ref in payload for ref in read_file(state + "/org-skills").split())


def read_file(path: str) -> bytes:
    """The file's bytes, or b'' where it is not there."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def write_inbox(state: str, harness: str, event: str, payload: bytes, homes: list[str]) -> None:
    """Write-temp and rename: a reader never sees half a file."""
    inbox = state + "/inbox/"
    unique = f"{os.getpid()}-{os.urandom(4).hex()}"
    temporary = inbox + ".tmp-" + unique
    descriptor = create(temporary)
    try:
        with open(descriptor, "wb") as file:
            file.write(header(state, harness, event, homes))
            file.write(payload)
            file.flush()
            at = os.fstat(file.fileno()).st_mtime_ns
        os.rename(temporary, f"{inbox}{at:020d}-{unique}")
    except BaseException:
        os.unlink(temporary)
        raise


def header(state: str, harness: str, event: str, homes: list[str]) -> bytes:
    """The lines before the payload."""
    lines = ["hivemind-skillopt inbox 1", "harness=" + harness, "event=" + event]
    lines.append("generation=" + read_file(state + "/generation").decode("ascii", "replace").strip())
    lines += [name + "=" + escape(os.environ[name]) for name in (*CARRIED, *homes) if name in os.environ]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "surrogateescape")


def escape(value: str) -> str:
    """One line, whatever the value holds."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def create(path: str) -> int:
    """Open a 0600 file to write at its end; make its 0700 folder when it is missing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        return os.open(path, flags, 0o600)


def touch(path: str) -> None:
    """Make an empty file."""
    os.close(create(path))


def start_worker(state: str) -> None:
    """Through the package's one way to start it; imported only when a worker is due."""
    from hivemind_skillopt import launch

    launch.start_for_event(state)


def log_failure(state: str, event: str, error: Exception) -> None:
    """One line of JSON, written by hand; the error's type and number only, never its text."""
    descriptor = os.open(state + "/log.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.utime(descriptor)  # the file's clock is ours: no time module here
    at, number = os.fstat(descriptor).st_mtime_ns, getattr(error, "errno", 0) or 0
    what = f'"what": "hook_failed", "event": "{event}", "error": "{type(error).__name__}", "errno": {number}'
    if os.fstat(descriptor).st_size < MAX_LOG:
        os.write(descriptor, f'{{"at": {at}, {what}}}\n'.encode("ascii", "replace"))
    os.close(descriptor)


def run() -> None:
    """The whole process: whatever happens, silence and exit code 0."""
    try:
        main(sys.argv)
    except BaseException:
        if os.environ.get("HIVEMIND_SKILLOPT_DEBUG") == "1":
            raise
    os._exit(0)  # nothing to flush; the interpreter's own teardown costs as much as the recording
