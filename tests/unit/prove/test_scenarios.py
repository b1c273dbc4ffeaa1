"""The scenarios of a run: sound, of one name each, and all that the proof knows of a provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bursar_prove
from bursar.api import LostReply, Provider
from bursar.api.scenario import EffectMethod, Scenario, ScenarioRule
from bursar.host.plugins import load_plugins
from bursar.sandbox.scenario_check import problems_of_scenario
from bursar_prove.scenarios import Scenarios
from support.prove import SCENARIOS

BROUGHT = load_plugins().providers
PROOF = Path(str(bursar_prove.__file__)).parent


def of_provider(name: str, **changes: Any) -> Mapping[str, Provider]:
    """Return all providers, one with another scenario."""
    scenario = BROUGHT[name].scenario
    assert scenario is not None
    return {**BROUGHT, name: replace(BROUGHT[name], scenario=replace(scenario, **changes))}


def effect(**changes: Any) -> EffectMethod:
    return EffectMethod("cancel", lambda _form, _told, _counted: [], **changes)


@pytest.mark.parametrize("path", sorted(PROOF.rglob("*.py")), ids=lambda path: path.name)
def test_no_file_of_the_proof_names_a_provider_an_account_an_action_or_a_rule(path: Path) -> None:
    own = {*BROUGHT, *SCENARIOS.accounts.values()} - {"shop", "site", "panel"}
    quoted = {*SCENARIOS.actions, *(rule.name for rule in SCENARIOS.all_rules), *SCENARIOS.accounts.values()}
    text = path.read_text(encoding="utf-8")
    assert [name for name in own if re.search(rf"\b{name}\b", text)] == []
    assert [name for name in quoted if f'"{name}"' in text] == []


@pytest.mark.parametrize("name", BROUGHT)
def test_every_provider_that_bursar_brings_has_a_sound_scenario(name: str) -> None:
    assert (BROUGHT[name].scenario is not None, problems_of_scenario(BROUGHT[name])) == (True, [])


def test_every_action_of_a_provider_is_played() -> None:
    declared = {(name, action.name) for name, one in BROUGHT.items() for action in one.actions}
    assert {(one.provider, one.action) for one in SCENARIOS.targets} == declared


def test_a_provider_without_a_scenario_is_left_out() -> None:
    without = {**BROUGHT, "smm": replace(BROUGHT["smm"], scenario=None)}
    assert list(Scenarios.of(without).all) == ["anticaptcha", "premium_exchanger"]


def test_without_any_scenario_there_is_nothing_to_prove() -> None:
    with pytest.raises(ValueError, match="no provider that is installed declares a scenario"):
        Scenarios.of({"smm": replace(BROUGHT["smm"], scenario=None)})


def test_two_scenarios_with_one_account_are_refused() -> None:
    with pytest.raises(ValueError, match="two scenarios have account 'site'"):
        Scenarios.of(of_provider("anticaptcha", account="site"))


def test_two_scenarios_with_a_rule_of_one_name_are_refused() -> None:
    rules = (ScenarioRule({"name": "refill", "on": "coupon.activated", "do": []}),)
    with pytest.raises(ValueError, match="two scenarios have rule 'refill'"):
        Scenarios.of(of_provider("anticaptcha", rules=rules))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poll": {"order": "15s"}}, "there is no stream 'order' (did you mean 'orders'?)"),
        ({"reads": ["state"]}, "there is no method 'state'"),
        ({"effects": {"cancle": effect()}}, "there is no action 'cancle' (did you mean 'cancel'?)"),
        ({"effects": {"cancel": effect(for_commits=frozenset({"looks"}))}}, "cancel: there is no commit 'looks'"),
        ({"effects": {"cancel": effect(takes_balance=True)}}, "cancel takes the balance: declare enough_s and pay_out"),
        ({"debits_when_done": BROUGHT["smm"].wire}, "debits_when_done is there: declare waiting"),
        ({"subject": "orders"}, "there is no subject 'orders' (did you mean 'order'?)"),
        ({"rules": [ScenarioRule({"name": "x"}, states=("stuck",))]}, "rule 'x': there is no state 'stuck'"),
        ({"edited_states": ("done",)}, "edited: there is no state 'done'"),
        ({"edited": [{"name": "fickle"}]}, "edited: a rule is named 'fickle'; the name of each is 'edited'"),
    ],
)
def test_a_scenario_that_names_what_its_provider_has_not_is_refused(changes: dict[str, Any], words: str) -> None:
    providers = of_provider("smm", **changes)
    assert any(words in problem for problem in problems_of_scenario(providers["smm"]))
    with pytest.raises(ValueError, match="provider 'smm': scenario: "):
        Scenarios.of(providers)


def test_a_scenario_without_a_server_is_refused() -> None:
    alone = replace(BROUGHT["anticaptcha"], wire=None, scenario=Scenario("shop", {}))
    assert "declare wire" in problems_of_scenario(alone)[0]


def test_what_a_lost_reply_means_is_what_the_provider_declares() -> None:
    found = {
        one.action: SCENARIOS.lost_reply(SCENARIOS.accounts[one.provider], one.action) for one in SCENARIOS.targets
    }
    assert found == {
        "add": LostReply.NEITHER,
        "cancel": LostReply.REPEATABLE,
        "payout": LostReply.RECONCILABLE,
        "refill": LostReply.REPEATABLE,
    }
