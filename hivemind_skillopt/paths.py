"""Where things lie on this machine. Pure: nothing is created here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "hivemind-skillopt"

WAITERS = "waiter-*.lock"
STARTERS = "starting-*.lock"
NOTICES = "notice*"


@dataclass(frozen=True, slots=True)
class Paths:
    """The three directories that the product owns, and the names inside them."""

    state: Path
    data: Path
    config: Path

    @classmethod
    def locate(cls, state_dir: str = "") -> Paths:
        """The platform's directories; `state_dir` (HIVEMIND_SKILLOPT_STATE_DIR) moves the first."""
        state = Path(state_dir) if state_dir else platformdirs.user_state_path(APP)
        return cls(state, platformdirs.user_data_path(APP), platformdirs.user_config_path(APP))

    @property
    def folders(self) -> tuple[Path, Path, Path]:
        """All three; on macOS they are one."""
        return self.state, self.data, self.config

    @property
    def inbox(self) -> Path:
        """One file per recorded hook event; the format is in `recorder.py`."""
        return self.state / "inbox"

    @property
    def inbox_blocks(self) -> Path:
        """How much waits in the inbox, a byte for each block; the format is in `recorder.may_wait`."""
        return self.state / "inbox-blocks"

    @property
    def set_aside(self) -> Path:
        """Inbox files that could not be read, kept for a day."""
        return self.state / "set-aside"

    @property
    def markers(self) -> Path:
        """One empty file per session that may have an open judgment window: hints for the recorder."""
        return self.state / "sessions"

    @property
    def org_skills(self) -> Path:
        """The pulled refs, one a line: the recorder's only knowledge of the manifest."""
        return self.state / "org-skills"

    @property
    def generation(self) -> Path:
        """The manifest's generation number, as text."""
        return self.state / "generation"

    @property
    def disabled(self) -> Path:
        """While this file exists, hooks record nothing: the file-based opt-out. With a time in it (ns): until then."""
        return self.state / "disabled"

    @property
    def launcher(self) -> Path:
        """What the harness's hook command runs; a fixed path, so that trust in it survives upgrades."""
        return self.state / "launcher"

    @property
    def made_folders(self) -> Path:
        """Which folders were not there before us, one a line."""
        return self.state / "made-folders"

    @property
    def backups(self) -> Path:
        """Harness files as they were before we changed them."""
        return self.state / "backups"

    @property
    def state_db(self) -> Path:
        """The machine's own database."""
        return self.state / "state.db"

    @property
    def lock(self) -> Path:
        """Held by the one worker."""
        return self.state / "worker.lock"

    @property
    def pull_lock(self) -> Path:
        """Held by the one pull, unpull or pin."""
        return self.state / "pull.lock"

    def waiter_lock(self, identity: str) -> Path:
        """Held by the one worker of that store and those homes that waits for its turn."""
        return self.state / WAITERS.replace("*", _short(identity))

    def starting_lock(self, identity: str) -> Path:
        """Held by the one worker of that store and those homes that has yet to look into the inbox."""
        return self.state / STARTERS.replace("*", _short(identity))

    @property
    def worker_starts(self) -> Path:
        """How many workers hooks have started in this minute; the format is in `launch.py`."""
        return self.state / "worker-starts"

    def notice(self, harness: str, home: str) -> Path:
        """What a recorder prints at that harness's next session start. `home`: as its variable says it, or ''.

        Named as in `recorder.tell`.
        """
        return self.state / f"notice-{harness}{home.replace('/', '%')}"

    @property
    def calls(self) -> Path:
        """One file per run of an agent CLI, while it lasts."""
        return self.state / "calls"

    @property
    def log(self) -> Path:
        """JSON lines; never conversation text."""
        return self.state / "log.jsonl"

    @property
    def store_db(self) -> Path:
        """The default org store."""
        return self.data / "store.db"

    @property
    def skills(self) -> Path:
        """Immutable version folders: `<sha12>/<name>--<author>/`."""
        return self.data / "skills"

    @property
    def edited(self) -> Path:
        """Copies that their user edited, moved aside when a newer version came."""
        return self.data / "edited"

    @property
    def config_file(self) -> Path:
        """Optional settings, for daemons that do not see a later shell's variables."""
        return self.config / "config.toml"

    def holds(self, path: Path) -> bool:
        """Is this one of the files and folders named above, or a file beside one (`-wal`, `.1`, a temporary one)?"""
        values = (getattr(self, name) for name, kind in vars(Paths).items() if isinstance(kind, property))
        ours = [value for value in values if isinstance(value, Path)]
        temporary = re.fullmatch(r"\.(.+)\.tmp-[0-9a-f-]+", path.name)
        name = temporary[1] if temporary else re.sub(r"(-wal|-shm|-journal|\.1)$", "", path.name)
        named = path.with_name(name)
        patterned = path.parent == self.state and any(map(named.match, (WAITERS, STARTERS, NOTICES)))
        return path in ours or named in ours or patterned


def _short(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:12]
