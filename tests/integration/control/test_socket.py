"""The control socket: what is asked over it is answered as it would be without it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bursar.control import offline
from bursar.control.asking import answer_within_s, ask
from bursar.control.client import ask_daemon
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.server import ControlServer, SocketTaken
from bursar.domain.values import Json
from bursar.journal.errors import JournalLocked
from bursar.journal.writer import Journal
from bursar.sandbox.faults import leap
from support.config import config
from support.limits import WAIT_S
from support.world import World


class Echo:
    """Answers with what it was asked, or declines."""

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        if verb == "no":
            raise RequestRejected("not today", ErrorCode.FAILED)
        if verb == "bug":
            raise RuntimeError("the key is hunter2")
        return params


async def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    given: dict[str, Json] = {"amount": Decimal("12345678901234567.89"), "count": 3, "text": "10.10"}
    async with ControlServer(tmp_path / "control.sock", Echo()):
        assert await ask_daemon(tmp_path / "control.sock", "echo", given, WAIT_S) == given


async def test_what_is_declined_comes_back_with_its_code(tmp_path: Path) -> None:
    async with ControlServer(tmp_path / "control.sock", Echo()):
        with pytest.raises(RequestRejected, match="not today") as declined:
            await ask_daemon(tmp_path / "control.sock", "no", {}, WAIT_S)
    assert declined.value.code == "failed"


async def test_a_socket_in_a_very_deep_folder_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "control.sock"
    async with ControlServer(deep, Echo()):
        assert await ask_daemon(deep, "echo", {"a": 1}, WAIT_S) == {"a": 1}


async def test_a_socket_left_by_a_killed_daemon_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "control.sock").touch()
    with pytest.raises(ConnectionError):
        await ask_daemon(tmp_path / "control.sock", "echo", {}, WAIT_S)


async def test_the_socket_is_for_its_owner_and_group_only(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with ControlServer(path, Echo()):
        assert path.stat().st_mode & 0o777 == 0o660


async def test_a_failure_of_ours_is_one_sentence(tmp_path: Path) -> None:
    async with ControlServer(tmp_path / "control.sock", Echo()):
        with pytest.raises(RequestRejected, match="see its log"):
            await ask_daemon(tmp_path / "control.sock", "bug", {}, WAIT_S)


async def test_a_daemon_of_another_journal_refuses_and_names_both(tmp_path: Path) -> None:
    """Two journals in one folder have one socket between them."""
    path, ours, theirs = (tmp_path / name for name in ("control.sock", "journal.db", "j2.db"))
    async with ControlServer(path, Echo(), ours):
        with pytest.raises(RequestRejected) as declined:
            await ask_daemon(path, "pause", {}, WAIT_S, theirs)
    assert str(declined.value) == (
        f"the daemon behind {path} keeps {ours}; {theirs} has no daemon: give each journal a folder of its own"
    )
    assert declined.value.code == "failed"


async def test_a_journal_is_known_by_any_of_its_names(tmp_path: Path) -> None:
    folder = tmp_path / "журнал"
    folder.mkdir()
    (folder / "journal.db").touch()
    (tmp_path / "name").symlink_to(folder)
    async with ControlServer(tmp_path / "control.sock", Echo(), folder / "journal.db"):
        answered = await ask_daemon(tmp_path / "control.sock", "echo", {"a": 1}, WAIT_S, tmp_path / "name/journal.db")
    assert answered == {"a": 1}


async def test_a_journal_is_known_by_its_file_where_another_mount_shows_it_elsewhere(tmp_path: Path) -> None:
    """As from inside a container; a second link stands for the mount here."""
    (tmp_path / "journal.db").touch()
    (tmp_path / "seen.db").hardlink_to(tmp_path / "journal.db")
    async with ControlServer(tmp_path / "control.sock", Echo(), tmp_path / "journal.db"):
        assert await ask_daemon(tmp_path / "control.sock", "echo", {}, WAIT_S, tmp_path / "seen.db") == {}


async def test_a_client_that_names_no_journal_is_answered(tmp_path: Path) -> None:
    async with ControlServer(tmp_path / "control.sock", Echo(), tmp_path / "journal.db"):
        assert await ask_daemon(tmp_path / "control.sock", "echo", {"a": 1}, WAIT_S) == {"a": 1}


async def test_the_socket_of_a_living_daemon_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with ControlServer(path, Echo(), tmp_path / "journal.db"):
        with pytest.raises(SocketTaken, match=f"process {os.getpid()}"):
            await ControlServer(path, Echo(), tmp_path / "j2.db").__aenter__()
        assert await ask_daemon(path, "echo", {"a": 1}, WAIT_S) == {"a": 1}


async def test_the_socket_of_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    async with ControlServer(path, Echo(), tmp_path / "journal.db"):
        assert await ask_daemon(path, "echo", {"a": 1}, WAIT_S) == {"a": 1}
    assert not path.exists()


async def test_a_daemon_that_stops_leaves_the_socket_of_another(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with ControlServer(path, Echo(), tmp_path / "j2.db"):
        path.unlink()
        other = ControlServer(path, Echo(), tmp_path / "journal.db")
        await other.__aenter__()
    assert await ask_daemon(path, "echo", {"a": 1}, WAIT_S) == {"a": 1}
    await other.__aexit__(None, None, None)


@pytest.mark.parametrize("left", ["nothing", "file", "dead socket"])
async def test_a_socket_that_is_gone_or_replaced_is_bound_anew(tmp_path: Path, left: str) -> None:
    path = tmp_path / "control.sock"
    async with ControlServer(path, Echo(), tmp_path / "journal.db") as server:
        path.unlink()
        if left == "file":
            path.touch()
        if left == "dead socket":
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(path))
        with capture_logs() as logged:
            await server.keep()
        assert await ask_daemon(path, "echo", {"a": 1}, WAIT_S) == {"a": 1}
    assert [line["event"] for line in logged] == ["control.bound_anew"]
    assert not path.exists()


async def test_a_socket_that_another_daemon_has_taken_is_told_once_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with ControlServer(path, Echo(), tmp_path / "journal.db") as server:
        path.unlink()
        async with ControlServer(path, Echo(), tmp_path / "j2.db"):
            with capture_logs() as logged:
                await server.keep()
                await server.keep()
            assert await ask_daemon(path, "echo", {"a": 1}, WAIT_S, tmp_path / "j2.db") == {"a": 1}
        await server.keep()
        assert await ask_daemon(path, "echo", {"a": 2}, WAIT_S, tmp_path / "journal.db") == {"a": 2}
    assert [line["event"] for line in logged] == ["control.unreachable"]


async def test_a_daemon_that_began_to_listen_while_a_command_waited_for_the_lock_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was just starting: it is neither silent, nor to be stopped."""
    await world.open(config())
    configuration = world._read()
    server = ControlServer(configuration.settings.socket, Echo(), world.journal.path)

    async def in_turn(*_given: object, **_named: object) -> Journal:
        await server.__aenter__()
        raise JournalLocked("another bursar writes this journal")

    monkeypatch.setattr(offline, "_open_in_turn", in_turn)
    assert await ask(configuration, world.sites.registry(), "pause", {"account": "panel"}) == {"account": "panel"}
    await server.__aexit__(None, None, None)


@pytest.mark.parametrize("looks", [1, 2])
async def test_a_socket_that_cannot_be_made_anew_is_made_once_it_can_be(tmp_path: Path, looks: int) -> None:
    """However often it failed: the watchdog looks on, and is never ended by it."""
    folder = tmp_path / "run"
    folder.mkdir()
    async with ControlServer(folder / "control.sock", Echo()) as server:
        shutil.rmtree(folder)
        folder.write_text("", encoding="utf-8")  # the folder cannot be made
        for _ in range(looks):
            await server.keep()
        folder.unlink()
        await server.keep()
        assert (folder / "control.sock").exists()


async def test_a_daemon_that_listens_and_hangs_is_named_with_what_stops_it(tmp_path: Path) -> None:
    """Its process was stopped, or its disk is gone: who asks is told which process it is, and what to look at after."""
    gone = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        leap(2 * WAIT_S)  # it is out of time at once
        await gone.wait()
        writer.close()

    journal = Journal.open(tmp_path / "journal.db")
    server = await asyncio.start_unix_server(hang, tmp_path / "control.sock")
    try:
        with pytest.raises(RequestRejected) as rejected:
            await ask_daemon(tmp_path / "control.sock", "pause", {}, WAIT_S, tmp_path / "journal.db")
    finally:
        gone.set()
        server.close()
        journal.close()
    said = str(rejected.value)
    assert f"the daemon (process {os.getpid()}) has not answered" in said
    assert f"`kill -TERM {os.getpid()}` stops it" in said
    assert "`bursar actions` shows whether" in said


@pytest.mark.parametrize(("verb", "seconds"), [("status", 30), ("why", 30), ("pause", 120), ("call", 120)])
def test_what_only_looks_is_waited_for_less_long(verb: str, seconds: float) -> None:
    assert answer_within_s(verb) == seconds
