"""YAML in, compiled rules out; every problem at its place, in words that help."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.api import FieldKind, Function
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Accounts, Act, Budget, Limit, Mode, Notify, Scope
from support.properties import examples
from support.rules import ACCOUNTS, ADD, NOW, PREMIUM_EXCHANGER, REFILL_ACTION, SMM, account, read, scope
from support.rules import CANCEL as CANCEL_ACTION

REFILL = {
    "name": "refill-partial-orders",
    "on": "order.partial",
    "when": 'order.remains > 0 and order.age < t"P30D" and not order.cancel_requested',
    "do": ["refill"],
    "limit": {"per": "order", "max": 3, "every": "24h"},
}
CANCEL = {
    "name": "cancel-stuck-orders",
    "on": "order",
    "when": 'order.state in ["pending", "in_progress"]',
    "for": "48h",
    "do": ["cancel"],
}
PAYOUT = {
    "name": "payout-when-due",
    "on": "balance.passed_min_payout",
    "accounts": ["exchange"],
    "do": [{"payout": {"method": "7", "account": {"env": "USDT_WALLET"}}}],
    "cooldown": "24h",
    "approve": {"above": 500, "within": "12h"},
}
COUPON = {
    "name": "coupon-activated",
    "on": "coupon.activated",
    "do": [{"notify": {"sink": "ops", "text": "Coupon {{ coupon.id }} worth {{ coupon.amount }} was activated"}}],
}


ORDER_MORE = {"add": {"service": "1", "link": "x"}}


def one(**changes):
    """Read the first rule of the design with some keys changed; None leaves a key out."""
    raw = {key: value for key, value in {**REFILL, **changes}.items() if value is not None}
    return read(raw)


def only_rule(**changes):
    reading = one(**changes)
    assert reading.problems == []
    return reading.rules[0]


def only_problem(**changes):
    reading = one(**changes)
    assert len(reading.problems) == 1, reading.problems
    assert reading.rules == ()
    return reading.problems[0]


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


def test_a_rule_that_is_off_is_still_checked():
    assert only_problem(mode="off", do=["refil"])[0] == (0, "do", 0)


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"name": None}, (0,), "'name' is missing"),
        ({"name": 5}, (0, "name"), "expected a name of letters"),
        ({"name": "two words"}, (0, "name"), "expected a name of letters"),
        ({"on": None}, (0,), "'on' is missing: expected an event type"),
        ({"on": 5}, (0, "on"), "expected an event type such as order.partial"),
        ({"on": True}, (0, "on"), "not true or false"),
        ({"on": []}, (0, "on"), "not an empty one"),
        ({"on": ["order.partial", 5]}, (0, "on", 1), "not a number"),
        ({"on": "order.partail"}, (0, "on"), "unknown event 'order.partail' (did you mean 'order.partial'?)"),
        ({"on": "orders"}, (0, "on"), "unknown event 'orders' (did you mean 'order'?)"),
        ({"on": "order.done*"}, (0, "on"), "'order.done*' matches no event"),
        ({"on": ["order.partial", "order.canceled_"]}, (0, "on", 1), "did you mean 'order.canceled'?"),
        ({"on": "order.partial", "accounts": ["shop"]}, (0, "on"), "only main-panel can"),
        ({"when": 5}, (0, "when"), "expected a condition, not a number"),
        ({"when": ""}, (0, "when"), "expected a condition, not an empty text"),
        ({"when": "order.remain > 0"}, (0, "when"), "did you mean 'remains'?"),
        ({"when": "order.remains > "}, (0, "when"), "something is missing at its end"),
        ({"do": None}, (0,), "'do' is missing"),
        ({"do": "refill"}, (0, "do"), "expected a list of actions, such as [refill], not text"),
        ({"do": []}, (0, "do"), "not an empty one"),
        ({"do": [None]}, (0, "do", 0), "not nothing"),
        ({"do": [["refill"]]}, (0, "do", 0), "not a list"),
        ({"do": [{}]}, (0, "do", 0), "not a mapping of 0 keys"),
        ({"do": [{"refill": None, "cancel": None}]}, (0, "do", 0), "not a mapping of 2 keys"),
        ({"do": ["refil"]}, (0, "do", 0), "unknown action 'refil' (did you mean 'refill'?)"),
        ({"do": ["notify"]}, (0, "do", 0), "notify needs a sink and a text"),
        ({"do": ["payout"]}, (0, "do", 0), "unknown action 'payout'"),
        (
            {"do": [{"refill": "now"}]},
            (0, "do", 0, "refill"),
            "expected the parameters of refill as a mapping, not text",
        ),
        ({"do": [{"refill": {"order": "1"}}]}, (0, "do", 0, "refill", "order"), "unknown parameter of refill 'order'"),
        ({"do": [{"add": {"service": "1"}}]}, (0, "do", 0, "add"), "add needs the parameter 'link'"),
        ({"do": [{"add": {"service": "1", "link": None}}]}, (0, "do", 0, "add", "link"), "expected text, not nothing"),
        (
            {"do": [{"add": {"service": "1", "link": True}}]},
            (0, "do", 0, "add", "link"),
            "expected text, not true or false",
        ),
        ({"do": [{"add": {"service": "1", "link": ["x"]}}]}, (0, "do", 0, "add", "link"), "expected text, not a list"),
        (
            {"do": [{"add": {"service": "1", "link": "x", "quantity": "ten"}}]},
            (0, "do", 0, "add", "quantity"),
            "expected a number, not text",
        ),
        (
            {"do": [{"add": {"service": "1", "link": "x", "drip": "yes"}}]},
            (0, "do", 0, "add", "drip"),
            "expected true or false, not text",
        ),
        (
            {"do": [{"add": {"service": "1", "link": "x", "drip": 1}}]},
            (0, "do", 0, "add", "drip"),
            "expected true or false, not a number",
        ),
        (
            {"do": [{"add": {"service": "1", "lnik": "x", "link": "y"}}]},
            (0, "do", 0, "add", "lnik"),
            "did you mean 'link'?",
        ),
        (
            {"do": [{"add": {"service": "1", "link": "{{ order.lnik }}"}}]},
            (0, "do", 0, "add", "link"),
            "unknown field 'lnik' of order (did you mean 'link'?)",
        ),
        ({"do": [{"add": {"service": "1", "link": {"evn": "X"}}}]}, (0, "do", 0, "add", "link"), "{env: NAME}"),
        ({"do": [{"add": {"service": "1", "link": {"env": 5}}}]}, (0, "do", 0, "add", "link"), "{env: NAME}"),
        ({"do": [{"notify": None}]}, (0, "do", 0, "notify"), "expected {sink: …, text: …}, not nothing"),
        ({"do": [{"notify": {"sink": "ops"}}]}, (0, "do", 0, "notify"), "'text' is missing"),
        ({"do": [{"notify": {"text": "x"}}]}, (0, "do", 0, "notify"), "'sink' is missing"),
        (
            {"do": [{"notify": {"sink": "obs", "text": "x"}}]},
            (0, "do", 0, "notify", "sink"),
            "unknown sink 'obs' (did you mean 'ops'?)",
        ),
        ({"do": [{"notify": {"sink": ["ops"], "text": "x"}}]}, (0, "do", 0, "notify", "sink"), "not a list"),
        (
            {"do": [{"notify": {"sink": "ops", "text": "{{ order.di }}"}}]},
            (0, "do", 0, "notify", "text"),
            "unknown field 'di' of order",
        ),
        (
            {"do": [{"notify": {"sink": "ops", "text": None}}]},
            (0, "do", 0, "notify", "text"),
            "expected a text, not nothing",
        ),
        (
            {"do": [{"notify": {"sink": "ops", "text": "x", "txet": "y"}}]},
            (0, "do", 0, "notify", "txet"),
            "unknown key 'txet' (did you mean 'text'?)",
        ),
        (
            {"do": [{"notify": {"sink": "ops", "text": "x", "severity": 1}}]},
            (0, "do", 0, "notify", "severity"),
            "one word",
        ),
        ({"accounts": "main-panel"}, (0, "accounts"), "expected a list of account names"),
        ({"accounts": []}, (0, "accounts"), "not an empty one"),
        ({"accounts": [5]}, (0, "accounts", 0), "not a number"),
        ({"accounts": ["main-panle"]}, (0, "accounts", 0), "unknown account 'main-panle' (did you mean 'main-panel'?)"),
        ({"accounts": ["eu-*"]}, (0, "accounts", 0), "'eu-*' matches no account"),
        ({"accounts": [{"taem": "eu"}]}, (0, "accounts", 0), "unknown label 'taem' (did you mean 'team'?)"),
        ({"accounts": [{"team": "us"}]}, (0, "accounts", 0), "no account has these labels: team: us"),
        ({"accounts": [{}]}, (0, "accounts", 0), "not a mapping"),
        ({"for": "5m"}, (0, "for"), "`for` is for rules that watch a state"),
        ({"on": "order", "for": 300}, (0, "for"), "300 has no unit: expected a duration such as 90s, 5m, 6h or 2d"),
        ({"on": "order", "for": "5 minutes"}, (0, "for"), "'5 minutes' is not a duration"),
        ({"on": "order", "for": None, "cooldown": "0s"}, (0, "cooldown"), "'0s' is no time at all"),
        ({"cooldown": "99999999d"}, (0, "cooldown"), "longer than ten years"),
        ({"cooldown": ["5m"]}, (0, "cooldown"), "expected a duration such as"),
        ({"limit": 3}, (0, "limit"), "expected a limit such as"),
        ({"limit": {"per": "order", "max": 3}}, (0, "limit"), "'every' is missing"),
        (
            {"limit": {"per": "orders", "max": 3, "every": "1h"}},
            (0, "limit", "per"),
            "a limit counts per order or account or rule, not per 'orders'",
        ),
        ({"limit": {"per": "refill", "max": 3, "every": "1h"}}, (0, "limit", "per"), "not per 'refill'"),
        ({"limit": {"per": 1, "max": 3, "every": "1h"}}, (0, "limit", "per"), "not a number"),
        ({"limit": {"per": "order", "max": 0, "every": "1h"}}, (0, "limit", "max"), "a whole number of at least 1"),
        ({"limit": {"per": "order", "max": "3", "every": "1h"}}, (0, "limit", "max"), "a whole number of at least 1"),
        ({"limit": {"per": "order", "max": True, "every": "1h"}}, (0, "limit", "max"), "a whole number of at least 1"),
        (
            {"limit": {"per": "order", "max": 3, "every": "1h", "evry": 1}},
            (0, "limit", "evry"),
            "did you mean 'every'?",
        ),
        ({"mode": "of"}, (0, "mode"), "unknown mode 'of' (did you mean 'off'?)"),
        ({"mode": "sleep"}, (0, "mode"), "unknown mode 'sleep' (known: live, off, shadow)"),
        ({"mode": False}, (0, "mode"), "expected live or shadow or off, not true or false"),
        ({"approve": True}, (0, "approve"), "expected an approval such as"),
        ({"approve": {"above": 5}}, (0, "approve"), "'within' is missing"),
        ({"approve": {"above": -5, "within": "1h"}}, (0, "approve", "above"), "expected a number of at least 0"),
        ({"approve": {"above": "5", "within": "1h"}}, (0, "approve", "above"), "not text"),
        ({"budget": 5}, (0, "budget"), "expected a budget such as"),
        ({"budget": {}}, (0, "budget"), "not an empty one"),
        ({"budget": {"refil": {"max": 5, "every": "1d"}}}, (0, "budget", "refil"), "did you mean 'refill'?"),
        (
            {"do": [ORDER_MORE], "budget": {"add": {"max": 0, "every": "1d"}}},
            (0, "budget", "add", "max"),
            "a number above 0",
        ),
        (
            {"do": [ORDER_MORE], "budget": {"add": {"max": Decimal("NaN"), "every": "1d"}}},
            (0, "budget", "add", "max"),
            "a number above 0",
        ),
        ({"do": [ORDER_MORE], "budget": {"add": {"every": "1d"}}}, (0, "budget", "add"), "'max' is missing"),
        (
            {"do": [ORDER_MORE], "budget": {"add": {"max": 5, "every": "1d", "currency": "USD"}}},
            (0, "budget", "add", "currency"),
            "unknown key 'currency'",
        ),
        (
            {"budget": {"refill": {"max": 5, "every": "1d"}}},
            (0, "budget", "refill"),
            "nobody can know what refill costs at smm: no budget could ever allow it",
        ),
        (
            {"approve": {"above": 5, "within": "1h"}},
            (0, "approve", "above"),
            "nobody can know what refill costs at smm: it would always ask: leave `above` out",
        ),
        ({"was": 5}, (0, "was"), "expected the name that the rule had before"),
        ({"was": "two words"}, (0, "was"), "expected the name that the rule had before"),
        ({"severity": "very bad"}, (0, "severity"), "one word, such as info"),
        ({"wehn": "true"}, (0, "wehn"), "unknown key 'wehn' (did you mean 'when'?)"),
        ({"count": {"of": 5}}, (0, "count"), "'count' is not built yet"),
        ({"absent": "6h"}, (0, "absent"), "'absent' is not built yet"),
        ({"group": {}}, (0, "group"), "'group' is not built yet"),
        ({"once_within": "1h"}, (0, "once_within"), "'once_within' is not built yet"),
        ({"unless": "true"}, (0, "unless"), "'unless' is not built yet"),
        ({"silence": "1h"}, (0, "silence"), "'silence' is not built yet"),
    ],
)
def test_each_fault_is_one_problem_at_its_place(changes, path, said):
    where, message = only_problem(**changes)
    assert where == path
    assert said in message


@pytest.mark.parametrize("raw", [5, "rules", {"name": "x"}, True, Decimal(1)])
def test_rules_that_are_no_list(raw):
    reading = read([raw]) if isinstance(raw, dict) else read(raw)
    assert reading.problems


@pytest.mark.parametrize("raw", [5, None, "refill", [], [[]], True, Decimal("1.5")])
def test_a_rule_that_is_no_mapping(raw):
    reading = read([raw])
    assert (reading.paths(), reading.rules) == ([(0,)], ())
    assert "expected a rule: a mapping with name, on and do" in reading.messages()[0]


def test_all_problems_are_told_at_once():
    reading = read(
        {"name": "a", "on": "order.partail", "when": "order.remain > 0", "do": ["refil"], "cooldown": 5},
        {"name": "a", "on": "coupon.activated", "do": [{"notify": {"sink": "nowhere", "text": "{{ coupon.x }}"}}]},
    )
    assert sorted(reading.paths(), key=str) == sorted(
        [
            (0, "on"),
            (0, "when"),
            (0, "do", 0),
            (0, "cooldown"),
            (1, "name"),
            (1, "do", 0, "notify", "sink"),
            (1, "do", 0, "notify", "text"),
        ],
        key=str,
    )


def test_one_broken_rule_does_not_take_the_others_along():
    reading = read({**REFILL, "on": "nothing"}, CANCEL)
    assert [rule.name for rule in reading.rules] == ["cancel-stuck-orders"]


def test_a_duplicate_name_says_where_the_first_is():
    reading = read(REFILL, {**CANCEL, "name": "refill-partial-orders"})
    assert reading.paths() == [(1, "name")]
    assert reading.messages()[0].startswith("duplicate name 'refill-partial-orders': it is already at rules.yaml:")


def test_a_secret_that_cannot_be_had():
    reading = read(PAYOUT, secret=None)
    assert reading.problems == [((0, "do", 0, "payout", "account"), "the environment variable USDT_WALLET is not set")]


def test_no_problem_shows_the_value_of_a_parameter():
    wrong = {"method": ["TSECRET"], "account": {"env": "N", "TSECRET": "TSECRET"}}
    reading = read({**PAYOUT, "do": [{"payout": wrong}]})
    assert len(reading.problems) == 2
    assert not any("TSECRET" in message for message in reading.messages())


def test_an_event_that_no_configured_account_can_raise_names_who_could():
    only_smm = {name: each for name, each in ACCOUNTS.items() if name == "main-panel"}
    reading = read(COUPON, accounts=only_smm)
    assert reading.messages()[0] == (
        "no account is configured that raises 'coupon.activated': it takes one of anticaptcha"
    )


def test_an_action_that_some_accounts_lack():
    reading = read({"name": "x", "on": "balance.rose", "do": [{"payout": {"method": "7", "account": "T"}}]})
    assert reading.messages() == [
        "the rule is also for main-panel (smm), shop (anticaptcha), without an action 'payout': narrow `accounts`"
    ]


def test_accounts_that_cannot_raise_the_event_do_not_matter():
    assert read({"name": "x", "on": "balance.passed_min_payout", "do": PAYOUT["do"]}).problems == []


@pytest.mark.parametrize("on", ["service.rate_changed", "balance.rose", ["order.partial", "service.appeared"], "*"])
def test_an_action_needs_its_subject(on):
    reading = read({"name": "x", "on": on, "accounts": ["main-panel"], "do": ["refill"]})
    assert [path for path, _ in reading.problems] == [(0, "do", 0)]
    assert "refill is done to order, and" in reading.messages()[0]


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


def test_a_cost_that_one_of_two_providers_knows_is_not_enough():
    other = replace(SMM, name="other", actions=(replace(ADD, cost=None), REFILL_ACTION, CANCEL_ACTION))
    both = {each.facts.name: each for each in (account("a", SMM), account("b", other))}
    budget = {"add": {"max": 5, "every": "1d"}}
    reading = read({**REFILL, "do": [ORDER_MORE], "budget": budget}, accounts=both)
    assert reading.problems == [
        ((0, "budget", "add"), "nobody can know what add costs at other: no budget could ever allow it")
    ]


def test_a_rule_has_the_name_that_it_had_before():
    assert only_rule(was="refill-them").was == "refill-them"


def test_a_former_name_that_a_rule_still_has_is_a_problem():
    reading = read({**REFILL, "was": "cancel-stuck-orders"}, CANCEL)
    assert reading.problems == [
        ((0, "was"), "there is still a rule 'cancel-stuck-orders': `was` names one that is gone")
    ]


def test_a_rule_cannot_have_been_what_it_is():
    assert read({**REFILL, "was": REFILL["name"]}).problems == [
        ((0, "was"), "there is still a rule 'refill-partial-orders': `was` names one that is gone")
    ]


def test_a_former_name_that_two_rules_take_over_is_a_problem_of_the_second():
    reading = read({**REFILL, "was": "old"}, {**CANCEL, "was": "old"})
    assert reading.paths() == [(1, "was")]
    assert reading.messages()[0].endswith("takes over 'old' already")


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


JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.decimals(),
        st.text(max_size=8),
        st.sampled_from(["order.partial", "order", "refill", "notify", "ops", "5m", "{{ order.id }}", "*"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["notify", "add", "sink", "text", "per", "max", "every", "env", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
KEY = st.sampled_from(
    [
        "name",
        "on",
        "when",
        "for",
        "do",
        "accounts",
        "limit",
        "cooldown",
        "mode",
        "approve",
        "budget",
        "severity",
        "count",
        "was",
        "what",
    ]
)


@examples(300)
@given(st.lists(st.one_of(JUNK, st.dictionaries(KEY, JUNK)), max_size=3))
def test_no_shape_makes_reading_fail(raw):
    reading = read(raw)
    assert len(reading.rules) <= len(raw)
    assert all(message for message in reading.messages())
