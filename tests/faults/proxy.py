"""A proxy of ours before PostgreSQL's socket: it can be slow, fall silent, refuse, and cut where it hurts."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

SOCKET = ".s.PGSQL.5432"
CHUNK = 1 << 16


class Proxy:
    """Its ways are attributes, and may be changed while connections are open.

    `latency`: seconds before each chunk; `chunk`: bytes of one; `silent`: takes everything, answers nothing; `refuses`:
    closes what connects; `cut_after`: bytes of a client after which its connection is cut, None: never; `cut_commit`:
    `before` or `after` the server has seen the COMMIT of a transaction with an INSERT.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder, self._server = folder, server
        self.cuts = 0
        self.be_good()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen(64)
        Thread(target=self._accept, daemon=True).start()

    def be_good(self) -> None:
        self.latency, self.chunk = 0.0, CHUNK
        self.silent = self.refuses = False
        self.cut_after: int | None = None
        self.cut_commit = ""

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, suppress(OSError):
            if self.refuses:
                return
            server.connect(str(self._server))
            back = Thread(target=self._answers, args=(server, client), daemon=True)
            back.start()
            self._questions(client, server)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        """Until the client's end, or the cut."""
        wrote, sent = False, 0
        while data := client.recv(self.chunk):
            time.sleep(self.latency)
            wrote, sent = wrote or b"INSERT" in data, sent + len(data)
            commits = wrote and b"COMMIT" in data
            if self.cut_after is not None and sent > self.cut_after:
                self.cuts += 1
                return
            if commits and self.cut_commit:
                self.cuts += 1
                if self.cut_commit == "after":
                    client.shutdown(socket.SHUT_RDWR)  # the answer will find nobody
                    server.sendall(data)
                    time.sleep(0.2)
                return
            server.sendall(data)
            wrote = wrote and not commits

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(self.chunk):
                time.sleep(self.latency)
                if not self.silent:
                    client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_of(server: Path) -> Iterator[Proxy]:
    """Its folder's path is short: a socket's name has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="skillopt-px-"))
    proxy = Proxy(folder, server)
    try:
        yield proxy
    finally:
        proxy.close()
        shutil.rmtree(folder, ignore_errors=True)
