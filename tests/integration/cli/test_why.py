"""What `bursar why` says of the windows of limits, and the doctor of a daemon that answers."""

from __future__ import annotations

from support.commands import Command
from support.left import PAY, Left

SENDS = f"{PAY}}}"


def test_why_says_that_a_window_reaches_before_what_is_known(left: Left) -> None:
    left.configure(SENDS)
    left.balance("600")
    [row] = left.rows("why", "pay")
    assert (row["note"].startswith("its longest window reaches back before "), row["note"]) == (
        True,
        left.command("why", "pay").out.splitlines()[-1],
    )


def test_where_no_window_does_nothing_is_said_of_it(left: Left) -> None:
    left.configure(SENDS.replace(", cooldown: 1h", ""))
    left.balance("600")
    assert "note" not in left.rows("why", "pay")[0]
    assert "longest window" not in left.command("why", "pay").out


def test_the_doctor_is_content_with_a_daemon_that_answers(bursar: Command) -> None:
    rows = {row["what"]: row["verdict"] for row in bursar("doctor", "--json").json}
    assert (rows["daemon"], "accounts" in rows) == ("ok", True)
