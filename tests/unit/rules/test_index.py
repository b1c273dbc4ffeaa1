"""Rules are found by what they listen to, at a cost that does not depend on how many there are."""

from __future__ import annotations

from bursar.domain.ids import AccountName, RuleName
from bursar.domain.rule import AccountFacts, Accounts, Mode, Rule
from bursar.rules.index import Rulebook
from support.rules import ACCOUNTS

PANEL, SHOP = ACCOUNTS["main-panel"].facts, ACCOUNTS["shop"].facts


def rule(name, *on, watches=None, mode=Mode.LIVE, accounts=Accounts()):  # noqa: B008 - frozen
    return Rule(RuleName(name), (), name, on=on, watches=watches, mode=mode, accounts=accounts)


def found(book, event, facts=PANEL):
    return [each.name for each in book.for_event(event, facts)]


def test_exact_names_and_globs_in_their_order():
    rules = [rule("glob", "order.*"), rule("other", "order.failed"), rule("exact", "order.partial"), rule("all", "*")]
    book = Rulebook(rules)
    assert found(book, "order.partial") == ["glob", "exact", "all"]


def test_a_rule_that_names_an_event_twice_is_asked_once():
    assert found(Rulebook([rule("twice", "order.partial", "order.*", "order.partial")]), "order.partial") == ["twice"]


def test_accounts_narrow():
    book = Rulebook(
        [
            rule("named", "*", accounts=Accounts(names=("main-*",))),
            rule("labelled", "*", accounts=Accounts(labels=({"team": "eu"},))),
            rule("shop", "*", accounts=Accounts(names=("shop",))),
        ]
    )
    assert found(book, "order.partial") == ["named", "labelled"]
    assert found(book, "order.partial", SHOP) == ["shop"]


def test_the_same_event_of_two_accounts_is_kept_apart():
    book = Rulebook([rule("shop", "*", accounts=Accounts(names=("shop",)))])
    assert (found(book, "x.y", SHOP), found(book, "x.y", PANEL), found(book, "x.y", SHOP)) == (["shop"], [], ["shop"])


def test_an_event_of_the_daemon_itself():
    daemon = AccountFacts(AccountName(""), "")
    assert found(Rulebook([rule("clock", "clock.jumped")]), "clock.jumped", daemon) == ["clock"]


def test_rules_that_are_off_are_asked_nothing_and_can_be_got():
    book = Rulebook([rule("off", "order.partial", mode=Mode.OFF), rule("sleeping", watches="order", mode=Mode.OFF)])
    assert (found(book, "order.partial"), book.for_subject("order", PANEL)) == ([], ())
    assert [each.name for each in book.rules] == ["off", "sleeping"]
    assert book.get("off").mode is Mode.OFF


def test_a_shadowed_rule_is_asked():
    assert found(Rulebook([rule("shadow", "order.partial", mode=Mode.SHADOW)]), "order.partial") == ["shadow"]


def test_state_rules_are_found_by_their_subject():
    book = Rulebook([rule("stuck", watches="order"), rule("low", watches="balance"), rule("event", "order.partial")])
    assert [each.name for each in book.for_subject("order", PANEL)] == ["stuck"]


def test_unknown_names_give_nothing():
    book = Rulebook([rule("stuck", watches="order")])
    assert (book.get("nobody"), book.for_subject("coupon", PANEL), book.for_event("x.y", PANEL)) == (None, (), ())


class Counting(Accounts):
    """Accounts that count how often they are asked."""

    asked = 0

    def include(self, account):
        type(self).asked += 1
        return super().include(account)


def test_asking_again_looks_at_no_rule():
    Counting.asked = 0
    book = Rulebook([rule(f"r{number}", "order.*", accounts=Counting()) for number in range(50)])
    first = book.for_event("order.partial", PANEL)
    assert Counting.asked == 50
    assert (book.for_event("order.partial", PANEL) is first, Counting.asked) == (True, 50)


def test_rules_that_listen_to_something_else_are_never_looked_at():
    Counting.asked = 0
    book = Rulebook([rule(f"r{number}", f"order.{number}", accounts=Counting()) for number in range(50)])
    book.for_event("order.7", PANEL)
    assert Counting.asked == 1
