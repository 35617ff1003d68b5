"""TLS before a PostgreSQL server that was built without it: what libpq checks is a real certificate."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


@dataclass
class TlsProxy:
    """`port` of 127.0.0.1; `handshakes` that a client went through with."""

    target: Path
    context: ssl.SSLContext | None
    handshakes: int = 0
    port: int = 0
    _listener: socket.socket = field(default_factory=socket.socket)

    def serve(self) -> None:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            assert client.recv(8) == SSL_REQUEST
            client.sendall(b"S" if self.context else b"N")
            if self.context is None:
                return
            with self.context.wrap_socket(client, server_side=True) as secure, socket.socket(socket.AF_UNIX) as server:
                self.handshakes += 1
                server.connect(str(self.target))
                threading.Thread(target=_pump, args=(secure, server), daemon=True).start()
                _pump(server, secure)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def tls_proxy(target: Path, folder: Path | None) -> Iterator[TlsProxy]:
    """`folder` has key.pem and cert.pem; without one the proxy says that it has no TLS."""
    context = None
    if folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    proxy = TlsProxy(target, context)
    proxy.serve()
    try:
        yield proxy
    finally:
        proxy.close()


def certificate(folder: Path) -> Path:
    """A new one for localhost, that signs itself; its file."""
    openssl = shutil.which("openssl")
    assert openssl, "this test needs the program openssl"
    folder.mkdir()
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([openssl, "req", "-x509", *curve, *names, *files], check=True, capture_output=True)
    return folder / "cert.pem"
