"""What a person has said in view of a payout that waits is not asked about once more."""

from __future__ import annotations

from bursar.api import CannotTell, Intent, Lost, Succeeded
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_did_not_again_in_view_of_what_is_new(world: World) -> None:
    """Lost; payout 5 is new, and nobody can tell whose it is. A person looks at the page: `--did-not --again`."""

    async def lost(_intent: Intent) -> Lost:
        world.site.payouts["5"] = "waiting"
        return Lost("no answer")

    world.site.money("400")
    world.site.will("payout", lost, Succeeded("6"))
    maybe = CannotTell("payout 5 is new, and the site does not say for whom", suspect="5")
    world.site.will("reconcile", *[maybe] * 999)
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=20)
    assert await world.states() == ["unknown"]
    assert (await world.intents())[0].suspect == "5"
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=20)
    assert (await world.events("approval.wanted"), len(world.site.performed)) == ([], 2)
