"""A proxy before PostgreSQL that breaks connections by a seed. A process of its own: `python -m ... SOCKET SEED`.

The first line it prints is its port on loopback; then it obeys one word a line (`faults`, `calm`, `count`) and answers
each with one line of JSON: what it has done so far. It ends when its stdin does.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parent.parent.parent
CHUNK = 1 << 16
FATES = {
    "none": 60,
    "cut the question": 9,
    "cut the answer": 9,
    "cut before COMMIT": 5,
    "cut after COMMIT": 5,
    "stall": 4,
    "latency": 8,
}
"""What may become of a connection, and how often."""

MAX_STALL_SECONDS = 6.0
MAX_LATENCY_SECONDS = 0.03


@dataclass
class Breaker:
    """Forwards, and decides by the seed and the number of the connection what goes wrong."""

    socket: str
    seed: int
    faulty: bool = False
    done: Counter[str] = field(default_factory=Counter)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client. The loop itself forgets a task that nobody holds."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.done["connections"] += 1
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            writer.transport.abort()
            return
        draw = random.Random(f"{self.seed} {self.done['connections']}")
        link = Link(self, (writer, up_writer), draw, draw.choices(list(FATES), list(FATES.values()))[0])
        both = (link.pump(reader, up_writer, "question"), link.pump(up_reader, writer, "answer"))
        await asyncio.gather(*both, return_exceptions=True)


@dataclass
class Link:
    """One connection and its fate, which strikes once, and only while faults are on."""

    breaker: Breaker
    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    draw: random.Random
    fate: str
    struck: bool = False

    def __post_init__(self) -> None:
        self.until = {"question": int(10 ** self.draw.uniform(2, 4.3)), "answer": int(10 ** self.draw.uniform(2, 4.3))}
        self.commits = self.draw.randint(1, 4)

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """Until either side has had enough; then neither hears of the other again."""
        try:
            while data := await reader.read(CHUNK):
                if self.breaker.faulty and not self.struck:
                    data = await self._strike(data, writer, way)
                writer.write(data)
                await writer.drain()
        finally:
            self.abort()

    async def _strike(self, data: bytes, writer: asyncio.StreamWriter, way: str) -> bytes:
        """What goes on of these bytes."""
        left, self.until[way] = self.until[way], self.until[way] - len(data)
        commits = way == "question" and b"COMMIT" in data
        self.commits -= commits
        match self.fate:
            case "latency":
                self.breaker.done["chunks delayed"] += 1
                await asyncio.sleep(self.draw.uniform(0, MAX_LATENCY_SECONDS))
            case "cut before COMMIT" if commits and self.commits <= 0:
                self._cut()
            case "cut after COMMIT" if commits and self.commits <= 0:
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0.05)  # the server reads it; nobody will hear what it says
                self._cut()
            case "stall" if self.until[way] < 0:
                self._count()
                await asyncio.sleep(self.draw.uniform(1, MAX_STALL_SECONDS))
            case "cut the question" | "cut the answer" if self.fate.endswith(way) and self.until[way] < 0:
                writer.write(data[: max(left, 0)])
                await writer.drain()
                self._cut()
        return data

    def _cut(self) -> None:
        self._count()
        self.abort()
        raise ConnectionAbortedError

    def _count(self) -> None:
        self.struck = True
        self.breaker.done[self.fate] += 1

    def abort(self) -> None:
        """Both sides, without a word."""
        for writer in self.writers:
            writer.transport.abort()


async def obey(breaker: Breaker) -> None:
    """Until stdin ends."""
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := (await orders.readline()).decode().strip():
        if order != "count":
            breaker.faulty = order == "faults"
        print(json.dumps(breaker.done), flush=True)


async def main(socket: str, seed: int) -> None:
    """Serve."""
    breaker = Breaker(socket, seed)
    server = await asyncio.start_server(breaker.accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await obey(breaker)


class Proxy:
    """The process, as the bench uses it."""

    def __init__(self, socket: Path, seed: int) -> None:
        self._argv = [sys.executable, "-m", "bench.simulation.proxy", str(socket), str(seed)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._answer())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            if self._process.stdin:
                self._process.stdin.close()
            self._process.kill()

    def tell(self, order: str) -> dict[str, int]:
        """`faults`, `calm` or `count`; what it has done so far."""
        print(order, file=self._process.stdin, flush=True)
        done: dict[str, int] = json.loads(self._answer())
        return done

    def _answer(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
