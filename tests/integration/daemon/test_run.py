"""`bursar run` as a process: how it starts, stops, reloads, and what it refuses to start on."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from pathlib import Path

import pytest

from bursar.control.client import ask_daemon
from bursar.control.messages import RequestRejected
from support.daemon import WALLET, Household, run
from support.limits import WAIT_S

REFILL = "- {name: refill, on: order.partial, do: [refill]}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told(house: Household, number: signal.Signals) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        running.signal(number)
        assert (await running.ended())[0] == 0


async def test_it_stops_while_a_request_hangs(house: Household) -> None:
    house.configure(REFILL)
    house.panel_faults.add("refill", "timeout-after")
    async with house.daemon() as running:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.effects("refill") == 1)
        running.signal(signal.SIGTERM)
        assert (await running.ended())[0] == 0


async def test_a_reload_waits_for_no_request_that_hangs(house: Household) -> None:
    """Nor does a stop after it: what outlived the reload is unknown then."""
    house.configure(REFILL)
    house.panel_faults.add("refill", "timeout-after")
    async with house.daemon() as running:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.effects("refill") == 1)
        house.said.clear()
        running.signal(signal.SIGHUP)
        await house.until(lambda: any("READY=1" in line for line in house.said))
        assert [row["state"] for row in await house.ask("actions")] == ["sending"]
        running.signal(signal.SIGTERM)
        assert (await running.ended())[0] == 0


async def test_it_takes_its_socket_away(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        running.signal(signal.SIGTERM)
        await running.ended()
    assert not (house.folder / "control.sock").exists()


async def test_a_clean_stop_is_told_to_nobody(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        running.signal(signal.SIGTERM)
        await running.ended()
    async with house.daemon():
        assert [row for row in await house.ask("events") if row["type"].startswith("daemon.")] == []


async def test_a_sighup_takes_on_a_new_configuration(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        house.configure(REFILL)
        house.said.clear()
        running.signal(signal.SIGHUP)
        await house.until(lambda: any("READY=1" in line for line in house.said))
        assert (await house.ask("status"))["rules"] == 1


@pytest.mark.parametrize(
    "broken", ["rules: [", "accounts: {panel: {provider: smn}}", "", "settings: {state: ./other.db}"]
)
async def test_a_sighup_with_a_broken_configuration_keeps_the_old_one(house: Household, broken: str) -> None:
    house.configure(REFILL)
    async with house.daemon() as running:
        house.path.write_text(broken, encoding="utf-8")
        house.said.clear()
        running.signal(signal.SIGHUP)
        await house.until(lambda: any("old configuration" in line for line in house.said))
        assert ((await house.ask("status"))["rules"], running.process.returncode) == (1, None)


RENAMED = REFILL.replace("name: refill", "name: refill-them")


async def test_a_reload_that_renames_a_rule_and_does_not_say_so_is_refused(house: Household) -> None:
    house.configure(REFILL)
    async with house.daemon():
        house.configure(RENAMED)
        with pytest.raises(RequestRejected, match="with `was: refill` it takes over") as refused:
            await house.ask("reload")
        assert (refused.value.code, [row["rule"] for row in await why(house, "refill")]) == ("bad_configuration", [])


async def test_a_sighup_that_renames_a_rule_and_does_not_say_so_keeps_the_old_one(house: Household) -> None:
    house.configure(REFILL)
    async with house.daemon() as running:
        house.configure(RENAMED)
        house.said.clear()
        running.signal(signal.SIGHUP)
        await house.until(lambda: any("old configuration" in line for line in house.said))
        with pytest.raises(RequestRejected, match="there is no rule 'refill-them'"):
            await why(house, "refill-them")


async def test_a_reload_that_says_what_a_rule_was_takes_it_on(house: Household) -> None:
    house.configure(REFILL)
    async with house.daemon():
        house.configure(RENAMED.replace("name: refill-them", "name: refill-them, was: refill"))
        house.said.clear()
        await house.ask("reload")
        await house.until(lambda: any("READY=1" in line for line in house.said))
        assert await why(house, "refill-them") == []


async def why(house: Household, rule: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = await house.ask("why", rule=rule)
    return rows


async def test_a_daemon_with_its_old_configuration_goes_on(house: Household) -> None:
    house.configure(REFILL)
    async with house.daemon() as running:
        house.path.write_text("rules: [", encoding="utf-8")
        running.signal(signal.SIGHUP)
        await house.until(lambda: any("old configuration" in line for line in house.said))
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.heard("action.succeeded") == 1)
    assert house.effects("refill") == 1


async def test_a_bad_configuration_is_78(house: Household) -> None:
    house.path.write_text("accounts: {panel: {provider: smn, key: x}}\nrulez: []\n", encoding="utf-8")
    code, err = await (await run(house.path)).ended()
    assert (code, "smn" in err, "rulez" in err) == (78, True, True)


async def test_a_bad_configuration_starts_nothing(house: Household) -> None:
    house.path.write_text("settings: {state: ./journal.db}\nrulez: []\n", encoding="utf-8")
    await (await run(house.path)).ended()
    assert sorted(path.name for path in house.folder.iterdir()) == ["bursar.yaml", "log-0.txt"]


async def test_a_missing_secret_is_78(house: Household) -> None:
    house.configure(
        "- {name: p, on: balance.passed_min_payout, do: [{payout: {method: '7', account: {env: NOT_SET}}}]}"
    )
    code, err = await (await run(house.path)).ended()
    assert (code, "NOT_SET" in err) == (78, True)


def assert_one_sentence(said: tuple[int, str], *words: str) -> None:
    code, err = said
    sentences = [line for line in err.strip().splitlines() if "journal.new" not in line]
    assert (code, len(sentences), [word for word in words if word not in err]) == (1, 1, [])


async def test_a_journal_that_another_daemon_writes_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        assert_one_sentence(await (await run(house.path)).ended(), "another bursar", str(running.process.pid))


async def test_a_journal_that_cannot_be_made_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    (house.folder / "file").write_text("", encoding="utf-8")
    house.path.write_text(
        house.path.read_text(encoding="utf-8").replace("./journal.db", "./file/journal.db"), encoding="utf-8"
    )
    assert_one_sentence(await (await run(house.path)).ended(), "journal.db")


@pytest.mark.parametrize("content", [b"", b"no journal at all, but long enough to be taken for a header" * 99])
async def test_a_damaged_journal_is_one_sentence(house: Household, content: bytes) -> None:
    house.configure("[]")
    (house.folder / "journal.db").write_bytes(content)
    assert_one_sentence(await (await run(house.path)).ended(), "journal.db")


async def test_a_journal_of_a_newer_bursar_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        running.signal(signal.SIGTERM)
        await running.ended()
    connection = sqlite3.connect(house.folder / "journal.db")
    connection.execute("PRAGMA user_version=999")
    connection.close()
    assert_one_sentence(await (await run(house.path)).ended(), "newer")


async def test_a_journal_that_is_gone_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        running.signal(signal.SIGTERM)
        await running.ended()
    for path in house.folder.glob("journal.db*"):
        if path.name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            path.unlink()
    assert_one_sentence(await (await run(house.path)).ended(), "the journal is gone")


async def test_a_control_socket_that_cannot_be_made_is_one_sentence(house: Household) -> None:
    house.configure("[]")
    (house.folder / "control.sock").mkdir()
    assert_one_sentence(await (await run(house.path)).ended(), "control.sock")


async def test_no_secret_is_logged(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET", WALLET)
    house.configure("- {name: p, on: balance.passed_min_payout, do: [{payout: {method: '7', account: {env: WALLET}}}]}")
    async with house.daemon() as running:
        await house.until(lambda: house.heard("action.succeeded") == 1)
        running.signal(signal.SIGTERM)
        _code, err = await running.ended()
    seen = [path.name for path in house.folder.glob("journal.db*") if WALLET.encode() in Path(path).read_bytes()]
    assert (WALLET in err, "sandbox-panel-key" in err, seen, [e for e in house.told if WALLET in str(e)]) == (
        False,
        False,
        [],
        [],
    )


async def test_a_second_journal_in_the_folder_of_a_living_daemon_is_one_sentence(house: Household) -> None:
    """It would take the daemon's socket, and have it act on where nobody can reach it."""
    house.configure(REFILL)
    other = house.folder / "other.yaml"
    other.write_text(house.path.read_text(encoding="utf-8").replace("journal.db", "j2.db"), encoding="utf-8")
    async with house.daemon() as running:
        assert_one_sentence(await (await run(other)).ended(), "another journal", str(running.process.pid), "folder")
        assert (await house.ask("status"))["rules"] == 1
        with pytest.raises(RequestRejected, match=r"journal\.db; .*j2\.db has no daemon"):
            await ask_daemon(house.folder / "control.sock", "status", {}, WAIT_S, house.folder / "j2.db")


async def test_a_daemon_whose_socket_was_removed_is_reached_again(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")  # it looks twice in that time
    house.configure(REFILL)
    async with house.daemon() as running:
        (house.folder / "control.sock").unlink()
        async with asyncio.timeout(WAIT_S):
            assert await reached(house) == 1
        running.signal(signal.SIGTERM)
        await running.ended()
    assert not (house.folder / "control.sock").exists()


async def reached(house: Household) -> object:
    """Ask until somebody answers; return how many rules there are."""
    while True:
        try:
            return (await house.ask("status"))["rules"]
        except ConnectionError:
            await asyncio.sleep(0)
