"""The runner asks a daemon as every command does, wherever its folder lies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bursar.control.server import ControlServer
from bursar_prove.clients import ask


class Echo:
    """Answers with what it was asked."""

    async def answer(self, verb: str, params: dict[str, Any]) -> Any:
        return [verb, params]


@pytest.mark.parametrize("deep", ["d", "d" * 100])
async def test_a_daemon_is_reached_however_deep_its_folder_lies(tmp_path: Path, deep: str) -> None:
    path = tmp_path / deep / "control.sock"
    async with ControlServer(path, Echo()):  # type: ignore[arg-type]
        assert await asyncio.to_thread(ask, path, "held", id="7") == ["held", {"id": "7"}]


def test_nobody_answers_where_no_daemon_is(tmp_path: Path) -> None:
    assert ask(tmp_path / "nowhere" / "control.sock", "held") is None
