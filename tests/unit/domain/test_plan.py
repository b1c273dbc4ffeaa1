"""From a match to what will be done: the frozen intent, its subject, its sealed parameters; the texts for sinks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bursar.domain.action import ActionType
from bursar.domain.event import Event
from bursar.domain.ids import MatchId, SubjectRef
from bursar.domain.intent import LostReply, PlannedIntent
from bursar.domain.plan import MASK, draft, freeze, notifications, seal_with, subject_of, target, unseal
from bursar.domain.rule import Act, Rule, Scope, TemplateFailed
from support.domain import FACTS, PANEL, T0, Says, order, rule, tell

REFILL = ActionType("refill", "order", LostReply.REPEATABLE)
CANCEL = ActionType("cancel", "order", LostReply.REPEATABLE)
ADD = ActionType("add", "order", LostReply.NEITHER, creates=True, money=True)
PAYOUT = ActionType(
    "payout", "balance", LostReply.RECONCILABLE, subject_id="balance", money=True, cost=lambda facts: Decimal(600)
)
ACTIONS = {action.name: action for action in (REFILL, CANCEL, ADD, PAYOUT)}
SEAL = seal_with(b"key")
SUBJECT = order("partial", "101")
SCOPE = Scope(FACTS, T0, SUBJECT, Event("order.partial", PANEL, T0, SUBJECT.ref))


def drafted(what: Rule, position: int = 0, scope: Scope = SCOPE) -> PlannedIntent:
    """Draft one action of a match."""
    return draft(what, MatchId(1), scope, ACTIONS, position, SEAL)


def test_an_action_is_drafted_on_the_matchs_subject() -> None:
    planned = drafted(rule(Act("refill")))
    assert (planned.action, planned.subject, planned.account) == ("refill", SUBJECT.ref, PANEL)


def test_an_intent_names_its_rule_its_fingerprint_and_its_match() -> None:
    planned = drafted(rule(Act("refill")))
    assert (planned.rule, planned.fingerprint, planned.match) == ("r", "f", 1)


def test_the_second_action_is_drafted_by_its_place_among_the_actions() -> None:
    assert drafted(rule(tell("one"), Act("refill"), tell("two"), Act("cancel")), 1).action == "cancel"


def test_an_intent_names_what_its_rule_was_asked_about() -> None:
    assert drafted(rule(Act("payout"))).asked == SUBJECT.ref


def test_an_intent_of_a_rule_about_nothing_was_asked_about_nothing() -> None:
    nothing = Scope(FACTS, T0, None, Event("account.recovered", PANEL, T0))
    assert drafted(rule(Act("payout")), scope=nothing).asked is None


def test_a_draft_has_no_cost_yet() -> None:
    assert drafted(rule(Act("payout"))).cost is None


def test_a_draft_freezes_its_parameters_and_seals_the_secret_ones() -> None:
    planned = drafted(rule(PAY))
    assert (planned.params, planned.sealed) == ({"method": "7", "account": MASK}, {"account": SEAL("TWallet")})


def test_an_action_of_another_provider_is_a_failure_of_the_rule() -> None:
    with pytest.raises(TemplateFailed, match="toy has no action 'fly'"):
        drafted(rule(Act("fly")))


def test_a_parameter_without_a_value_stops_the_action() -> None:
    with pytest.raises(TemplateFailed, match="no value"):
        drafted(rule(Act("refill", {"account": Says(None)})))


def test_two_actions_of_one_match_that_create_have_subjects_of_their_own() -> None:
    both = rule(Act("add"), Act("add"))
    assert drafted(both, 0).subject != drafted(both, 1).subject


def test_an_action_that_is_drafted_again_has_the_same_subject() -> None:
    assert drafted(rule(Act("add"))).subject == drafted(rule(Act("add"))).subject


def test_a_rule_tells_its_texts() -> None:
    assert [note.text for note in notifications(rule(tell("one"), tell("two")), SCOPE)] == ["one", "two"]


def test_texts_of_one_match_have_places_of_their_own() -> None:
    mixed = rule(tell("one"), Act("refill"), tell("two"))
    assert [note.position for note in notifications(mixed, SCOPE)] == [0, 2]


def test_a_text_names_its_sink() -> None:
    assert [note.sink for note in notifications(rule(tell("one", "book")), SCOPE)] == ["book"]


def test_a_text_has_the_rules_severity_unless_it_has_its_own() -> None:
    loud = replace(tell("two"), severity="high")
    told = notifications(rule(tell("one"), loud, severity="low"), SCOPE)
    assert [note.severity for note in told] == ["low", "high"]


def test_a_rule_that_only_acts_tells_nothing() -> None:
    assert notifications(rule(Act("refill")), SCOPE) == ()


def test_a_text_without_a_value_fails_the_rule() -> None:
    with pytest.raises(TemplateFailed, match="no value"):
        notifications(rule(Act("refill"), tell(None)), SCOPE)


def test_money_in_a_text_is_written_with_all_its_digits() -> None:
    assert notifications(rule(tell(Decimal("10.10"))), SCOPE)[0].text == "10.10"  # type: ignore[arg-type]


def test_a_rule_is_asked_about_its_subject_before_that_of_the_event() -> None:
    other = replace(SUBJECT, ref=SubjectRef("refill", "9"))
    assert subject_of(replace(SCOPE, subject=other)) == other.ref


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
