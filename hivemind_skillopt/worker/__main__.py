"""The detached worker process: `PYTHON -I .../worker/__main__.py --worker STATE_DIR`."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

PACKAGE_PARENT = str(Path(__file__).resolve().parent.parent.parent)
if PACKAGE_PARENT not in sys.path:  # a `--user` or editable install, which -I leaves out
    site.addsitedir(PACKAGE_PARENT)

from hivemind_skillopt import launch  # noqa: E402
from hivemind_skillopt.errors import SkillOptError  # noqa: E402
from hivemind_skillopt.settings import WORKER_GUARD, Settings, load_settings  # noqa: E402


def main(argv: list[str], environ: dict[str, str]) -> int:
    """Run until there is nothing to do. Exit code 0, or 2 for a wrong call."""
    if len(argv) != 3 or argv[1] != launch.GUARD_ARGUMENT:
        return 2
    os.umask(0o077)
    os.chdir("/")
    settings = load_settings({**environ, "HIVEMIND_SKILLOPT_STATE_DIR": argv[2], WORKER_GUARD: "1"})
    if not settings.disabled:
        work(settings)
    return 0


def work(settings: Settings) -> None:
    """Be the one worker, as often as the inbox asks for it."""
    from hivemind_skillopt.worker.run import run_worker

    run_worker(settings)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv, dict(os.environ)))
    except SkillOptError as failure:
        sys.exit(str(failure))
