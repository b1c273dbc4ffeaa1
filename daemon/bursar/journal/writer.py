"""The one writer: a thread with the only writing connection, which puts what waits under one commit (group commit).

What comes in is a function of a transaction; what goes out is its result, once it is on disk. A function that raises
is rolled back alone; a commit that fails (disk full) fails every function in it: nothing is half done. Readers have
a connection of their own that cannot write.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from bursar.journal.errors import JournalError, explain
from bursar.journal.files.connection import connect
from bursar.journal.files.last_ids import LastIds, last_ids
from bursar.journal.files.lock import claim, missing, resolved
from bursar.journal.files.migrate import check
from bursar.journal.files.opening import prepare_file, refuse_empty
from bursar.journal.files.place import Place, claim_file
from bursar.journal.files.send_counter import SendCounter
from bursar.journal.files.wal import check_log
from bursar.journal.migrations import VERSION

T = TypeVar("T")
Row = tuple[Any, ...]
GROUP = 256


class Tx:
    """One open transaction. Statements take `?` parameters.

    Attributes:
        posted: The entries of the ledger that something was posted to in it, in order: what was read of them before is old.
    """

    __slots__ = ("_connection", "posted")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.posted: list[int] = []

    def run(self, sql: str, *params: object) -> int:
        """Run a statement; return how many rows it changed."""
        # not `rowcount`: in a Turkish locale CPython before 3.13 does not know an `INSERT` when it sees one
        before = self._connection.total_changes
        self._connection.execute(sql, params)
        return self._connection.total_changes - before

    def insert(self, sql: str, *params: object) -> int:
        """Run an insert; return the new row's integer key."""
        return self._connection.execute(sql, params).lastrowid or 0

    def one(self, sql: str, *params: object) -> Row | None:
        """Return the first row."""
        row: Row | None = self._connection.execute(sql, params).fetchone()
        return row

    def all(self, sql: str, *params: object) -> list[Row]:
        """Return all rows."""
        return self._connection.execute(sql, params).fetchall()

    def named(self, sql: str, *params: object) -> list[dict[str, Any]]:
        """Return all rows, each by its columns' names."""
        cursor = self._connection.execute(sql, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each row."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run what follows as one that may fail alone: what it wrote is undone, and the error goes on."""
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # else the database itself has rolled everything back
                self._connection.execute("ROLLBACK TO attempt")
                self._connection.execute("RELEASE attempt")
            raise
        self._connection.execute("RELEASE attempt")


@dataclass(slots=True)
class _Call(Generic[T]):
    function: Callable[[Tx], T]
    future: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class Journal:
    """An open journal. Make it with `Journal.open`; it holds the lock of its folder until `close`.

    Attributes:
        commits: How many commits there were.
        broken: Why the last commit failed; None when it did not.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        locks: tuple[int, int],
        send_counter: SendCounter,
        ids: LastIds,
    ) -> None:
        self.path = path
        self.send_counter = send_counter
        self.commits = 0
        self.broken: str | None = None
        self._closed = False
        self._connection = connection
        self._last_ids = ids
        self._lock, self._file_lock = locks
        self._place = Place(path, self._lock)
        self._calls: queue.SimpleQueue[_Call[Any] | None] = queue.SimpleQueue()
        self._reader: sqlite3.Connection | None = None
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="journal-reader")
        self._thread = threading.Thread(target=self._turn, name="journal-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Journal:
        """Open for writing: take the lock, check what the file is, bring its tables up to date.

        Raises:
            JournalError: it is locked, read-only, full, missing, damaged or newer; nothing was changed.
        """
        path = resolved(path)
        # The lock before anything is looked at: what another process writes just now could not be judged.
        lock = claim(path, create=create)
        counter, ids = SendCounter.beside(path), LastIds.beside(path)
        file_lock = None
        try:
            check_log(path, lock)
            file_lock = claim_file(path) if path.is_file() else None
            prepare_file(path, counter, ids.known, create=create)
            file_lock = claim_file(path) if file_lock is None else file_lock
            connection = connect(path)
            # Before anything may use them: no command in front of the first commit must give an id anew.
            ids.note(last_ids(connection))
            return cls(path, connection, (lock, file_lock), counter, ids)
        except BaseException as error:
            counter.close()
            ids.close()
            if file_lock is not None:
                os.close(file_lock)
            os.close(lock)
            if isinstance(error, (sqlite3.Error, OSError)):
                raise explain(error, path) from error
            raise

    def displaced(self) -> str | None:
        """Return what is wrong with the journal's files, in a sentence; None: they are where they were opened.

        What is written into a file that was moved or replaced is lost to everybody: nothing may be sent on it.
        """
        return self._place.wrong()

    async def write(self, function: Callable[[Tx], T]) -> T:
        """Run a function in a transaction and return its result when it is committed and on disk.

        A waiter that is cancelled does not cancel the write.

        Raises:
            JournalError: it could not be committed; nothing of it happened.
        """
        if self._closed:
            raise JournalError(f"{self.path}: the journal is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put(_Call(function, future, loop))
        return await future

    async def read(self, function: Callable[[Tx], T]) -> T:
        """Run a reading function on a connection that cannot write; it sees what is committed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, function)

    def close(self) -> None:
        """Finish what waits, close, and let the lock go."""
        self._closed = True
        # Behind all that waits: a `sending` or an outcome that was handed over is still written.
        self._calls.put(None)
        self._thread.join()
        if self._place.overwritten is not None:
            self._close_without_checkpoint()
        self._readers.submit(self._close_reader).result()
        self._readers.shutdown()
        with suppress(sqlite3.Error):
            self._connection.close()
        self.send_counter.close()
        self._last_ids.close()
        os.close(self._file_lock)  # after the last connection
        os.close(self._lock)

    def _close_without_checkpoint(self) -> None:
        """Leave what lies there as it is: while a reader is open, SQLite writes no log of ours into the other's pages."""
        with suppress(JournalError, sqlite3.Error):
            self._readers.submit(self._read, lambda tx: tx.one("SELECT 1 FROM sqlite_master")).result()
        with suppress(sqlite3.Error):
            self._connection.close()

    def _read(self, function: Callable[[Tx], T]) -> T:
        try:
            if self._reader is None:
                self._reader = connect(self.path, read_only=True)
            return _at_one_instant(self._reader, function)
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        except (StopIteration, StopAsyncIteration) as error:
            raise _raisable(error) from error

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _turn(self) -> None:
        while (call := self._calls.get()) is not None:
            group, last = self._gather(call)
            self._commit(group)
            _answer(group)
            if last:
                return

    def _gather(self, first: _Call[Any]) -> tuple[list[_Call[Any]], bool]:
        group = [first]
        while len(group) < GROUP:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return group, False
            if call is None:
                return group, True
            group.append(call)
        return group, False

    def _commit(self, group: list[_Call[Any]]) -> None:
        try:
            # Before each commit: after `cp backup.db journal.db` the pages
            # are another journal's, and the same intent would leave twice.
            self._place.check()
            # The write lock at once: what is decided in it has read nothing that another could still change.
            self._connection.execute("BEGIN IMMEDIATE")
            tx, wrote = Tx(self._connection), False
            for call in group:
                before = self._connection.total_changes  # what is rolled back counts there, too
                self._run(tx, call, alone=len(group) == 1)
                wrote |= call.error is None and self._connection.total_changes > before
            # Before the commit: a crash in between leaves a gap in the ids, after it they could be given twice.
            self._last_ids.note(last_ids(self._connection))
            self._connection.execute("COMMIT")
            self.commits += 1
            self.broken = None if wrote else self.broken  # what writes nothing needs no room
        except BaseException as error:  # noqa: BLE001 - the thread must outlive any fault; each waiter gets its error
            self._undo()
            failure = explain(error, self.path) if isinstance(error, (sqlite3.Error, OSError)) else error
            self.broken = str(failure) if isinstance(failure, JournalError) else self.broken
            # A result that is not on disk must not be acted on: where the commit fails, every waiter of it fails.
            for call in group:
                call.error = call.error or failure
        finally:
            self._place.note()

    def _run(self, tx: Tx, call: _Call[Any], *, alone: bool) -> None:
        if alone:
            call.result = call.function(tx)
            return
        self._connection.execute("SAVEPOINT one")
        try:
            call.result = call.function(tx)
        except Exception as error:
            if not self._connection.in_transaction:  # the database itself rolled everything back
                raise
            # Alone: one account's fault must not undo the outcome of another's payout in the same commit.
            self._connection.execute("ROLLBACK TO one")
            call.error = explain(error, self.path) if isinstance(error, sqlite3.Error) else error
        self._connection.execute("RELEASE one")

    def _undo(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _at_one_instant(connection: sqlite3.Connection, function: Callable[[Tx], T]) -> T:
    """Run a reading function in one read transaction: all that it reads is of one commit."""
    connection.execute("BEGIN")
    try:
        return function(Tx(connection))
    finally:
        connection.execute("ROLLBACK")


def read_once(path: Path, function: Callable[[Tx], T]) -> T:
    """Read a journal that this process does not write, without a lock.

    Raises:
        JournalError: it is missing, damaged or newer.
    """
    if not path.exists():
        raise missing(path)
    refuse_empty(path)
    try:
        connection = connect(path, read_only=True)
        try:
            if check(connection, path) < VERSION:
                raise JournalError(
                    f"{path}: was written by an older bursar; start the daemon once, it brings it up to date"
                )
            return _at_one_instant(connection, function)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain(error, path) from error


def _answer(group: list[_Call[Any]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Call[Any]]] = {}
    for call in group:
        by_loop.setdefault(call.loop, []).append(call)
    for loop, calls in by_loop.items():
        with suppress(RuntimeError):  # the loop is gone, and with it what waited
            loop.call_soon_threadsafe(_tell, calls)


def _tell(calls: list[_Call[Any]]) -> None:
    for call in calls:
        # Its waiter was canceled; what it asked to be written is written all the same.
        if call.future.done():
            continue
        if call.error is not None:
            call.future.set_exception(_raisable(call.error))
        else:
            call.future.set_result(call.result)


def _raisable(error: BaseException) -> BaseException:
    """Return an error that a future takes: a `StopIteration`, of a plugin's function say, is refused by every future,
    and what waits for it, and for the others of its group, would wait for ever."""
    if isinstance(error, (StopIteration, StopAsyncIteration, asyncio.CancelledError)):
        return RuntimeError(f"{type(error).__name__} was raised in a transaction")
    return error
