"""One machine whose disk is full for a while. Runs as a process of its own, in a mount namespace where that can be had.

    python -m tests.crash.full_disk ROOT LIMIT

LIMIT `disk`: ROOT is a small file system, and a file fills it. Else the number of KiB beyond which no file of a child
may grow, which is as near as a plain user gets.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.hook import SESSION, argv_of, payload, silent, use
from tests.crash.story import LINT, Story
from tests.worker.lab import REACTION, REF, Lab
from tests.worker.processes import ends, environ_of, start, worker_argv

ROOM_FOR_A_LINE = 16
"""KiB."""


@contextmanager
def no_room(root: Path, limit: str) -> Iterator[list[str]]:
    """What a child's argv begins with while there is no room."""
    filler = root / "filler"
    if limit != "disk":
        yield ["/bin/sh", "-c", f'ulimit -f {int(limit) * 2}; exec "$@"', "sh"]  # the unit of `ulimit` is 512 bytes
        return
    fill(filler)
    yield []
    filler.unlink()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def run(prefix: list[str], argv: list[str], lab: Lab, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*prefix, *argv], env=environ_of(lab), input=data, capture_output=True, check=False)


def record_without_room(prefix: list[str], lab: Lab, limit: str) -> None:
    """Silence, and no half inbox file; what there is no room for is lost, that is all."""
    before = set(lab.paths.inbox.iterdir())
    prompt = payload("UserPromptSubmit", prompt="no", prompt_id="p2", filler="x" * 900_000)
    for event, data in {"PreToolUse": use(filler="x" * 900_000), "UserPromptSubmit": prompt}.items():
        assert silent(run(prefix, argv_of(lab.paths.state, event), lab, data)), event
    left = set(lab.paths.inbox.iterdir()) - before
    assert not left, f"no room, and yet {left}"
    if limit != "0":
        (failure,) = lab.log("hook_failed")  # the prompt came to nothing before: its session has no marker
        assert failure["errno"] in (errno.ENOSPC, errno.EFBIG)


def status(lab: Lab) -> dict[str, object]:
    done = run([], [sys.executable, "-m", "hivemind_skillopt", "status", "--json"], lab)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def main(root: Path, limit: str) -> None:
    os.environ["XDG_DATA_HOME"], os.environ["XDG_CONFIG_HOME"] = str(root / "data"), str(root / "config")
    lab = Lab.of_today(root)
    lab.publish()
    lab.pull()
    story = Story.begin(lab)
    story.session(REF, REACTION)
    story.session(LINT, "thanks", REACTION)
    with no_room(root, limit) as prefix:
        record_without_room(prefix, lab, limit)
        done = run(prefix, worker_argv(lab.paths.state), lab)
        assert done.returncode == 0, done.stderr.decode()
    failed = [str(entry["why"]) for entry in lab.log("worker_failed")]
    print(f"{limit}: {failed}")
    assert len(failed) <= 1
    if failed:
        assert any(words in failed[0] for words in ("taken up", "No space left", "No usable temporary")), failed
        assert status(lab)["worker_failure"] == failed[0]
    assert ends([start(lab)]) == [0]
    story.check(workers_failed=True)
    assert status(lab)["worker_failure"] is None
    assert SESSION not in {row.session_id for row in lab.store.attributions()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
