"""A harness small enough to read: sessions, skills, hooks, a transcript, and a headless mode, in words of its own.

    tinyharness [--resume ID] [--timer] PROMPT     one turn; prints the session's id. --timer: nobody typed it
    tinyharness -p --system TEXT [--no-session]    a question on standard input, no tools; prints one JSON object
    tinyharness --version

Its home is TINYHARNESS_HOME, else ~/.tinyharness:

    hooks.json       {"enabled": true, "hooks": [{"on": "start" | "skill" | "prompt", "run": "COMMAND"}]}
    skills/          a skill is used when its name, without the author, is a word of the prompt
    sessions/        one JSONL file for each session
    answers.json     what its model says: {"WORD OF THE SYSTEM TEXT": {"text": ...} or {"fails": ...}}
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

VERSION = "tinyharness 1.0"


def run_hooks(home: Path, payload: dict[str, object]) -> None:
    """Each command of that event gets the payload. One that says anything, or fails, is shown to the user."""
    file = home / "hooks.json"
    config = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if config.get("enabled", True) is False:
        return
    for hook in config.get("hooks", []):
        if hook["on"] == payload["event"]:
            given = json.dumps(payload) + "\n"
            done = subprocess.run(
                ["/bin/sh", "-c", hook["run"]], input=given, capture_output=True, text=True, check=False
            )
            if done.returncode or done.stdout or done.stderr:
                print(f"hook said: {done.returncode} {done.stdout}{done.stderr}", file=sys.stderr)


def write(log: Path, record: dict[str, object]) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def wanted(home: Path, prompt: str) -> list[Path]:
    """The skills that the prompt asks for."""
    words = re.findall(r"\w+", prompt.lower())
    folders = sorted((home / "skills").iterdir()) if (home / "skills").is_dir() else []
    return [one for one in folders if one.name.split("--")[0] in words and (one / "SKILL.md").is_file()]


def turn(home: Path, session: str, prompt: str, by: str) -> None:
    """The session starts, or goes on; the prompt; the skills that it needs; the answer."""
    session, resumed = session or uuid.uuid4().hex, bool(session)
    log, now = home / "sessions" / f"{session}.jsonl", uuid.uuid4().hex[:8]
    common = {"session_id": session, "log": str(log), "dir": str(Path.cwd())}
    run_hooks(home, {**common, "event": "start", "resumed": resumed})
    run_hooks(home, {**common, "event": "prompt", "turn": now, "by": by, "text": prompt})
    write(log, {"who": by, "turn": now, "text": prompt})
    for number, folder in enumerate(wanted(home, prompt)):
        call = {"call": f"{now}-{number}", "skill": folder.name}
        run_hooks(home, {**common, "event": "skill", "turn": now, **call})
        body = (folder / "SKILL.md").read_text("utf-8").split("---\n", 2)[2]
        write(log, {"who": "skill", "turn": now, **call, "text": body})
    write(log, {"who": "assistant", "turn": now, "text": "Done."})
    print(session)


def answer(home: Path, system: str, *, keep: bool) -> int:
    """Headless. An error is told with exit code 0, as some programs do."""
    session, question = uuid.uuid4().hex, sys.stdin.read()
    log = home / "sessions" / f"{session}.jsonl"
    common = {"session_id": session, "log": str(log), "dir": str(Path.cwd())}
    run_hooks(home, {**common, "event": "start", "resumed": False})
    run_hooks(home, {**common, "event": "prompt", "turn": "1", "by": "human", "text": question})
    if keep:
        write(log, {"who": "human", "turn": "1", "text": question})
    answers = json.loads((home / "answers.json").read_text("utf-8"))
    rule = next(rule for word, rule in answers.items() if word in system)
    if "raw" in rule:
        sys.stdout.write(rule["raw"])
        return int(rule.get("code", 0))
    said = {"ok": False, "text": rule["fails"]} if "fails" in rule else {"ok": True, "text": json.dumps(rule["text"])}
    print(json.dumps({**said, "tokens": {"in": len(question) // 4, "out": 9}}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tinyharness")
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--resume", default="")
    parser.add_argument("--timer", action="store_true")
    parser.add_argument("-p", dest="headless", action="store_true")
    parser.add_argument("--system", default="")
    parser.add_argument("--no-session", action="store_true")
    parser.add_argument("prompt", nargs="?", default="")
    given = parser.parse_args()
    home = Path(os.environ.get("TINYHARNESS_HOME") or Path.home() / ".tinyharness")
    if given.headless:
        return answer(home, given.system, keep=not given.no_session)
    turn(home, given.resume, given.prompt, "timer" if given.timer else "human")
    return 0


if __name__ == "__main__":
    sys.exit(main())
