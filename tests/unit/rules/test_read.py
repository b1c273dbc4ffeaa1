"""YAML in, compiled rules out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bursar.api import FieldKind, Function
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Accounts, Act, Budget, Limit, Mode, Notify, Scope
from support.raw_rules import CANCEL, COUPON, PAYOUT, REFILL, one, only_problem
from support.rules import ACCOUNTS, NOW, PREMIUM_EXCHANGER, SMM, account, read, scope


def only_rule(**changes):
    reading = one(**changes)
    assert reading.problems == []
    return reading.rules[0]


def test_the_four_rules_of_the_mission_compile_as_they_are_written():
    reading = read(REFILL, CANCEL, PAYOUT, COUPON)
    assert reading.problems == []
    assert [rule.name for rule in reading.rules] == [
        "refill-partial-orders",
        "cancel-stuck-orders",
        "payout-when-due",
        "coupon-activated",
    ]


def test_an_event_rule():
    rule = read(REFILL).rules[0]
    assert (rule.on, rule.watches, rule.do) == (("order.partial",), None, (Act("refill"),))
    assert rule.limit == Limit("order", 3, timedelta(hours=24))
    assert rule.when.judge(scope(remains=Decimal(4), cancel_requested=False)).truth is True


def test_a_state_rule():
    rule = read(CANCEL).rules[0]
    assert (rule.on, rule.watches, rule.hold_for) == ((), "order", timedelta(hours=48))


def test_a_rule_about_money():
    rule = read(PAYOUT).rules[0]
    act = rule.do[0]
    assert (rule.accounts, rule.cooldown) == (Accounts(names=("exchange",)), timedelta(hours=24))
    assert (rule.approve.above, rule.approve.within) == (Decimal(500), timedelta(hours=12))
    assert (act.secret, act.params["method"].render(scope())) == (frozenset({"account"}), "7")
    assert (act.params["account"].text, act.params["account"].render(scope())) == ("{env: USDT_WALLET}", "T-wallet")


def test_a_rule_that_tells():
    rule = read(COUPON).rules[0]
    shop = ACCOUNTS["shop"].facts
    coupon = Snapshot(shop.name, SubjectRef("coupon", "32"), {"amount": Decimal("10.10")}, NOW, state="activated")
    assert isinstance(rule.do[0], Notify)
    assert rule.do[0].text.render(Scope(shop, NOW, coupon)) == "Coupon 32 worth 10.10 was activated"


def test_the_parameter_that_an_action_declares_secret_is_secret_however_it_is_given():
    rule = read({**PAYOUT, "do": [{"payout": {"method": "{{ account.currency }}", "account": "TABC"}}]}).rules[0]
    assert rule.do[0].secret == {"account"}


def test_a_secret_that_is_written_out_is_not_shown_by_the_rule():
    rule = read({**PAYOUT, "do": [{"payout": {"method": "7", "account": "TABCDEF"}}]}).rules[0]
    assert rule.do[0].params["account"].render(scope()) == "TABCDEF"
    assert "TABCDEF" not in repr(rule) + rule.do[0].params["account"].text


def test_an_empty_secret_is_a_problem():
    reading = read({**PAYOUT, "do": [{"payout": {"method": "7", "account": " "}}]})
    assert reading.problems == [((0, "do", 0, "payout", "account"), "expected a value or a secret, not an empty text")]


def test_every_key():
    rule = only_rule(
        on=["order.partial", "order.f*"],
        accounts=["main-*", {"team": "eu"}],
        mode="shadow",
        severity="warning",
        cooldown="5m",
        budget={"add": {"max": Decimal("20.50"), "every": "1d"}},
        approve={"within": "1h"},
        do=[
            "refill",
            {"cancel": None},
            {"add": {"service": 5, "link": "{{ order.link }}", "quantity": "10", "drip": True}},
            {"notify": {"sink": "book", "text": "x", "severity": "info"}},
        ],
    )
    assert (rule.on, rule.mode, rule.severity) == (("order.partial", "order.f*"), Mode.SHADOW, "warning")
    assert rule.accounts == Accounts(names=("main-*",), labels=({"team": "eu"},))
    assert rule.budget == (Budget("add", Decimal("20.50"), timedelta(days=1)),)
    assert rule.approve.above is None
    add = rule.do[2]
    assert [add.params[key].render(scope(link="L")) for key in ("service", "link", "quantity", "drip")] == [
        "5",
        "L",
        Decimal(10),
        True,
    ]
    assert rule.do[3].severity == "info"


def test_no_rules_are_no_problem():
    assert (read([]).problems, read(None).rules) == ([], ())


@pytest.mark.parametrize("on", ["refill.rejected", "refill", ["order.partial", "refill.rejected"], "action.refused"])
def test_an_action_finds_its_subject_through_a_field_or_an_action(on):
    assert read({"name": "x", "on": on, "accounts": ["main-panel"], "do": ["refill"]}).problems == []


def test_an_action_that_creates_needs_no_subject():
    raw = {
        "name": "x",
        "on": "account.recovered",
        "accounts": ["main-panel"],
        "do": [{"add": {"service": "1", "link": "x"}}],
    }
    assert read(raw).problems == []


def test_events_of_the_core_are_known():
    raw = {
        "name": "x",
        "on": ["account.*", "action.gave_up", "clock.jumped"],
        "when": 'event.reason != "x" and account.name == "shop"',
        "do": [{"notify": {"sink": "ops", "text": "{{ event.type }} {{ event.reason }} {{ account.name }}"}}],
    }
    assert read(raw).problems == []


def test_rules_about_several_subjects_name_each():
    raw = {
        "name": "x",
        "on": ["order.partial", "refill.rejected"],
        "when": 'order.remains > 0 or refill.order == "1"',
        "do": [{"notify": {"sink": "ops", "text": "x"}}],
    }
    assert read(raw).problems == []


def test_a_rule_watches_one_subject():
    path, message = only_problem(on=["order", "order.partial"])
    assert (path, message) == ((0, "on"), "'order' is a subject: a rule watches one subject, or listens to events")


def test_a_state_rule_may_be_written_as_a_list():
    assert only_rule(on=["order"], limit=None).watches == "order"


def test_a_state_rule_has_no_event():
    assert "'event' is for event rules" in only_problem(on="order", when='event.type == "x"')[1]


def test_labels_of_the_rules_own_accounts_can_be_asked():
    assert only_rule(when='account.labels.team == "eu"').when is not None
    reading = read({**COUPON, "when": 'account.labels.team == "eu"'})
    assert "no account of this rule has the label 'team'" in reading.messages()[0]


def test_functions_of_plugins_can_be_called():
    functions = {"vip": Function("vip", lambda text: True, (FieldKind.TEXT,), FieldKind.BOOLEAN)}
    assert read({**REFILL, "when": "$vip(order.id)"}, functions=functions).problems == []


def test_an_approval_that_always_asks_needs_no_cost():
    assert only_rule(approve={"within": "1h"}).approve.above is None


def test_a_rule_has_the_name_that_it_had_before():
    assert only_rule(was="refill-them").was == "refill-them"


def test_without_accounts_rules_are_checked_against_what_is_installed():
    assert read(REFILL, CANCEL, COUPON, accounts={}).problems == []
    assert "did you mean 'remains'?" in read({**REFILL, "when": "order.remain > 0"}, accounts={}).messages()[0]


def test_two_accounts_of_a_provider_are_checked_once():
    two = {each.facts.name: each for each in (account("a", SMM), account("b", SMM), account("c", PREMIUM_EXCHANGER))}
    reading = read({**REFILL, "do": [{"add": {}}]}, accounts=two)
    assert len(reading.problems) == 2


def test_an_account_with_a_name_like_a_glob_is_still_a_name():
    odd = {AccountName("a"): account("a", SMM)}
    assert read({**REFILL, "accounts": ["[a]"]}, accounts=odd).problems == []
