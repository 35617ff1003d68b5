"""The detached worker process: `PYTHON -I .../worker/__main__.py --worker STATE_DIR`."""

from __future__ import annotations

import os
import site
import sys
import time
from pathlib import Path

PACKAGE_PARENT = str(Path(__file__).resolve().parent.parent.parent)
if PACKAGE_PARENT not in sys.path:  # a `--user` or editable install, which -I leaves out
    site.addsitedir(PACKAGE_PARENT)

from hivemind_skillopt import launch  # noqa: E402
from hivemind_skillopt.errors import SkillOptError  # noqa: E402
from hivemind_skillopt.settings import WORKER_GUARD, Settings, load_settings  # noqa: E402
from hivemind_skillopt.state.inbox import Inbox  # noqa: E402
from hivemind_skillopt.state.inbox_size import count_inbox  # noqa: E402
from hivemind_skillopt.state.log import Log  # noqa: E402
from hivemind_skillopt.state.markers import Markers  # noqa: E402


def main(argv: list[str], environ: dict[str, str]) -> int:
    """Run until there is nothing to do. Exit code 0, or 2 for a wrong call; a failure is one line in the log."""
    if len(argv) != 3 or argv[1] != launch.GUARD_ARGUMENT:
        return 2
    os.umask(0o077)
    os.chdir("/")
    log = Log(Path(argv[2]) / "log.jsonl", time.time_ns)
    try:
        settings = load_settings({**environ, "HIVEMIND_SKILLOPT_STATE_DIR": argv[2], WORKER_GUARD: "1"})
        if settings.disabled:
            discard(settings)
        elif settings.paused_until < time.time_ns():  # what was recorded before the pause waits
            work(settings, waited_for=environ.get(WORKER_GUARD) == launch.PERSON)
    except SkillOptError as error:
        log.write("worker_failed", why=str(error))
    except OSError as error:
        log.write("worker_failed", why=f"{error.filename or type(error).__name__}: {error.strerror}")
    except Exception as error:
        log.write("worker_failed", why=type(error).__name__)
        raise
    return 0


def work(settings: Settings, *, waited_for: bool) -> None:
    """Imported here, so that a failure has its line: portalocker looks for a writable temporary folder."""
    from hivemind_skillopt.worker.starting import starting

    with starting(settings) as lock:
        if lock is not None or waited_for:
            from hivemind_skillopt.worker.run import run_worker

            run_worker(settings, lock.release if lock else lambda: None)


def discard(settings: Settings) -> None:
    """The loop is off by a setting that recorders do not see: keep nothing of what they wrote."""
    Inbox(settings.paths.inbox, settings.paths.set_aside).clear()
    count_inbox(settings.paths.inbox, settings.paths.inbox_blocks)  # else recorders find it full one day, for ever
    Markers(settings.paths.markers).clear()


if __name__ == "__main__":
    sys.exit(main(sys.argv, dict(os.environ)))
