"""No secret leaves: not in a log line, a reason, the journal, a file, a message, an answer, a command line.

A daemon runs as a process of its own among servers that echo keys and wallets wherever they can (`support.secrets.hall`); every
command is run beside it and after it (`play`); then everything that it left behind is searched.
"""

from __future__ import annotations

import asyncio

import pytest

from support.secrets.planted import PLANTED, seen_at, seen_in
from support.secrets.play import QUERIES, READS, Traces, play


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """Let the daemon live once for all tests."""
    return asyncio.run(play(tmp_path_factory.mktemp("secrets")))


def planted(traces: Traces) -> dict[str, str]:
    return {**PLANTED, **traces.codes, **{f"key of the sandbox {n}": key for n, key in enumerate(SANDBOX_KEYS)}}


SANDBOX_KEYS = ("sandbox-panel-key", "sandbox-premium-exchanger-key")


@pytest.mark.parametrize("words", [" ".join(words) for words in (*QUERIES, *READS)])
def test_a_command_shows_no_secret(traces: Traces, words: str) -> None:
    said = {where: text for where, text in traces.said.items() if where.removeprefix("after the daemon: ") == words}
    assert seen_at(said, planted(traces)) == []


def test_no_other_command_shows_one(traces: Traces) -> None:
    assert seen_at(traces.said, planted(traces)) == []


def test_the_log_shows_none(traces: Traces) -> None:
    assert seen_at(traces.log, planted(traces)) == []


def test_the_journal_holds_none(traces: Traces) -> None:
    assert seen_at(traces.tables, planted(traces)) == []


def test_no_file_of_the_state_holds_one(traces: Traces) -> None:
    assert seen_at(traces.files, planted(traces)) == []


def test_no_message_holds_one(traces: Traces) -> None:
    bodies = {f"message {place}": body for place, (_, body) in enumerate(traces.told)}
    assert seen_at(bodies, planted(traces)) == []


def test_the_command_line_holds_none(traces: Traces) -> None:
    assert seen_in(traces.command_line, planted(traces)) == []


def test_what_is_refused_shows_none(traces: Traces) -> None:
    refused = {where: text for where, text in traces.said.items() if where.startswith("wrong configuration")}
    assert all("exit code 78" in text for text in refused.values())
    assert seen_at(refused, planted(traces)) == []


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("intents", "'refused', 'Счет *** не подходит"),
        ("intents", "'unknown'"),
        ("streams", "the provider moved to"),
        ("streams", "Something is wrong with"),
        ("streams", "ERROR_***"),
        ("accounts", "the panel rejects the key"),
        ("subjects", "PLNT-…-4BMU"),
        ("subjects", "TWol…4x3d"),
        ("deliveries", "it redirects"),
        ("events", "coupon.activated"),
    ],
)
def test_the_play_was_played(traces: Traces, table: str, shown: str) -> None:
    assert shown in traces.tables[table]


def test_the_write_ahead_log_was_searched(traces: Traces) -> None:
    assert traces.files["while it ran: journal.db-wal"]


def test_the_search_finds_what_is_there() -> None:
    for name, value in PLANTED.items():
        if value:
            assert seen_in(f"a text with {value} in it") == [name]
