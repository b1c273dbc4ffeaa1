"""The control socket: what is asked over it is answered as it would be without it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from limits import WAIT_S

from bursar.control.client import ask_daemon
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.server import ControlServer
from bursar.domain.values import Json


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
