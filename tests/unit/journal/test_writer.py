"""The one writer: what waits is committed together, and what fails fails alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from bursar.journal import meta
from bursar.journal.errors import JournalError, JournalFull
from bursar.journal.writer import Journal, Tx, read_once
from support.journal import count, get, look_inside, put
from support.limits import WAIT_S

T = TypeVar("T")


class Gate:
    """Keeps the writer busy, so that what comes meanwhile waits together."""

    def __init__(self) -> None:
        self._open, self._busy = threading.Event(), threading.Event()

    @classmethod
    async def shut(cls, journal: Journal) -> Gate:
        """Shut the gate; the writer stands before it."""
        gate = cls()
        gate._passing = await queued(journal, gate._wait)
        await asyncio.to_thread(gate._busy.wait, WAIT_S)
        return gate

    def _wait(self, tx: Tx) -> None:
        self._busy.set()
        self._open.wait(WAIT_S)

    async def open(self) -> None:
        """Let the writer go on."""
        self._open.set()
        await self._passing


async def queued(journal: Journal, function: Callable[[Tx], T]) -> asyncio.Future[T]:
    """Have something written, and do not wait for it."""
    waiting = asyncio.ensure_future(journal.write(function))
    await asyncio.sleep(0)
    return waiting


async def together(journal: Journal, *functions: Callable[[Tx], object]) -> list[object]:
    """Write all of these under one commit; give each one's result, or what it raised."""
    gate = await Gate.shut(journal)
    waiting = [await queued(journal, function) for function in functions]
    await gate.open()
    return await asyncio.gather(*waiting, return_exceptions=True)


def note(key: str):
    """Return a function that writes one key."""
    return lambda tx: meta.put(tx, key, "there")


def fail(tx: Tx) -> None:
    """Write something, and fail."""
    meta.put(tx, "failed", "there")
    raise ValueError("this one fails")


def notes(tx: Tx) -> set[str]:
    """Return the keys that tests wrote."""
    return {row[0] for row in tx.all("SELECT key FROM meta WHERE value = 'there'")}


async def test_a_write_gives_the_functions_result(journal: Journal) -> None:
    assert await journal.write(lambda tx: tx.one("SELECT 7")) == (7,)


async def test_a_write_is_in_the_file_when_it_is_acknowledged(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "x"))
    assert look_inside(journal.path, "SELECT value FROM meta WHERE key = 'note'") == [("x",)]


async def test_what_waits_together_is_committed_together(journal: Journal) -> None:
    before = journal.commits
    await together(journal, note("a"), note("b"), note("c"))
    assert journal.commits - before == 2


async def test_what_waits_together_is_written_in_order(journal: Journal) -> None:
    await together(journal, *(lambda tx, n=n: put(tx, str(n)) for n in range(20)))
    assert await journal.read(get) == "19"


async def test_each_sees_what_the_one_before_it_wrote(journal: Journal) -> None:
    assert (await together(journal, lambda tx: put(tx, "x"), get))[1] == "x"


async def test_one_that_fails_gets_its_own_error(journal: Journal) -> None:
    results = await together(journal, note("a"), fail, note("b"))
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]


async def test_one_that_fails_is_rolled_back_alone(journal: Journal) -> None:
    await together(journal, note("a"), fail, note("b"))
    assert await journal.read(notes) == {"a", "b"}


async def test_one_that_fails_alone_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(ValueError, match="this one fails"):
        await journal.write(fail)
    assert await journal.read(notes) == set()


async def test_the_writer_goes_on_after_a_failure(journal: Journal) -> None:
    with pytest.raises(ValueError, match="this one fails"):
        await journal.write(fail)
    await journal.write(note("a"))
    assert await journal.read(notes) == {"a"}


async def test_a_statement_that_fails_is_an_error_of_ours(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no such table"):
        await journal.write(lambda tx: tx.run("DELETE FROM songs"))


async def test_a_statement_that_fails_among_others_is_an_error_of_ours(journal: Journal) -> None:
    results = await together(journal, note("a"), lambda tx: tx.run("DELETE FROM songs"))
    assert isinstance(results[1], JournalError)


async def test_a_commit_that_fails_fails_everyone_in_it(journal: Journal) -> None:
    results = await together(journal, note("a"), full, note("b"))
    assert [type(result) for result in results] == [JournalFull] * 3


async def test_of_a_commit_that_fails_nothing_is_done(journal: Journal) -> None:
    await together(journal, note("a"), full, note("b"))
    assert await journal.read(notes) == set()


async def test_a_commit_that_fails_is_remembered(journal: Journal) -> None:
    await together(journal, full)
    assert journal.broken is not None


async def test_a_commit_that_goes_through_heals(journal: Journal) -> None:
    await together(journal, full)
    await journal.write(lambda tx: tx.run("PRAGMA max_page_count = 1000000"))
    still = journal.broken  # nothing was written so far, which needs no room
    await journal.write(lambda tx: put(tx, "small"))
    assert (still is not None, journal.broken) == (True, None)


@pytest.mark.parametrize("beside", [1, 2])
async def test_what_was_rolled_back_does_not_heal(journal: Journal, beside: int) -> None:
    """Nothing of it is on the disk, alone or among others."""

    def fails(tx: Tx) -> None:
        put(tx, "lost")
        raise KeyError("a plugin's")

    await together(journal, full)
    await journal.write(lambda tx: tx.run("PRAGMA max_page_count = 1000000"))
    await together(journal, *[fails] * beside)
    assert journal.broken is not None


def full(tx: Tx) -> None:
    """Fill the disk up, in a way that makes the database roll everything back by itself."""
    pages = tx.one("PRAGMA page_count")
    tx.run(f"PRAGMA max_page_count = {pages[0] + 5 if pages else 0}")
    put(tx, "x" * 500_000)


def raising(error: BaseException) -> Callable[[Tx], None]:
    """Return a function that writes something, and fails so."""

    def work(tx: Tx) -> None:
        meta.put(tx, "failed", "there")
        raise error

    return work


STOPS = [StopIteration(), StopAsyncIteration()]
"""What an iterator that has come to its end raises; no future takes them."""


@pytest.mark.parametrize("error", STOPS, ids=repr)
async def test_an_iterator_that_ends_in_a_write_is_answered_beside_the_others(
    journal: Journal, error: Exception
) -> None:
    results = await asyncio.wait_for(together(journal, note("a"), raising(error), note("b")), WAIT_S)
    assert [type(result) for result in results] == [type(None), RuntimeError, type(None)]


@pytest.mark.parametrize("error", STOPS, ids=repr)
async def test_an_iterator_that_ends_in_a_write_is_rolled_back_alone(journal: Journal, error: Exception) -> None:
    await asyncio.wait_for(together(journal, note("a"), raising(error), note("b")), WAIT_S)
    assert await journal.read(notes) == {"a", "b"}


@pytest.mark.parametrize("error", STOPS, ids=repr)
async def test_the_writer_outlives_an_iterator_that_ends_in_a_write(journal: Journal, error: Exception) -> None:
    with pytest.raises(RuntimeError, match="was raised in a transaction"):
        await asyncio.wait_for(journal.write(raising(error)), WAIT_S)
    await asyncio.wait_for(journal.write(note("a")), WAIT_S)
    assert await journal.read(notes) == {"a"}


@pytest.mark.parametrize("error", STOPS, ids=repr)
async def test_the_reader_outlives_an_iterator_that_ends_in_a_read(journal: Journal, error: Exception) -> None:
    def read(tx: Tx) -> None:
        raise error

    with pytest.raises(RuntimeError, match="was raised in a transaction"):
        await asyncio.wait_for(journal.read(read), WAIT_S)
    assert await asyncio.wait_for(journal.read(notes), WAIT_S) == set()


async def test_a_cancellation_that_is_raised_in_a_write_cancels_nobody_who_waits(journal: Journal) -> None:
    results = await asyncio.wait_for(together(journal, note("a"), raising(asyncio.CancelledError())), WAIT_S)
    assert [type(result) for result in results] == [RuntimeError, RuntimeError]


def attempting(what: Callable[[Tx], object]) -> Callable[[Tx], str | None]:
    """Return a function that writes, tries something that may fail alone, and writes on; it returns what went wrong."""

    def work(tx: Tx) -> str | None:
        meta.put(tx, "before", "there")
        wrong = None
        try:
            with tx.attempt():
                meta.put(tx, "within", "there")
                what(tx)
        except ValueError as error:
            wrong = str(error)
        meta.put(tx, "after", "there")
        return wrong

    return work


async def test_an_attempt_that_goes_well_is_written(journal: Journal) -> None:
    assert await journal.write(attempting(note("a"))) is None
    assert await journal.read(notes) == {"before", "within", "a", "after"}


async def test_an_attempt_that_fails_is_undone_alone_and_says_why(journal: Journal) -> None:
    assert await journal.write(attempting(fail)) == "this one fails"
    assert await journal.read(notes) == {"before", "after"}


async def test_an_attempt_that_fails_among_others_harms_none_of_them(journal: Journal) -> None:
    assert await together(journal, note("a"), attempting(fail), note("b")) == [None, "this one fails", None]
    assert await journal.read(notes) == {"a", "b", "before", "after"}


async def test_an_attempt_within_an_attempt_is_undone_alone(journal: Journal) -> None:
    def both(tx: Tx) -> None:
        attempting(fail)(tx)
        meta.put(tx, "outer", "there")

    await journal.write(attempting(both))
    assert await journal.read(notes) == {"before", "within", "outer", "after"}


async def test_an_attempt_that_fails_takes_those_within_it_along(journal: Journal) -> None:
    def both(tx: Tx) -> None:
        with tx.attempt():
            meta.put(tx, "inner", "there")
        fail(tx)

    await journal.write(attempting(both))
    assert await journal.read(notes) == {"before", "after"}


async def test_an_attempt_can_be_made_again(journal: Journal) -> None:
    def twice(tx: Tx) -> list[str | None]:
        return [attempting(fail)(tx), attempting(note("a"))(tx)]

    assert await journal.write(twice) == ["this one fails", None]
    assert await journal.read(notes) == {"before", "within", "a", "after"}


async def test_an_attempt_that_nobody_catches_fails_the_write(journal: Journal) -> None:
    def uncaught(tx: Tx) -> None:
        meta.put(tx, "before", "there")
        with tx.attempt():
            fail(tx)

    with pytest.raises(ValueError, match="this one fails"):
        await journal.write(uncaught)
    assert await journal.read(notes) == set()


async def test_a_full_disk_within_an_attempt_is_the_databases_own_error(journal: Journal) -> None:
    def uncaught(tx: Tx) -> None:
        with tx.attempt():
            full(tx)

    with pytest.raises(JournalFull):
        await journal.write(uncaught)


async def test_a_full_disk_within_an_attempt_fails_everyone_and_nothing_is_done(journal: Journal) -> None:
    results = await together(journal, note("a"), attempting(full), note("b"))
    assert [type(result) for result in results] == [JournalFull] * 3
    assert await journal.read(notes) == set()


async def test_a_waiter_that_is_canceled_does_not_cancel_the_write(journal: Journal) -> None:
    gate = await Gate.shut(journal)
    waiting = await queued(journal, note("a"))
    waiting.cancel()
    await gate.open()
    await journal.write(note("b"))
    assert await journal.read(notes) == {"a", "b"}


async def test_a_waiter_that_is_canceled_harms_nobody_beside_it(journal: Journal) -> None:
    gate = await Gate.shut(journal)
    canceled, other = await queued(journal, note("a")), await queued(journal, lambda tx: 7)
    canceled.cancel()
    await gate.open()
    assert await other == 7


async def test_what_was_written_before_closing_is_finished(path: Path) -> None:
    journal = Journal.open(path)
    gate = await Gate.shut(journal)
    waiting = await queued(journal, note("a"))
    closing = asyncio.to_thread(journal.close)
    await gate.open()
    await closing
    await waiting
    assert read_once(path, notes) == {"a"}


async def test_nothing_is_written_after_closing(path: Path) -> None:
    journal = Journal.open(path)
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.write(note("a"))


async def test_a_reader_cannot_write(journal: Journal) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        await journal.read(note("a"))


@pytest.mark.parametrize("value", ["a", "b"])
async def test_how_many_rows_changed_is_not_what_python_makes_of_a_statements_words(
    journal: Journal, value: str
) -> None:
    """As of an INSERT in a Turkish locale, where its I is not the I of `insert`."""
    await journal.write(lambda tx: put(tx, "a"))
    insert = "WITH one AS (SELECT ? AS value) INSERT INTO meta SELECT 'note', value FROM one WHERE value != 'a'"
    changed = await journal.write(
        lambda tx: tx.run(f"{insert} ON CONFLICT (key) DO UPDATE SET value = excluded.value", value)
    )
    assert changed == (value != "a")


async def test_a_reader_from_outside_cannot_write(journal: Journal) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        await asyncio.to_thread(read_once, journal.path, note("a"))


async def test_a_reader_that_failed_can_read_on(journal: Journal) -> None:
    with pytest.raises(JournalError):
        await journal.read(note("a"))
    assert await journal.read(notes) == set()


async def test_a_reader_sees_nothing_of_a_transaction_under_way(journal: Journal) -> None:
    wrote, go_on = threading.Event(), threading.Event()

    def slowly(tx: Tx) -> None:
        put(tx, "x")
        wrote.set()
        go_on.wait(WAIT_S)

    writing = await queued(journal, slowly)
    await asyncio.to_thread(wrote.wait, WAIT_S)
    seen = await journal.read(get)
    go_on.set()
    await writing
    assert seen is None


async def test_a_reader_sees_one_instant(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "before"))
    loop = asyncio.get_running_loop()

    def twice(tx: Tx) -> tuple[str | None, str | None]:
        first = get(tx)
        asyncio.run_coroutine_threadsafe(journal.write(lambda tx: put(tx, "after")), loop).result(WAIT_S)
        return first, get(tx)

    assert await journal.read(twice) == ("before", "before")


async def test_the_next_reader_sees_what_was_committed_since(journal: Journal) -> None:
    await journal.read(get)
    await journal.write(lambda tx: put(tx, "x"))
    assert await journal.read(get) == "x"


async def test_a_reader_from_outside_reads_while_the_writer_writes(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "x"))
    assert await asyncio.to_thread(read_once, journal.path, get) == "x"


async def test_reading_does_not_copy_the_wal_back(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "x" * 50_000))
    wal = journal.path.with_name("journal.db-wal")
    before = wal.stat().st_size
    await asyncio.to_thread(read_once, journal.path, get)
    assert wal.stat().st_size == before > 0


async def test_the_journal_is_durable_at_every_commit(journal: Journal) -> None:
    mode = await journal.write(lambda tx: (tx.one("PRAGMA journal_mode"), tx.one("PRAGMA synchronous")))
    assert mode == (("wal",), (2,))


async def test_an_insert_gives_the_new_rows_key(journal: Journal) -> None:
    sql = "INSERT INTO audit_segments (first_seq, last_seq, first_previous, head, closed_at) VALUES (0, 0, '', '', 0)"
    first = await journal.write(lambda tx: tx.insert(sql))
    assert await journal.write(lambda tx: tx.insert(sql)) == first + 1


async def test_a_run_gives_how_many_rows_it_touched(journal: Journal) -> None:
    await journal.write(lambda tx: tx.many("INSERT INTO meta VALUES (?, 'there')", [("a",), ("b",)]))
    assert await journal.write(lambda tx: tx.run("DELETE FROM meta WHERE value = 'there'")) == 2


async def test_many_writers_lose_nothing(journal: Journal) -> None:
    await asyncio.gather(*(journal.write(note(f"n{number}")) for number in range(500)))
    assert len(await journal.read(notes)) == 500


async def test_a_loop_that_is_gone_does_not_stop_the_writer(path: Path) -> None:
    journal = Journal.open(path)

    def elsewhere() -> None:
        loop = asyncio.new_event_loop()

        async def ask_and_leave() -> None:
            (await queued(journal, lambda tx: opened.wait(WAIT_S))).cancel()

        loop.run_until_complete(ask_and_leave())
        loop.close()

    opened = threading.Event()
    await asyncio.to_thread(elsewhere)
    opened.set()
    await journal.write(note("a"))
    assert await journal.read(lambda tx: count(tx, "meta")) > 0
    journal.close()


def test_the_database_is_new_enough_for_what_is_used() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)
