"""A terminal program in a tmux of its own, for what a harness does only in its TUI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60.0


def missing_tmux() -> str:
    """Why a `Terminal` cannot run here; empty when it can."""
    return "" if shutil.which("tmux") else "the TUI is driven by tmux, which is not installed"


class Terminal:
    """Open it by `with`: what is in it runs once the pattern `ready` is on the screen."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        ready: str,
        size: tuple[int, int] = (160, 50),
    ) -> None:
        self.command = tuple(command)
        self.env = {**env, "TERM": "xterm-256color"}
        self.cwd = cwd
        self.ready = ready
        self.size = size
        self._folder = Path(tempfile.mkdtemp(prefix="tui-"))  # short: a socket's path may have 107 bytes

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start and wait until it is ready. tmux runs the program itself, without a shell or its start-up files."""
        width, height = map(str, self.size)
        window = ["-s", "tui", "-x", width, "-y", height, "-c", str(self.cwd)]
        environ = [f"{name}={value}" for name, value in self.env.items()]
        self._tmux("-f", os.devnull, "new-session", "-d", *window, "env", "-i", *environ, *self.command)
        try:
            self.wait_for(self.ready)
        except AssertionError:
            self.close()
            raise

    def type(self, text: str, *, enter: bool = True) -> None:
        """Type as a person does. Enter comes apart: in one burst the TUI takes it for a pasted line break."""
        self._tmux("send-keys", "-t", "tui", "-l", text)
        if enter:
            self.wait_for(re.escape(text[-20:].strip()))
            time.sleep(0.2)
            self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys by their tmux names: Escape, C-c, Up."""
        self._tmux("send-keys", "-t", "tui", *keys)

    def press_until(self, key: str, pattern: str) -> None:
        """For a dialog, which may be drawn before it listens; the key must do no harm when it comes twice."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, screen := self.capture()):
            assert time.monotonic() < deadline, f"{key} did not lead to {pattern!r}. The screen:\n{screen}"
            self.press(key)
            time.sleep(0.5)

    def capture(self) -> str:
        """What the screen shows, with what has scrolled away; empty when the program has ended."""
        return self._tmux("capture-pane", "-t", "tui", "-p", "-S", "-", check=False)

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> str:
        """The screen, as soon as the pattern is found on it."""
        deadline = time.monotonic() + timeout
        while True:
            screen = self.capture()
            if re.search(pattern, screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"{pattern!r} did not come up in {timeout} s. The screen:\n{screen}")
            time.sleep(0.1)

    def close(self) -> None:
        """Close the terminal, as a person who closes the window; harmless when the program has ended by itself."""
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tmux(self, *args: str, check: bool = True) -> str:
        argv = ["tmux", "-S", str(self._folder / "s"), *args]
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=check).stdout
