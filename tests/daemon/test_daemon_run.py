"""`bursar run` as a process: how it starts, stops, reloads, and what it refuses to start on."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest
from household import WALLET, Household, ended, run

REFILL = "- {name: refill, on: order.partial, do: [refill]}"
STOP_S = 10.0
"""A hard limit; the promise is five seconds, and the machine that tests may be slow."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told(house: Household, number: signal.Signals) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        process.send_signal(number)
        assert (await ended(process, STOP_S))[0] == 0


async def test_it_stops_while_a_request_hangs(house: Household) -> None:
    house.configure(REFILL)
    house.panel_faults.add("refill", "timeout-after")
    async with house.daemon() as process:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.effects("refill") == 1)
        process.send_signal(signal.SIGTERM)
        assert (await ended(process, STOP_S))[0] == 0


async def test_it_takes_its_socket_away(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        process.send_signal(signal.SIGTERM)
        await ended(process)
    assert not (house.folder / "control.sock").exists()


async def test_a_clean_stop_is_told_to_nobody(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        process.send_signal(signal.SIGTERM)
        await ended(process)
    async with house.daemon():
        assert [row for row in await house.ask("events") if row["type"].startswith("daemon.")] == []


async def test_a_sighup_takes_on_a_new_configuration(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        house.configure(REFILL)
        house.said.clear()
        process.send_signal(signal.SIGHUP)
        await house.until(lambda: any("READY=1" in line for line in house.said))
        assert (await house.ask("status"))["rules"] == 1


@pytest.mark.parametrize("broken", ["rules: [", "accounts: {panel: {provider: smn}}", "", "settings: {state: ./other.db}"])
async def test_a_sighup_with_a_broken_configuration_keeps_the_old_one(house: Household, broken: str) -> None:
    house.configure(REFILL)
    async with house.daemon() as process:
        house.path.write_text(broken)
        house.said.clear()
        process.send_signal(signal.SIGHUP)
        await house.until(lambda: any("old configuration" in line for line in house.said))
        assert ((await house.ask("status"))["rules"], process.returncode) == (1, None)


async def test_a_daemon_with_its_old_configuration_goes_on(house: Household) -> None:
    house.configure(REFILL)
    async with house.daemon() as process:
        house.path.write_text("rules: [")
        process.send_signal(signal.SIGHUP)
        await house.until(lambda: any("old configuration" in line for line in house.said))
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.heard("action.succeeded") == 1)
    assert house.effects("refill") == 1


async def test_a_bad_configuration_is_78(house: Household) -> None:
    house.path.write_text("accounts: {panel: {provider: smn, key: x}}\nrulez: []\n")
    code, err = await ended(await run(house.path))
    assert (code, "smn" in err, "rulez" in err) == (78, True, True)


async def test_a_bad_configuration_starts_nothing(house: Household) -> None:
    house.path.write_text("settings: {state: ./journal.db}\nrulez: []\n")
    await ended(await run(house.path))
    assert sorted(path.name for path in house.folder.iterdir()) == ["bursar.yaml"]


async def test_a_missing_secret_is_78(house: Household) -> None:
    house.configure("- {name: p, on: balance.passed_min_payout, do: [{payout: {method: '7', account: {env: NOT_SET}}}]}")
    code, err = await ended(await run(house.path))
    assert (code, "NOT_SET" in err) == (78, True)


def assert_one_sentence(said: tuple[int, str], *words: str) -> None:
    code, err = said
    assert (code, len(err.strip().splitlines()), [word for word in words if word not in err]) == (1, 1, [])


async def test_a_journal_that_another_daemon_writes_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        assert_one_sentence(await ended(await run(house.path)), "another bursar", str(process.pid))


async def test_a_journal_that_cannot_be_made_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    (house.folder / "file").write_text("")
    house.path.write_text(house.path.read_text().replace("./journal.db", "./file/journal.db"))
    assert_one_sentence(await ended(await run(house.path)), "journal.db")


@pytest.mark.parametrize("content", [b"", b"no journal at all, but long enough to be taken for a header" * 99])
async def test_a_damaged_journal_is_one_sentence(house: Household, content: bytes) -> None:
    house.configure("[]")
    (house.folder / "journal.db").write_bytes(content)
    assert_one_sentence(await ended(await run(house.path)), "journal.db")


async def test_a_journal_of_a_newer_bursar_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        process.send_signal(signal.SIGTERM)
        await ended(process)
    connection = sqlite3.connect(house.folder / "journal.db")
    connection.execute("PRAGMA user_version=999")
    connection.close()
    assert_one_sentence(await ended(await run(house.path)), "newer")


async def test_a_journal_that_is_gone_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as process:
        process.send_signal(signal.SIGTERM)
        await ended(process)
    for path in house.folder.glob("journal.db*"):
        if path.name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            path.unlink()
    assert_one_sentence(await ended(await run(house.path)), "the journal is gone")


async def test_a_control_socket_that_cannot_be_made_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    (house.folder / "control.sock").mkdir()
    assert_one_sentence(await ended(await run(house.path)), "control.sock")


async def test_no_secret_is_logged(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET", WALLET)
    house.configure("- {name: p, on: balance.passed_min_payout, do: [{payout: {method: '7', account: {env: WALLET}}}]}")
    async with house.daemon() as process:
        await house.until(lambda: house.heard("action.succeeded") == 1)
        process.send_signal(signal.SIGTERM)
        _code, err = await ended(process)
    seen = [path.name for path in house.folder.glob("journal.db*") if WALLET.encode() in Path(path).read_bytes()]
    assert (WALLET in err, "sandbox-panel-key" in err, seen, [e for e in house.told if WALLET in str(e)]) == (
        False, False, [], [],
    )
