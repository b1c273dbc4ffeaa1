"""The guards of money: a person's yes, budgets, and the question after a restore. Each stops what it should, and says so."""

from __future__ import annotations

import pytest
from kit import World
from runtime_config import account, config

from bursar.api import Refused
from bursar.control.errors import RequestRejected

PAYOUT = "do: [{payout: {method: '7', account: {env: WALLET}}}]"
DUE = "on: balance.passed_min_payout"


async def payout_due(world: World, rule: str, amount: str = "600", **more: str) -> None:
    world.site.money(amount)
    await world.open(config(f"{{name: pay, {DUE}, {PAYOUT}, {rule}}}", events="'approval.*', 'budget.*'", **more))
    await world.turn()


async def test_above_the_sum_a_person_is_asked_and_nothing_is_sent(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.live(minutes=10)
    assert (await world.states(), world.site.done("payout"), await world.told("approval.*")) == (
        ["awaiting_approval"], [], ["approval.wanted"],
    )


async def test_up_to_the_sum_nobody_is_asked(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}", amount="500")
    assert await world.states() == ["succeeded"]


async def test_a_yes_sends_it_once_on_fresh_facts(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"])


async def test_a_yes_to_what_is_not_true_any_more_sends_nothing(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}, when: 'balance.amount >= 550'")
    world.site.money("520")
    await world.live(minutes=10)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert ((await world.states())[0], world.site.done("payout")) == ("lapsed", [])


async def test_a_no_sends_nothing_and_is_told(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    await world.live(hours=2)
    assert (await world.states(), world.site.done("payout"), await world.told("action.*")) == (
        ["denied"], [], ["action.denied"],
    )


async def test_silence_means_no(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.live(hours=13, every_s=600)
    assert (await world.states(), world.site.done("payout"), await world.told("action.*")) == (
        ["lapsed"], [], ["action.lapsed"],
    )


async def test_what_waits_for_a_yes_survives_a_restart(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.restart(clean=False, minutes=5)
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (await world.states(), len(world.site.done("payout"))) == (["succeeded"], 1)


async def test_what_was_denied_is_asked_again_after_the_cooldown(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}, cooldown: 24h")
    await world.say("deny", ids=["1"])
    await world.live(hours=25, every_s=1200)
    assert await world.states() == ["denied", "awaiting_approval"]


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_a_decision_about_what_is_over_changes_nothing_and_is_in_the_audit_trail(world: World, verb: str) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    with pytest.raises(RequestRejected, match="intent 1 is denied"):
        await world.say(verb, ids=["1"])
    noted = await world.read(lambda tx: tx.all("SELECT actor, what FROM audit ORDER BY seq DESC LIMIT 1"))
    assert (await world.states(), noted) == (["denied"], [("person", f"declined.{verb}")])


async def test_resolving_what_is_not_unknown_is_declined(world: World) -> None:
    await payout_due(world, "cooldown: 24h")
    with pytest.raises(RequestRejected, match="intent 1 is succeeded, not unknown"):
        await world.say("resolve", id="1", happened=True)


async def test_an_unknown_id_is_declined(world: World) -> None:
    await payout_due(world, "cooldown: 24h")
    with pytest.raises(RequestRejected, match="there is no intent 99"):
        await world.say("approve", ids=["99"])


async def test_a_rules_budget_stops_what_would_pass_it_and_says_so(world: World) -> None:
    await payout_due(world, "budget: {payout: {max: 500, every: 24h}}")
    assert (await world.states(), await world.matches(), await world.told("budget.*")) == (
        [], ["budget"], ["budget.exhausted"],
    )


async def test_what_is_open_reserves_its_budget(world: World) -> None:
    await payout_due(world, "budget: {payout: {max: 1000, every: 24h}}, approve: {above: 1, within: 2d}")
    world.site.money("10")
    await world.live(minutes=10)
    world.site.money("600")
    await world.live(minutes=10)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (len(await world.states()), await world.matches()) == (1, ["budget"])


async def test_what_was_refused_gives_its_budget_back(world: World) -> None:
    world.site.will("payout", Refused("not now"))
    await payout_due(world, "budget: {payout: {max: 1000, every: 48h}}, cooldown: 1h")
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["refused", "succeeded"]


async def test_a_budget_is_free_again_when_its_window_has_passed(world: World) -> None:
    await payout_due(world, "budget: {payout: {max: 1000, every: 24h}}")
    world.site.money("10")
    await world.live(minutes=10)
    world.site.money("600")
    await world.live(minutes=10)
    held = await world.matches()
    await world.live(hours=25, every_s=1200)
    assert (held, await world.states()) == (["budget"], ["succeeded", "succeeded"])


async def test_an_accounts_budget_holds_for_every_rule(world: World) -> None:
    limited = account(more="budget: {payout: {max: 500, every: 24h}}")
    await payout_due(world, "cooldown: 1h", accounts=limited)
    assert (await world.states(), await world.matches()) == ([], ["budget"])


async def test_after_a_restore_money_asks_until_a_person_says_to_go_on(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await world.close()
    sidecar = world.folder / "journal.db.fence"
    journal, sent = sidecar.read_text().split()
    sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n")
    world.site.money("600")
    await world.open(world._path.read_text())
    await world.live(minutes=10)
    asked = await world.states()
    await world.say("deny", ids=["1"])
    await world.say("resume")
    world.site.money("10")
    await world.live(minutes=10)
    world.site.money("700")
    await world.live(hours=26, every_s=1200)
    assert (asked, (await world.states())[1:2], "journal.restored" in await world.told()) == (
        ["awaiting_approval"], ["succeeded"], True,
    )


async def test_after_a_restore_what_waited_for_a_yes_is_not_sent_without_one(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.close()
    sidecar = world.folder / "journal.db.fence"
    journal, sent = sidecar.read_text().split()
    sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n")
    await world.open(world._path.read_text())
    await world.live(minutes=30)
    assert (await world.states(), world.site.done("payout")) == (["lapsed"], [])


async def test_an_accounts_budget_stops_a_person_too(world: World) -> None:
    world.site.money("600")
    await world.open(config(accounts=account(more="budget: {payout: {max: 500, every: 24h}}")))
    await world.turn()
    with pytest.raises(RequestRejected, match="budget for payout does not allow it: 0 of 500"):
        await world.say("call", account="panel", method="payout", params={"method": "7"})
    assert await world.states() == []


async def test_what_a_person_called_for_counts_in_the_accounts_budget(world: World) -> None:
    world.site.money("300")
    await world.open(config(accounts=account(more="budget: {payout: {max: 500, every: 24h}}")))
    await world.turn()
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    await world.live(minutes=5)
    with pytest.raises(RequestRejected, match="300 of 500"):
        await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    assert await world.states() == ["succeeded"]
