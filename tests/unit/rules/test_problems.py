"""Every fault of a rule is a problem at its place, in words that help; all are told at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.properties import examples
from support.raw_rules import CANCEL, COUPON, PAYOUT, REFILL, only_problem
from support.rules import ACCOUNTS, ADD, REFILL_ACTION, SMM, account, read
from support.rules import CANCEL as CANCEL_ACTION

ORDER_MORE = {"add": {"service": "1", "link": "x"}}


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


def test_a_cost_that_one_of_two_providers_knows_is_not_enough():
    other = replace(SMM, name="other", actions=(replace(ADD, cost=None), REFILL_ACTION, CANCEL_ACTION))
    both = {each.facts.name: each for each in (account("a", SMM), account("b", other))}
    budget = {"add": {"max": 5, "every": "1d"}}
    reading = read({**REFILL, "do": [ORDER_MORE], "budget": budget}, accounts=both)
    assert reading.problems == [
        ((0, "budget", "add"), "nobody can know what add costs at other: no budget could ever allow it")
    ]


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
