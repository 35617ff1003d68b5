"""A server that takes a connection and never answers must not hold its client, which holds the worker's lock.

libpq waits for ever: TCP's own timers see a dead peer, not a paused one, and a proxy answers for whoever is behind it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

from sqlalchemy import Connection

SECONDS = 60
"""Of one transaction; the largest is one batch of the outbox or one folder of 5 MiB. `deadline=` in the URL."""


class Deadline:
    """Of one transaction. `passed`: it was cut."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False

    @contextmanager
    def over(self, connection: Connection) -> Iterator[None]:
        """Shut the connection's socket when the time is over: libpq finds its end, and raises. SQLite has none."""
        driver = connection.connection.driver_connection
        if driver is None or not hasattr(driver, "fileno"):
            yield
            return
        with socket.socket(fileno=os.dup(driver.fileno())) as end:
            timer = Timer(self.seconds, self._cut, (end,))
            timer.daemon = True
            timer.start()
            try:
                yield
            finally:
                timer.cancel()
                timer.join()

    def _cut(self, end: socket.socket) -> None:
        self.passed = True
        with suppress(OSError):  # the server was faster
            end.shutdown(socket.SHUT_RDWR)
