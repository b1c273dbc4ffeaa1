"""An outcome is written and told, whatever fails around it."""

from __future__ import annotations

import pytest

from bursar.api import Succeeded
from bursar.journal.errors import JournalFull
from support.config import config
from support.scenarios.orders import partial
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"


async def test_a_plugins_function_that_raises_at_a_success_costs_its_match_and_not_the_yes(world: World) -> None:
    """A rule answers to the success with a payout whose cost cannot be worked out: the refill has succeeded."""
    registry = world.sites.registry

    def broken(**changes: object) -> object:
        from dataclasses import replace

        made = registry(**changes)
        toy = made.providers["toy"]

        def bad(_facts: object) -> None:
            raise ZeroDivisionError

        actions = tuple(replace(one, cost=bad) if one.name == "payout" else one for one in toy.actions)
        return registry(toy=replace(toy, actions=actions))

    world.sites.registry = broken  # type: ignore[method-assign,assignment]
    await partial(world, f'{REFILL}\n{{name: f, on: action.succeeded, do: [{{payout: {{method: "7"}}}}]}}')
    assert (await world.states(), await world.told("rule.failed")) == (["succeeded"], ["rule.failed"])


@pytest.mark.parametrize("error", [StopIteration(), KeyError("x"), RuntimeError("x")])
async def test_whatever_follows_an_outcome_and_raises_does_not_undo_it(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from bursar.pipeline import rule_evaluation

    await world.open(config(REFILL))

    def fails(*_args: object) -> None:
        raise error

    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    monkeypatch.setattr(rule_evaluation, "ask_event_rules", fails)
    await world.send()
    assert (await world.states(), world.site.done("refill")) == (["succeeded"], ["1"])


async def test_an_outcome_is_written_though_a_reload_could_not_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the answer comes, and still full when the configuration is reloaded."""
    await world.open(config(REFILL))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    commit, full = type(world.context).commit, [False]

    async def on_a_full_disk(self: object, decide: object) -> object:
        if full[0]:
            raise JournalFull("the disk is full")
        return await commit(self, decide)  # type: ignore[arg-type]

    monkeypatch.setattr(type(world.context), "commit", on_a_full_disk)

    async def fill(_intent: object) -> object:
        full[0] = True
        return Succeeded("41")

    world.site.will("refill", fill)
    executor = world.supervisor.executors["panel"]
    monkeypatch.setattr(executor._outcomes, "record", _gives_up)
    with pytest.raises(JournalFull):
        await executor.turn()
    await world.supervisor.shutdown(0)
    full[0] = False
    await world._take_on(world.supervisor.configuration)
    await world.live(minutes=2)
    intent = (await world.intents())[0]
    assert (intent.state, intent.reference, world.site.done("refill")) == ("succeeded", "41", ["1"])


async def _gives_up(*_args: object) -> None:
    raise JournalFull("the disk is full")


async def test_what_nobody_knows_of_after_a_reload_that_failed_is_unknown_and_told(world: World) -> None:
    await world.open(config(REFILL))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    await world.context.commit(
        lambda uow: uow.tx.run("UPDATE intents SET state = 'sending', fence = 1, attempts = 1, sent_at = created_at")
    )
    await world.send()
    assert (await world.states(), await world.told("action.unknown")) == (["unknown"], ["action.unknown"])


async def test_what_was_confirmed_is_not_told_as_unconfirmed(world: World) -> None:
    await partial(world, REFILL)
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=15)
    world.site.orders["1"] = "partial"
    await world.live(hours=30, every_s=1800)
    assert (await world.told("action.unconfirmed"), world.site.done("refill")) == (["action.unconfirmed"], ["1", "1"])
