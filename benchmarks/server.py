"""A panel that is quick enough to be no part of what is measured: `status` of one and of many, in a process of its own.

It speaks HTTP/1.1 by hand and keeps every order's answer encoded, so that a request for a hundred costs it a look into
a dictionary for each. `POST /change` moves the next one in a hundred orders on, round and round.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from benchmarks.orders import ids, said

ROOT = Path(__file__).parents[1]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Orders:
    """What the panel knows."""

    def __init__(self, count: int) -> None:
        self._ids = [id_.encode() for id_ in ids(count)]
        self._changes = [0] * count
        self._next = 0
        self._piece = {id_: self._encoded(number) for number, id_ in enumerate(self._ids)}

    def _encoded(self, number: int) -> bytes:
        return msgspec.json.encode(said(number, self._changes[number]))

    def change(self) -> int:
        """Move the next one in a hundred on; give how many that were."""
        moved = range(self._next % 100, len(self._ids), 100)
        for number in moved:
            self._changes[number] += 1
            self._piece[self._ids[number]] = self._encoded(number)
        self._next += 1
        return len(moved)

    def answer(self, form: bytes) -> bytes:
        """Answer `orders=1,2,3` or `order=1`."""
        start = form.find(b"&orders=")
        if start < 0:
            return self._piece[form[form.find(b"&order=") + 7 :]]
        piece = self._piece
        return b"{" + b",".join([b'"%b":%b' % (id_, piece[id_]) for id_ in form[start + 8 :].split(b",")]) + b"}"


class Connection(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            form, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            change = head.startswith(b"post /change ")
            body = b"%d" % self._orders.change() if change else self._orders.answer(form)
            self._transport.write(HEAD % len(body) + body)


class Panel:
    """The server's process; use it as a context."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.server", str(self._count)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdout=pipe, stdin=pipe, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2"

    async def change(self) -> None:
        """Have one order in a hundred move on."""
        async with aiohttp.ClientSession() as session, session.post(f"http://127.0.0.1:{self.port}/change") as answer:
            await answer.read()


def pin(core: int) -> None:
    """Stay on one of the machine's cores: the server on the last, what is measured on the first."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core]})


async def serve(count: int) -> None:
    """Serve until the other side of standard input is closed."""
    orders = Orders(count)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(orders), "127.0.0.1", 0, backlog=64)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    pin(-1)
    asyncio.run(serve(int(sys.argv[1])))
