"""What a hook costs, against the floor: a bare interpreter started by the same shell, interleaved in one run.

    python bench/recorder.py [-n 41]

Load: 100 pulled skills, a judgment window open in ANOTHER session, 1,000 spent files in the state directory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from hivemind_skillopt.bundle import PACKAGE
from hivemind_skillopt.cli.harness_file import launcher_text

SESSION = "a6825501-5afc-410d-927d-9b76ade46456"
COMMON = (
    f'{{"session_id":"{SESSION}","transcript_path":"/home/dev/.claude/projects/p/{SESSION}.jsonl",'
    '"cwd":"/home/dev/project",'
)
PROMPT = (
    COMMON + '"prompt_id":"68ce949d","hook_event_name":"UserPromptSubmit","prompt":"now write the release notes"}\n'
)
LOCAL = (
    COMMON + '"hook_event_name":"PreToolUse","tool_name":"Skill","tool_input":{"skill":"my-own"},"tool_use_id":"t"}\n'
)
ORG = (
    COMMON
    + '"hook_event_name":"PreToolUse","tool_name":"Skill","tool_input":{"skill":"skill-7--alice"},"tool_use_id":"t"}\n'
)
START = COMMON + '"hook_event_name":"SessionStart","source":"startup"}\n'
SHELL = (
    COMMON + '"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"git status"},"turn_id":"t"}\n'
)
SHELL_ORG = SHELL.replace("git status", "cat ~/.codex/skills/skill-7--alice/SKILL.md")
READ = (
    COMMON.replace("session_id", "conversation_id")
    + '"hook_event_name":"preToolUse","tool_name":"Read","tool_input":{"file_path":"/p/README.md"},"tool_use_id":"t"}\n'
)


def make_state(folder: Path) -> None:
    """The stated load."""
    for name in ("inbox", "sessions", "set-aside"):
        (folder / name).mkdir(parents=True)
    (folder / "org-skills").write_text("".join(f"skill-{n}--alice\n" for n in range(100)))
    (folder / "generation").write_text("12\n")
    (folder / "sessions" / "claude_code-another-session").touch()
    for n in range(1000):
        (folder / "set-aside" / f"{n:020d}-spent").write_bytes(b"x" * 500)
    launcher = folder / "launcher"
    launcher.write_text(launcher_text(["CLAUDE_CONFIG_DIR", "CODEX_HOME", "HERMES_HOME", "PI_CODING_AGENT_DIR"]))
    launcher.chmod(0o700)


def hook(folder: Path, event: str, harness: str = "claude_code") -> str:
    """The command as `install` renders it."""
    return f"[ -x '{folder}/launcher' ] && '{folder}/launcher' {harness} {event} || true"


def timed(command: str, payload: str, before: Callable[[], None]) -> float:
    """Seconds of one `/bin/sh -c command`, as a harness starts it."""
    before()
    start = time.perf_counter()
    subprocess.run(["/bin/sh", "-c", command], input=payload.encode(), capture_output=True, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=41, help="rounds (default 41)")
    rounds = parser.parse_args().n
    root = Path(tempfile.mkdtemp(prefix="bench-"))
    state = root / "state"
    make_state(state)
    marker = state / "sessions" / f"claude_code-{SESSION}"
    codex = state / "sessions" / f"codex-{SESSION}"
    os.environ["HOME"] = str(root)

    def closed() -> None:
        marker.unlink(missing_ok=True)
        codex.unlink(missing_ok=True)

    floor = f"{sys.executable} -I -S -c pass"
    cases = {
        "floor: sh + python -I -S -c pass": (floor, "", closed, 0.0),
        "idle: prompt, no window here": (hook(state, "UserPromptSubmit"), PROMPT, closed, 1.4),
        "idle: a skill that is not the org's": (hook(state, "PreToolUse"), LOCAL, closed, 1.4),
        "recording: an org skill is used": (hook(state, "PreToolUse"), ORG, closed, 1.6),
        "recording + start: a reaction": (hook(state, "UserPromptSubmit"), PROMPT, marker.touch, 1.6),
        "recording + start: a session starts": (hook(state, "SessionStart"), START, closed, 1.6),
        "Codex, idle: a shell command": (hook(state, "PreToolUse", "codex"), SHELL, closed, 1.4),
        "Codex, idle: a prompt": (hook(state, "UserPromptMention", "codex"), PROMPT, closed, 1.4),
        "Codex, recording: a skill is read": (hook(state, "PreToolUse", "codex"), SHELL_ORG, closed, 1.6),
        "Cursor, idle: a file is read": (hook(state, "PreToolUse", "cursor"), READ, closed, 1.4),
    }
    times = measure(cases, rounds, state)
    shutil.rmtree(root)
    sys.exit(report(cases, times, rounds))


def measure(
    cases: dict[str, tuple[str, str, Callable[[], None], float]], rounds: int, state: Path
) -> dict[str, list[float]]:
    """Interleaved, so that a slow moment of the machine hits every case. The lock keeps started workers short."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 2):
        for name, (command, payload, before, _) in cases.items():
            seconds = timed(command, payload, before)
            quiet(state)
            if number >= 2:
                times[name].append(seconds)
    return times


def quiet(state: Path) -> None:
    """Let a worker that the hook started end before the next measurement."""
    while any(workers(state)):
        time.sleep(0.01)


def workers(state: Path) -> Iterator[int]:
    """Of that state directory, or of one below."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone by now
            argv = (process / "cmdline").read_bytes()
            if str(state).encode() in argv and str(PACKAGE).encode() in argv:
                yield int(process.name)


def report(
    cases: dict[str, tuple[str, str, Callable[[], None], float]], times: dict[str, list[float]], rounds: int
) -> int:
    """The table; 1 when a median ratio is over its limit."""
    floor = times[next(iter(cases))]
    print(f"{'case':38} {'median ms':>10} {'min ms':>8} {'ratio':>6} {'limit':>6}   (n = {rounds}, interleaved)")
    failed = 0
    for name, (_, _, _, limit) in cases.items():
        ratio = statistics.median(a / b for a, b in zip(times[name], floor, strict=True))
        over = limit and ratio > limit
        failed |= bool(over)
        shown = f"{limit:>6.2f}" if limit else f"{'':>6}"
        median, least = statistics.median(times[name]) * 1000, min(times[name]) * 1000
        print(f"{name:38} {median:>10.2f} {least:>8.2f} {ratio:>6.2f} {shown}   {'OVER' if over else ''}")
    return failed


if __name__ == "__main__":
    main()
