"""What the service manager is told; and where there is none, or none that listens, nobody is told anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bursar.loops.systemd import Systemd


def test_every_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("notify")
        Systemd({"NOTIFY_SOCKET": "notify"}).say("READY=1", "STATUS=watching")
        assert manager.recv(100) == b"READY=1\nSTATUS=watching"


@pytest.mark.parametrize("address", ["", "nowhere/notify", "@bursar-nobody-listens-here", "left-behind"])
def test_where_nobody_listens_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
        gone.bind("left-behind")
    Systemd({"NOTIFY_SOCKET": address}).say("READY=1")
