"""The sink: lines in a real file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bursar.api import DeliveryFailed, Sink, SinkSettings
from bursar.testing import Loan, make_delivery
from bursar_parcel.jsonl import JSONL


def sink_at(path: Path) -> Sink:
    return JSONL.open(SinkSettings("lines", {"path": str(path)}), Loan().context)


async def test_a_line_is_the_envelope_and_the_delivery(tmp_path: Path) -> None:
    await sink_at(tmp_path / "news").deliver(make_delivery(data={"text": "zwei\nZeilen"}, id_="dl_7"))
    [line] = (tmp_path / "news").read_text(encoding="utf-8").splitlines()
    said = json.loads(line)
    assert (said["delivery"], said["type"], said["data"]["text"]) == ("dl_7", "bursar.notify", "zwei\nZeilen")


async def test_lines_are_added(tmp_path: Path) -> None:
    for id_ in ("dl_1", "dl_2"):
        await sink_at(tmp_path / "news").deliver(make_delivery(id_=id_))
    assert len((tmp_path / "news").read_bytes().splitlines()) == 2


async def test_the_file_is_its_owners(tmp_path: Path) -> None:
    await sink_at(tmp_path / "news").deliver(make_delivery())
    assert (tmp_path / "news").stat().st_mode & 0o077 == 0


async def test_a_missing_folder_is_a_failed_delivery(tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed, match="No such file"):
        await sink_at(tmp_path / "nowhere" / "news").deliver(make_delivery())
