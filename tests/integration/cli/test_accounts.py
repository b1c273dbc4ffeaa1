"""What a person says of an account: look again, it is the same, it is another."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bursar.journal import accounts
from support.left import ASKS, EXCHANGE, Left

REPLACED = """exchange is a new account: what was done at the former one counts for it no more
ended, and never sent: 1
if that was a mistake: put the old settings back, reload, and `bursar accounts rename exchange@TIME exchange`"""


def test_a_rejected_account_is_looked_at_again(asked: Left) -> None:
    asked.write(lambda uow: accounts.park(uow.tx, EXCHANGE, "wrong key", uow.now))
    before = {row["name"]: row["state"] for row in asked.rows("accounts")}
    said = asked.command("accounts", "retry", "exchange")
    after = {row["name"]: row["state"] for row in asked.rows("accounts")}
    assert (said.code, said.out) == (0, "exchange is looked at again\n")
    assert (before["exchange"], after["exchange"]) == ("rejected", "starting")


@pytest.mark.parametrize(("rejected", "words"), [(True, "wrong key"), (False, None)])
def test_it_is_said_whether_an_account_was_rejected(asked: Left, rejected: bool, words: str | None) -> None:
    if rejected:
        asked.write(lambda uow: accounts.park(uow.tx, EXCHANGE, str(words), uow.now))
    assert asked.command("accounts", "retry", "exchange", "--json").json["rejected"] in (rejected, words)


@pytest.mark.parametrize(
    ("verb", "said_of_it", "then"),
    [
        ("confirm", "exchange is the same account as before", [("1", "awaiting_approval")]),
        ("replace", REPLACED, [("1", "lapsed")]),
    ],
)
def test_a_person_says_what_a_changed_account_is(asked: Left, verb: str, said_of_it: str, then: list[Any]) -> None:
    asked.configure(ASKS, key="k3")
    asked.write()
    before = {row["name"]: row["state"] for row in asked.rows("accounts")}["exchange"]
    said = asked.command("accounts", verb, "exchange")
    out = re.sub(r"@\d{8}T\d+", "@TIME", said.out)
    assert (before, said.code, out, asked.actions()) == ("quarantined", 0, f"{said_of_it}\n", then)


@pytest.mark.parametrize("verb", ["confirm", "replace", "retry"])
def test_an_account_that_is_misspelt_is_one_sentence(asked: Left, verb: str) -> None:
    said = asked.command("accounts", verb, "exchnage")
    assert (said.code, said.err) == (2, "bursar: there is no account 'exchnage' (did you mean 'exchange'?)\n")


@pytest.mark.parametrize("verb", ["confirm", "replace"])
def test_an_account_that_did_not_change_is_one_sentence(asked: Left, verb: str) -> None:
    said = asked.command("accounts", verb, "exchange")
    assert (said.code, said.err) == (2, "bursar: exchange is not in quarantine; there is nothing to say about it\n")


@pytest.mark.parametrize("verb", ["same", "new"])
def test_the_former_words_are_none(asked: Left, verb: str) -> None:
    assert asked.command("accounts", verb, "exchange").code == 2
