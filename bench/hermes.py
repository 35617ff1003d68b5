"""By how much the plugin delays a turn of Hermes: its callbacks run on the thread of the turn.

    python bench/hermes.py [-n 101]

Load as in `recorder.py`. Each case is one call of the installed plugin's callback, interleaved; it ends with 1 when a
median is over 10 ms. A conversation of 500 messages is handed over each time, as Hermes does.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from recorder import make_state, quiet

from hivemind_skillopt.adapters.hermes.install import with_hooks

LIMIT_MS = 10.0
SESSION = "20261121_020737_0529e7"
HISTORY = [{"role": "assistant", "content": "x" * 2000} for _ in range(500)]
Hooks = dict[str, Callable[..., object]]


def load(root: Path, state: Path) -> Hooks:
    """As Hermes loads it."""
    module = root / "__init__.py"
    module.write_text(with_hooks(module, None, state / "launcher"))
    hooks: Hooks = {}
    runpy.run_path(str(module))["register"](SimpleNamespace(register_hook=hooks.__setitem__))
    return hooks


def viewed(skill: str) -> dict[str, object]:
    """A skill_view that loaded a skill of 5,000 words."""
    result = json.dumps({"success": True, "name": skill, "skill_dir": f"/x/{skill}", "content": "word " * 5000})
    return {"tool_name": "skill_view", "args": {"name": skill}, "result": result, "status": "ok", "tool_call_id": "c"}


def prompt(number: int) -> dict[str, object]:
    return {"user_message": f"now write the release notes {number}", "conversation_history": HISTORY, "turn_id": "t"}


def cases(marker: Path, number: int) -> dict[str, tuple[str, dict[str, object], Callable[[], object]]]:
    """Name: the callback, what it is told, and what is done before."""
    closed = lambda: marker.unlink(missing_ok=True)  # noqa: E731
    shell: dict[str, object] = {"tool_name": "terminal", "args": {"command": "ls -la"}, "status": "ok"}
    return {
        "idle: prompt, no window here": ("pre_llm_call", prompt(number), closed),
        "idle: a shell command": ("post_tool_call", shell, closed),
        "idle: a skill that is not the org's": ("post_tool_call", viewed("my-own"), closed),
        "recording: an org skill is used": ("post_tool_call", viewed("skill-7--alice"), closed),
        "recording + start: a reaction": ("pre_llm_call", prompt(number), marker.touch),
        "recording + start: a session starts": ("on_session_start", {"platform": "cli"}, closed),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=101, help="rounds (default 101)")
    rounds = parser.parse_args().n
    root = Path(tempfile.mkdtemp(prefix="bench-"))
    state = root / "state"
    make_state(state)
    os.environ["HOME"] = str(root)
    times = measure(load(root, state), state, rounds)
    shutil.rmtree(root)
    sys.exit(report(times))


def measure(hooks: Hooks, state: Path, rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for number in range(rounds):
        for name, (hook, told, before) in cases(state / "sessions" / f"hermes-{SESSION}", number).items():
            before()
            start = time.perf_counter()
            hooks[hook](session_id=SESSION, **told)
            times.setdefault(name, []).append(time.perf_counter() - start)
            quiet(state)
    return times


def report(times: dict[str, list[float]]) -> int:
    """The table; 1 when a median is over the limit."""
    print(f"{'case':38} {'median ms':>10} {'p95 ms':>8} {'limit':>6}   (n = {len(next(iter(times.values())))})")
    for name, found in times.items():
        p95 = statistics.quantiles(found, n=20)[-1] * 1000
        print(f"{name:38} {statistics.median(found) * 1000:>10.2f} {p95:>8.2f} {LIMIT_MS:>6.2f}")
    return int(max(map(statistics.median, times.values())) * 1000 > LIMIT_MS)


if __name__ == "__main__":
    main()
