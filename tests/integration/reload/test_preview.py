"""What a reload ends is known before it is done, and said."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.cli import reload as command
from bursar.loops.startup import preview
from bursar.pipeline.match_facts import PARAM_CHANGED, RULE_CHANGED, RULE_GONE
from support.config import account, config
from support.world import World

REFILL = "{name: r, on: order.partial, do: [refill]}"
ASKS = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], approve: {within: 12h}}'


async def ends_by(world: World, yaml: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what another configuration would end."""
    world._path.write_text(yaml, encoding="utf-8")
    ends = await preview(world.context, world._read())
    return (
        [(intent.shown_id, reason) for intent, reason in ends.intents],
        [(match.rule, reason) for match, reason in ends.matches],
    )


@pytest.fixture
async def waiting(world: World) -> World:
    """Return a world in which a payout waits for a person, and a refill for the pause to end."""
    world.site.money("80")
    world.site.orders["1"] = "partial"
    await world.open(config(f"{REFILL}\n{ASKS}"))
    await world.say("pause")
    await world.say("resume")
    await world.track("1")
    await world.turn()
    await world.say("pause")
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.turn()
    assert (await world.states("payout"), await world.matches()) == (["awaiting_approval"], ["paused"])
    return world


async def test_what_a_changed_rule_decided_ends(waiting: World) -> None:
    changed = f"{REFILL.replace('do:', 'when: order.remains > 0, do:')}\n{ASKS.replace('7', '8')}"
    assert await ends_by(waiting, config(changed)) == ([("2", "the rule changed")], [("r", "the rule changed")])


async def test_what_a_rule_decided_for_an_account_that_it_leaves_ends(waiting: World) -> None:
    elsewhere = REFILL.replace("do:", "accounts: [other], do:")
    two = f"{account()}, {account('other', 2, 'OTHER')}"
    assert await ends_by(waiting, config(f"{elsewhere}\n{ASKS}", accounts=two)) == (
        [],
        [("r", "the rule is not for this account any more")],
    )


async def test_what_has_not_changed_its_meaning_goes_on(waiting: World) -> None:
    later = f"{REFILL.replace('do:', 'limit: {per: order, max: 3, every: 24h}, do:')}\n{ASKS.replace('12h', '6h')}"
    assert await ends_by(waiting, config(later)) == ([], [])


async def test_what_is_foreseen_is_what_happens(waiting: World) -> None:
    changed = config(f"{REFILL.replace('do:', 'when: order.remains > 0, do:')}\n{ASKS.replace('7', '8')}")
    await ends_by(waiting, changed)
    await waiting.reload(changed)
    assert (await waiting.states("payout"), await waiting.matches("rule")) == (["lapsed"], ["p"])


def test_it_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    held = {"rule": "r", "account": "panel", "reason": "the rule changed"}
    ends = {"actions": [{"id": "1.2", "reason": "the rule changed"}], "matches": [held, held, {**held, "rule": "s"}]}

    class Client:
        def ask(self, _verb: str) -> Any:
            return {"reloading": True, "ends": ends}

    monkeypatch.setattr(command, "client_for_looking", Client)
    command.reload.main([], standalone_mode=False)
    assert capsys.readouterr().out.splitlines() == [
        "the daemon takes on the new configuration",
        "action 1.2 ends: the rule changed",
        "what a rule still asks for is asked anew; else `bursar actions retry 1` puts it to the rule as it is now",
        "r: 2 matches that waited end at panel: the rule changed",
        "s: 1 match that waited ends at panel: the rule changed",
        (
            "the rules are asked again at their next event (at once about a balance that is still above its minimum); "
            "`bursar call` does what is still to be done, past the approve and budget of the rule"
        ),
    ]


TO_WALLET = (
    '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}], '
    "approve: {above: 50, within: 12h}}"
)


@pytest.mark.parametrize("restarted", [True, False])
async def test_a_question_about_a_wallet_that_was_edited_ends_and_can_be_put_to_the_rule_anew(
    world: World, restarted: bool
) -> None:
    """No digest of a rule has a secret: the wallet is compared."""
    world.environ["NEW"] = "T-wallet-2"
    world.site.money("600")
    await world.open(config(TO_WALLET))
    await world.live(minutes=2)
    edited = config(TO_WALLET.replace("WALLET", "NEW"))
    assert await ends_by(world, edited) == ([("1", PARAM_CHANGED)], [])
    await (world.restart(edited) if restarted else world.reload(edited))
    [lapsed] = await world.intents()
    assert (lapsed.state, lapsed.reason) == ("lapsed", PARAM_CHANGED)
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    await world.say("approve", ids=["2"])
    await world.live(minutes=6)
    assert [one.params["account"] for one in world.site.performed] == ["T-wallet-2"]


async def test_what_a_new_wallet_ends_says_that_nothing_asks_again_by_itself(world: World) -> None:
    world.site.money("600")
    await world.open(config(TO_WALLET))
    await world.live(minutes=2)
    world.environ["WALLET"] = "T-wallet-2"
    await world.reload(config(TO_WALLET))
    await world.live(minutes=12)
    [lapsed] = await world.events("action.lapsed")
    assert lapsed["data"]["reason"] == (
        "the rule changed: a secret parameter is another one now: nothing asks again by itself: "
        "`bursar actions retry 1` puts it to the rule as it is now"
    )


def test_what_comes_next_is_said_for_each_kind_of_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = {"1": RULE_GONE, "2": PARAM_CHANGED, "3": RULE_CHANGED, "4": RULE_CHANGED, "5.2": PARAM_CHANGED}
    ends = {"actions": [{"id": id_, "reason": reason} for id_, reason in reasons.items()], "matches": []}

    class Client:
        def ask(self, _verb: str) -> Any:
            return {"reloading": True, "ends": ends}

    monkeypatch.setattr(command, "client_for_looking", Client)
    command.reload.main([], standalone_mode=False)
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "nothing asks again while no such rule acts",
        "nothing asks again by itself: `bursar actions retry 2` puts it to the rule as it is now",
        "what a rule still asks for is asked anew; else `bursar actions retry 3` puts it to the rule as it is now",
    ]


async def test_what_has_outgrown_its_yes_says_for_which_amount_that_was(world: World) -> None:
    world.site.money("600")
    await world.open(config(TO_WALLET))
    await world.live(minutes=2)
    await world.say("approve", ids=["1"])
    world.site.money("700")
    await world.live(minutes=6)
    [asked] = await world.intents()
    assert (asked.state, asked.reason) == ("awaiting_approval", "700 is above 50; the yes was for 600")


async def test_what_waits_for_a_rule_that_goes_on_under_another_name_does_not_end(waiting: World) -> None:
    renamed = ASKS.replace("name: p", "name: q, was: p")
    actions, _ = await ends_by(waiting, config(f"{REFILL}\n{renamed}"))
    assert actions == []
