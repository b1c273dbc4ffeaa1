"""What the runner says to the other processes, and hears: the sandbox over its line, the daemon over its control
socket, as every command does. Everything waits; nothing here starts a loop or a thread."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bursar.api import Request
from bursar.control.client import reachable
from bursar_prove.witness import FOREIGN, Effect, Sent

WAIT_S = 60.0
"""A process that does not answer within this is taken for dead."""


@dataclass(slots=True)
class Line:
    """The line to the sandbox; keeps what the witnesses told.

    Attributes:
        polled: The providers that are polled often.
        effects: Everything that the providers did, by provider, in order.
        sent: Every request of an effect by the daemon, by provider, in order.
        owed: How many late effects were still to come at the last look.
        asked: How often each provider was asked, up to the last look.
    """

    plug: socket.socket
    polled: Sequence[str] = ()
    effects: dict[str, list[Effect]] = field(default_factory=dict)
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    owed: int = 0
    asked: dict[str, int] = field(default_factory=dict)
    _rest: bytes = b""

    def say(self, verb: str, **params: Any) -> Any:
        """Send one question or command, and return the answer.

        Raises:
            ConnectionError: the sandbox is gone.
        """
        self.plug.sendall(json.dumps([verb, params]).encode() + b"\n")
        while b"\n" not in self._rest:
            piece = self.plug.recv(1 << 20)
            if not piece:
                raise ConnectionError("the sandbox ended")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def look(self) -> list[Effect]:
        """Ask for what is new; return all effects."""
        known = {name: (len(seen), len(self.sent[name])) for name, seen in self.effects.items()}
        told = self.say("look", since=known)
        for name, one in told.items():
            self.effects.setdefault(name, []).extend(_effect(row) for row in one["effects"])
            self.sent.setdefault(name, []).extend(_sent(row) for row in one["sent"])
        self.owed = sum(one["owed"] for one in told.values())
        self.asked = {name: one["asked"] for name, one in told.items()}
        return [effect for seen in self.effects.values() for effect in seen]

    def requests(self) -> list[Sent]:
        """Return every request of an effect that was told."""
        return [one for sent in self.sent.values() for one in sent]


def _effect(row: dict[str, Any]) -> Effect:
    return Effect(**{**row, "intents": tuple(row["intents"])})


def _sent(row: dict[str, Any]) -> Sent:
    pairs = {name: tuple(tuple(one) for one in row[name]) for name in ("intents", "seen")}
    return Sent(**{**row, **pairs, "beside": tuple(row["beside"])})


class _Over(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("bursar", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        folder = os.open(self._path.parent, os.O_PATH | os.O_CLOEXEC)
        try:
            self.sock.connect(reachable(self._path, folder))
        finally:
            os.close(folder)


def ask(path: Path, verb: str, **params: Any) -> Any:
    """Ask the daemon; None when it is not there, does not answer, or declines."""
    with closing(_Over(path, WAIT_S)) as connection:
        try:
            connection.request("POST", f"/{verb}", json.dumps(params))
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
    return answer.get("result")


def call(request: Request) -> Any:
    """Ask a provider, as a person would who looks there, or does something there; the answer is JSON."""
    parts, headers = urlsplit(request.url), {**request.headers, FOREIGN: "1"}
    body = request.body
    if request.form is not None:
        body, headers["Content-Type"] = urlencode(request.form).encode(), "application/x-www-form-urlencoded"
    elif request.json is not None:
        body, headers["Content-Type"] = json.dumps(request.json).encode(), "application/json"
    with closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=WAIT_S)) as connection:
        path = parts.path + ("?" + urlencode(request.query) if request.query else "")
        connection.request(request.method, path, body, headers)
        return json.loads(connection.getresponse().read())
