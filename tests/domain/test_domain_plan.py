from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from domain_world import FACTS, PANEL, T0, Says, order, rule, tell

from bursar.domain.action import ActionType
from bursar.domain.event import Event
from bursar.domain.guard import History, Obstacle
from bursar.domain.ids import MatchId, SubjectRef
from bursar.domain.intent import LostReply
from bursar.domain.plan import MASK, Plan, freeze, plan, seal_with, target, unseal
from bursar.domain.rule import Act, Approve, Mode, Rule, Scope, TemplateFailed

REFILL = ActionType("refill", "order", LostReply.REPEATABLE)
CANCEL = ActionType("cancel", "order", LostReply.REPEATABLE)
ADD = ActionType("add", "order", LostReply.NEITHER, creates=True, money=True)
PAYOUT = ActionType(
    "payout", "balance", LostReply.RECONCILABLE, subject_id="balance", money=True,
    cost=lambda params, subject: Decimal(600),
)  # fmt: skip
ACTIONS = {action.name: action for action in (REFILL, CANCEL, ADD, PAYOUT)}
NOTHING = History()
SEAL = seal_with(b"key")
SUBJECT = order("partial", "101")
SCOPE = Scope(FACTS, T0, SUBJECT, Event("order.partial", PANEL, T0, SUBJECT.ref))


def decide(what: Rule, history: History = NOTHING, *, done: int = 0, told: bool = False) -> Plan:
    """Plan a match under one history."""
    return plan(what, MatchId(1), SCOPE, ACTIONS, lambda *_: history, SEAL, acts_planned=done, told=told)


def only_for_actions(history: History):
    """Give a history to the guards of actions, and an empty one to those of the firing."""
    return lambda action, subject: History() if action is None else history


def test_a_match_plans_its_action() -> None:
    planned = decide(rule(Act("refill"))).intent
    assert (planned.action, planned.subject, planned.account) == ("refill", SUBJECT.ref, PANEL)


def test_an_intent_names_its_rule_and_match() -> None:
    planned = decide(rule(Act("refill"))).intent
    assert (planned.rule, planned.match) == ("r", 1)


def test_a_match_tells_its_texts() -> None:
    assert [note.text for note in decide(rule(tell("one"), tell("two"))).notes] == ["one", "two"]


def test_texts_of_one_match_have_places_of_their_own() -> None:
    assert [note.position for note in decide(rule(tell("one"), Act("refill"), tell("two"))).notes] == [0, 2]


def test_a_text_has_the_rules_severity_unless_it_has_its_own() -> None:
    loud = replace(tell("two"), severity="high")
    assert [n.severity for n in decide(rule(tell("one"), loud, severity="low")).notes] == ["low", "high"]


def test_texts_go_out_with_the_first_action() -> None:
    decided = decide(rule(Act("refill"), tell("one")))
    assert (decided.intent is not None, len(decided.notes)) == (True, 1)


def test_texts_go_out_once() -> None:
    assert decide(rule(Act("refill"), Act("cancel"), tell("one")), done=1).notes == ()


def test_texts_do_not_go_out_again_when_the_same_action_is_planned_anew() -> None:
    again = decide(rule(Act("refill"), tell("one")), told=True)
    assert (again.intent is not None, again.notes) == (True, ())


def test_a_match_that_only_tells_and_has_told_is_done() -> None:
    assert decide(rule(tell("one")), told=True) == Plan()


def test_texts_wait_while_the_action_is_held_back() -> None:
    history = only_for_actions(History(open_intent=(7, "intent 7")))
    decided = plan(rule(Act("refill"), tell("one")), MatchId(1), SCOPE, ACTIONS, history, SEAL)
    assert (decided.intent, decided.notes, decided.held.waits_for) == (None, (), 7)


def test_the_second_action_waits_for_the_first() -> None:
    decided = decide(rule(Act("refill"), Act("cancel")))
    assert (decided.acts_planned, decided.held.obstacle) == (1, Obstacle.OPEN_INTENT)


def test_the_second_action_follows() -> None:
    decided = decide(rule(Act("refill"), Act("cancel")), done=1)
    assert (decided.intent.action, decided.acts_planned, decided.held) == ("cancel", 2, None)


def test_after_the_last_action_nothing_is_left() -> None:
    assert decide(rule(Act("refill"), Act("cancel")), done=2) == Plan(acts_planned=2)


def test_a_firing_that_is_held_back_keeps_its_place() -> None:
    decided = decide(rule(Act("refill"), Act("cancel")), History(paused="paused"), done=1)
    assert (decided.held.obstacle, decided.acts_planned) == (Obstacle.PAUSED, 1)


def test_shadow_does_nothing_at_all() -> None:
    decided = decide(rule(Act("refill"), tell("one"), mode=Mode.SHADOW))
    assert (decided.intent, decided.notes, decided.held.obstacle) == (None, (), Obstacle.SHADOW)


def test_an_intent_that_a_person_is_asked_about_says_why_and_how_long() -> None:
    asking = rule(Act("payout"), approve=Approve(Decimal(500), T0 - T0))
    assert decide(asking).intent.asks == "600 is above 500"


def test_a_cost_is_planned_with_the_intent() -> None:
    assert decide(rule(Act("payout"))).intent.cost == Decimal(600)


def test_an_action_of_another_provider_is_a_failure_of_the_rule() -> None:
    assert decide(rule(Act("fly"))).held.obstacle is Obstacle.FAILED


def test_a_text_without_a_value_stops_the_action_too() -> None:
    decided = decide(rule(Act("refill"), tell(None)))
    assert (decided.intent, decided.held.obstacle) == (None, Obstacle.FAILED)


def test_a_parameter_without_a_value_stops_the_action() -> None:
    assert decide(rule(Act("refill", {"account": Says(None)}))).held.obstacle is Obstacle.FAILED


def test_the_guards_of_an_action_are_asked_about_what_it_is_done_to() -> None:
    asked = []
    plan(rule(Act("payout")), MatchId(1), SCOPE, ACTIONS, lambda *about: asked.append(about) or History(), SEAL)
    assert asked == [(None, None), (PAYOUT, SubjectRef("balance", "balance"))]


def test_a_creating_action_has_a_subject_of_its_own() -> None:
    first, second = (target(ADD, SCOPE, key) for key in ("1.0", "2.0"))
    assert (first.id.startswith("+"), first != second) == (True, True)


def test_an_action_on_the_one_subject_of_an_account_needs_no_event_of_it() -> None:
    assert target(PAYOUT, SCOPE, "1.0") == SubjectRef("balance", "balance")


def test_an_action_is_done_to_the_subject_that_the_subject_names() -> None:
    refill = replace(SUBJECT, ref=SubjectRef("refill", "9"), fields={"order": "77"})
    assert target(REFILL, Scope(FACTS, T0, refill), "1.0") == SubjectRef("order", "77")


def test_an_action_is_done_to_the_subject_of_the_event_when_it_is_not_known() -> None:
    assert target(REFILL, replace(SCOPE, subject=None), "1.0") == SUBJECT.ref


@pytest.mark.parametrize("scope", [Scope(FACTS, T0), Scope(FACTS, T0, replace(SUBJECT, ref=SubjectRef("coupon", "1")))])
def test_an_action_on_something_else_fails(scope: Scope) -> None:
    with pytest.raises(TemplateFailed, match="refill is done to order"):
        target(REFILL, scope, "1.0")


PAY = Act("payout", {"method": Says("7"), "account": Says("TWallet")}, frozenset({"account"}))


def test_a_secret_parameter_is_frozen_as_mask_and_digest() -> None:
    params, sealed = freeze(PAY, SCOPE, SEAL)
    assert (params, sealed) == ({"method": "7", "account": MASK}, {"account": SEAL("TWallet")})


def test_the_digest_does_not_hold_the_secret() -> None:
    assert "TWallet" not in SEAL("TWallet")


def test_digests_of_two_journals_differ() -> None:
    assert SEAL("TWallet") != seal_with(b"another")("TWallet")


def test_a_secret_is_filled_in_again() -> None:
    assert unseal(*freeze(PAY, SCOPE, SEAL), PAY, SCOPE, SEAL) == {"method": "7", "account": "TWallet"}


def test_a_secret_that_resolves_to_something_else_is_refused() -> None:
    changed = replace(PAY, params={**PAY.params, "account": Says("TOther")})
    with pytest.raises(TemplateFailed, match="'account' resolves to something else"):
        unseal(*freeze(PAY, SCOPE, SEAL), changed, SCOPE, SEAL)


def test_a_secret_whose_parameter_is_gone_is_refused() -> None:
    with pytest.raises(TemplateFailed):
        unseal(*freeze(PAY, SCOPE, SEAL), Act("payout"), SCOPE, SEAL)


def test_a_refused_secret_is_not_shown() -> None:
    changed = replace(PAY, params={"account": Says("TOther")})
    with pytest.raises(TemplateFailed) as raised:
        unseal(*freeze(PAY, SCOPE, SEAL), changed, SCOPE, SEAL)
    assert "TOther" not in str(raised.value)


def test_a_plain_parameter_stays_what_it_was() -> None:
    changed = replace(PAY, params={**PAY.params, "method": Says("8")})
    assert unseal(*freeze(PAY, SCOPE, SEAL), changed, SCOPE, SEAL)["method"] == "7"


def test_money_is_frozen_as_text() -> None:
    assert freeze(Act("payout", {"amount": Says(Decimal("10.10"))}), SCOPE, SEAL)[0] == {"amount": "10.10"}
