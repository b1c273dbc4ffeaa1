"""Commands where no daemon runs: they look into the journal, or take its lock and do the work themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.control import offline
from bursar.journal.writer import Journal
from bursar.sandbox import ServedProvider
from support.commands import Command, Said

ADD = ("call", "main-panel", "add", "service=1", "link=https://example.org/p", "quantity=100", "--yes", "--json")


def test_without_a_journal_there_is_nothing_to_look_at(alone: Command) -> None:
    said = alone("orders")
    assert (said.code, said.out, len(said.err.splitlines())) == (1, "", 1)


def test_a_reading_method_needs_no_daemon(alone: Command) -> None:
    said = alone("call", "main-panel", "balance")
    assert (said.code, said.json["currency"], said.err) == (0, "USD", "")


def test_a_changing_method_goes_through_the_journal(alone: Command) -> None:
    [done] = alone(*ADD).json
    assert [(row["id"], row["state"]) for row in alone("actions", "--json").json] == [(done["id"], "succeeded")]


def test_nothing_but_the_answer_is_printed(alone: Command) -> None:
    said = alone(*ADD)
    assert (said.code, said.err) == (0, "")


def test_what_is_declined_is_one_sentence(alone: Command) -> None:
    alone("track", "main-panel", "101")
    alone("pause")
    said = alone(*ADD)
    assert (said.code, said.out, len(said.err.splitlines()), "bursar resume" in said.err) == (1, "", 1, True)


def test_orders_come_under_watch_without_a_daemon(alone: Command) -> None:
    alone("track", "main-panel", "101")
    assert [row["id"] for row in alone("orders", "--json").json] == ["101"]


def test_status_says_that_no_daemon_runs(alone: Command) -> None:
    alone("track", "main-panel", "101")
    assert alone("status", "--json").json["running"] is False


def test_there_is_nothing_to_reload(alone: Command) -> None:
    assert alone("reload").code == 1


@pytest.fixture
def keyless(configuration: Path) -> Path:
    """Leave the panel's key to a variable that is not set."""
    text = configuration.read_text(encoding="utf-8").replace("key: sandbox-panel-key", "key: {env: NO_SUCH_VARIABLE}")
    configuration.write_text(text, encoding="utf-8")
    return configuration


@pytest.mark.parametrize("words", [("track", "main-panel", "101"), ("pause",), ("call", "main-panel", "balance")])
def test_without_its_key_nothing_is_decided_here(keyless: Path, alone: Command, words: tuple[str, ...]) -> None:
    said = alone(*words)
    assert (said.code, "NO_SUCH_VARIABLE" in said.err, keyless.with_name("journal.db").exists()) == (78, True, False)


def test_looking_needs_no_key(configuration: Path, alone: Command) -> None:
    alone("track", "main-panel", "101")
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace("key: sandbox-panel-key", "key: {env: NO_SUCH_VARIABLE}"), encoding="utf-8")
    assert [row["id"] for row in alone("orders", "--json").json] == ["101"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("actions", "--state", "succeded"), "there is no state of an action 'succeded' (did you mean 'succeeded'?)"),
        (("deliveries", "--state", "ded"), "there is no state of a delivery 'ded' (did you mean 'dead'?)"),
        (
            ("events", "--type", "order.partail"),
            "there is no type of event 'order.partail' (did you mean 'order.partial'?)",
        ),
        (("restore", "nosuch.db"), "nosuch.db: there is no such file"),
    ],
)
def test_a_word_that_names_nothing_is_one_sentence(alone: Command, words: tuple[str, ...], sentence: str) -> None:
    assert alone(*words) == Said(2, "", f"bursar: {sentence}\n")


@pytest.mark.parametrize(
    "words",
    [("pause",), ("resume",), ("actions", "approve", "1"), ("actions", "deny", "1"), ("actions", "retry", "1"), ("restore", "--confirm"),
     ("actions", "resolve", "1", "--happened"), ("accounts", "retry", "main-panel"), ("deliveries", "retry", "--all")],
)  # fmt: skip
def test_what_is_about_a_journal_makes_none(configuration: Path, alone: Command, words: tuple[str, ...]) -> None:
    """The path may be mistyped: a pause of nothing would look like one."""
    journal = configuration.with_name("journal.db")
    said = alone(*words)
    assert (said, journal.exists()) == (
        Said(1, "", f"bursar: {journal}: there is no journal yet; `bursar run` makes it\n"),
        False,
    )


@pytest.mark.parametrize("words", [("pause",), ("status",)])
def test_where_a_daemon_left_its_socket_a_journal_that_is_not_there_is_not_begun(
    configuration: Path, alone: Command, words: tuple[str, ...]
) -> None:
    socket = configuration.with_name("control.sock")
    socket.touch()
    said = alone(*words)
    wanted = f"A daemon ran here, since {socket} is there: is the volume of {socket.parent} mounted?"
    assert (said.code, wanted in said.err) == (1, True)


@pytest.mark.parametrize("words", [("pause",), ("status",)])
def test_of_a_folder_that_is_not_there_a_command_asks_for_its_volume(
    configuration: Path, alone: Command, words: tuple[str, ...]
) -> None:
    text = configuration.read_text(encoding="utf-8").replace("journal.db", "volume/journal.db")
    configuration.write_text(text, encoding="utf-8")
    journal = configuration.parent / "volume" / "journal.db"
    said = alone(*words)
    assert (said.code, f"{journal}: the folder {journal.parent} is not there: is its volume mounted?" in said.err) == (
        1,
        True,
    )


@pytest.mark.parametrize(
    "words", [("pause",), ("status",), ("actions", "approve", "1"), ("restore", "--confirm"), ("backup", "copy.db"), ("track", "main-panel", "7")]
)  # fmt: skip
def test_a_journal_that_is_gone_is_not_told_as_one_that_never_was(
    configuration: Path, alone: Command, words: tuple[str, ...]
) -> None:
    alone("track", "main-panel", "5")
    configuration.with_name("journal.db").unlink()
    said = alone(*words)
    assert (said.code, "the journal is gone, but journal.db.fence says that it was here" in said.err) == (1, True)


def test_a_backup_is_not_put_back_unless_somebody_says_so(alone: Command, tmp_path: Path) -> None:
    (tmp_path / "kept.db").write_bytes(b"")
    said = alone("restore", str(tmp_path / "kept.db"))
    assert (said.code, said.err) == (2, "bursar: stdin is not a terminal; pass --yes to confirm\n")


def test_what_could_not_be_sent_yet_is_named(
    configuration: Path, places: dict[str, ServedProvider], alone: Command
) -> None:
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace(places["smm"].url, "http://127.0.0.1:1/api"), encoding="utf-8")
    said = alone(*ADD, "--wait", "0")
    assert (said.code, said.err.splitlines()[-1]) == (
        1,
        "bursar: 1: not done yet, and still to be sent; see `bursar actions` before you ask again",
    )


@pytest.fixture
def silent(configuration: Path, alone: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Run commands beside a process that keeps the journal, and answers at no socket: this one."""
    alone("track", "main-panel", "101")
    monkeypatch.setattr(offline, "LOCK_S", 0.0)
    journal = Journal.open(configuration.with_name("journal.db"))
    yield alone
    journal.close()


@pytest.mark.parametrize("words", [("pause",), ("reload",), ("actions", "deny", "1")])
def test_a_daemon_that_does_not_answer_is_named_with_what_stops_it(silent: Command, words: tuple[str, ...]) -> None:
    said = silent(*words)
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert f"bursar runs (process {os.getpid()}), and does not answer at" in said.err
    assert f"`kill -TERM {os.getpid()}` stops it" in said.err


def test_status_does_not_say_that_nothing_runs_where_a_daemon_does_not_answer(silent: Command) -> None:
    said = silent("status")
    assert f"running: bursar runs (process {os.getpid()}), and does not answer at" in said.out
    facts = silent("status", "--json").json
    assert (facts["running"], "does not answer" in facts["problem"]) == (False, True)


def test_status_says_nothing_of_a_process_that_has_let_the_journal_go(configuration: Path, alone: Command) -> None:
    alone("track", "main-panel", "101")
    Journal.open(configuration.with_name("journal.db")).close()
    said = alone("status")
    assert (said.code, "running: no" in said.out) == (0, True)


def test_the_doctor_is_not_content_while_no_daemon_runs(alone: Command) -> None:
    alone("track", "main-panel", "101")
    said = alone("doctor", "--json")
    rows = {row["what"]: row for row in said.json}
    assert (said.code, rows["daemon"]["verdict"], rows["file"]["verdict"]) == (1, "bad", "ok")
    assert "nobody watches" in rows["daemon"]["reason"]


@pytest.mark.parametrize(
    ("everywhere", "named", "said"),
    [
        (False, False, "paused: no"),
        (False, True, "paused: main-panel"),
        (True, False, "paused: everywhere"),
        (True, True, "paused: everywhere, and by name: main-panel"),
    ],
)
def test_status_says_where_nothing_is_done(alone: Command, everywhere: bool, named: bool, said: str) -> None:
    alone("track", "main-panel", "101")
    if everywhere:
        alone("pause")
    if named:
        alone("pause", "main-panel")
    assert said in alone("status").out.splitlines()
    facts = alone("status", "--json").json
    assert (facts["paused"], facts["paused_accounts"]) == (everywhere, ["main-panel"] if named else [])
