"""`bursar restore`, and the caution that it leaves behind until a person confirms it."""

from __future__ import annotations

import os

import pytest

from bursar.journal.files.lock import claim as lock_journal
from support.left import PAY, Left

SENDS = f"{PAY}}}"


def test_the_caution_after_a_restore_is_shown_and_ended_by_its_confirmation(left: Left) -> None:
    left.configure(SENDS)
    left.balance("10")
    left.restored()
    before = left.command("status", "--json").json["restored"]
    said = left.command("restore", "--confirm")
    after = left.command("status", "--json").json["restored"]
    assert (said.code, said.out.splitlines()[0]) == (0, "confirmed: rules act again as they say")
    assert "do not know what left after " in said.out
    assert (before is None, after) == (False, None)


def test_the_confirmation_names_what_is_still_unknown(asked: Left) -> None:
    asked.restored()
    said = asked.command("restore", "--confirm")
    first, _, tracked, last = said.out.splitlines()
    assert (said.code, first, tracked, last) == (
        0,
        "confirmed: rules act again as they say",
        "orders that came under watch since the backup are not known: `bursar track` puts them there again",
        "still unknown: 1; say what became of each (`bursar actions resolve ID …`)",
    )


def test_where_nothing_was_restored_there_is_nothing_to_confirm(asked: Left) -> None:
    said = asked.command("restore", "--confirm")
    assert (said.code, said.out) == (
        0,
        "nothing waits for this: no older journal was put in the place of a newer one, or it was confirmed already\n",
    )


def test_a_restore_is_not_confirmed_before_anything_has_seen_it(left: Left) -> None:
    """Before the next start nobody knows what was sent after the backup."""
    left.configure(SENDS)
    left.balance("10")
    left.ahead()
    said = left.command("restore", "--confirm")
    sentence = "bursar: the journal is older than what was sent: start the daemon first, it asks about that\n"
    assert (said.code, said.out, said.err) == (1, "", sentence)


def test_after_a_restore_an_action_says_why_it_asks(left: Left) -> None:
    left.configure(SENDS)
    left.balance("10")
    left.restored()
    left.balance("600")
    [row] = left.rows("actions")
    assert (row["state"], "bursar restore --confirm" in row["reason"]) == ("awaiting_approval", True)


@pytest.mark.parametrize("words", [(), ("kept.db", "--confirm")])
def test_a_restore_is_of_a_file_or_is_confirmed(asked: Left, words: tuple[str, ...]) -> None:
    said = asked.command("restore", *words)
    assert (said.code, said.err) == (2, "bursar: say a FILE to restore, or --confirm\n")


def test_a_backup_that_is_put_back_says_what_is_asked_from_then_on(asked: Left) -> None:
    kept = str(asked.folder / "kept.db")
    asked.command("backup", kept)
    said = asked.command("restore", kept, "--yes")
    assert (said.code, "start bursar now" in said.out, "until `bursar restore --confirm`" in said.out) == (
        0,
        True,
        True,
    )


def test_a_restore_while_bursar_runs_says_what_to_do_before_it_asks(asked: Left) -> None:
    """Whoever is asked first, and says yes, has said it to nothing."""
    kept = str(asked.folder / "kept.db")
    asked.command("backup", kept)
    lock = lock_journal(asked.folder / "journal.db", create=False)
    said = asked.command("restore", kept)
    os.close(lock)
    sentence = f"another bursar writes this journal (process {os.getpid()}); stop it first, and restore then"
    assert (said.code, said.out, said.err) == (1, "", f"bursar: {asked.folder / 'journal.db'}: {sentence}\n")
