"""Every adapter's parsers against mutated bodies: no crash, no event from nonsense, no yes out of nothing, no secret.

The bodies are made from those of the contract (`support.fuzz`) by a seeded random, and go
the way that the core goes: `GuardedAdapter.observe`, `prepare`, `perform`, `perform_many`, `reconcile`, `call`. The short form
is part of every test run. The long form, and the replay of one body that a failure names:

    BURSAR_FUZZ_BODIES=100000 pytest tests/property/test_adapters.py
    BURSAR_FUZZ_SEED=7 BURSAR_FUZZ_BODIES=100000 pytest tests/property/test_adapters.py
    BURSAR_FUZZ_BODY='smm add:417' pytest tests/property/test_adapters.py -k replay
"""

from __future__ import annotations

import os
from random import Random

import pytest

from support.fuzz.case import Case
from support.fuzz.cases import CASES
from support.fuzz.smm import SERVICES
from support.fuzz.stage import PROVIDERS, staged
from support.fuzz.tree import mutated

BODIES = int(os.environ.get("BURSAR_FUZZ_BODIES", "3000"))
SEED = os.environ.get("BURSAR_FUZZ_SEED", "1")
ONE = os.environ.get("BURSAR_FUZZ_BODY", "")
OF_EACH = -(-BODIES // len(CASES))


def dice(case: Case, number: int) -> Random:
    """Return the random that makes one body, whatever the others are."""
    return Random(f"{SEED}/{case.name}/{number}")


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
async def test_whatever_the_body_the_adapter_keeps_its_promises(case: Case) -> None:
    async with staged(case) as stage:
        for number in range(OF_EACH):
            try:
                await stage.play(dice(case, number))
            except Exception as error:
                error.add_note(f"replay: BURSAR_FUZZ_SEED={SEED} BURSAR_FUZZ_BODY='{case.name}:{number}'")
                raise


@pytest.mark.parametrize("one", [ONE] if ONE else [f"{next(iter(CASES))}:0"])
async def test_replay(one: str) -> None:
    name, _, number = one.rpartition(":")
    async with staged(CASES[name]) as stage:
        print(await stage.play(dice(CASES[name], int(number))))  # noqa: T201


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("smm add", {"Succeeded", "Refused", "Lost"}),
        ("smm refill one", {"Succeeded", "Refused", "Later", "Lost"}),
        ("px payout", {"Succeeded", "Refused", "Lost"}),
        ("px reconcile payouts", {"Happened", "CannotTell", "DidNot"}),
        ("smm orders", {"Observation", "Rejected", "RateLimited", "BadAnswer", "Refusal"}),
        ("premium_exchanger payouts", {"Observation", "BadAnswer", "Refusal", "RateLimited"}),
        ("anticaptcha coupons", {"Observation", "Rejected", "BadAnswer", "Refusal", "RateLimited"}),
    ],
)
async def test_the_bodies_reach_every_kind_of_answer(name: str, reached: set[str]) -> None:
    async with staged(CASES[name]) as stage:
        for number in range(400):
            await stage.play(dice(CASES[name], number))
        assert reached <= stage.reached


def test_every_stream_action_and_reading_method_is_fuzzed() -> None:
    ours = ("smm", "premium_exchanger", "anticaptcha")
    wanted = {(name, one.name) for name in ours for one in (*PROVIDERS[name].streams, *PROVIDERS[name].actions)}
    wanted |= {(name, one.name) for name in ours for one in PROVIDERS[name].methods if one.intents is None}
    fuzzed = {(case.provider, case.method or (case.look.stream if case.look else "")) for case in CASES.values()}
    fuzzed |= {(case.provider, intent.action) for case in CASES.values() for intent in case.intents}
    assert wanted - fuzzed == set()


def test_the_same_seed_makes_the_same_bodies() -> None:
    bodies = [[mutated(SERVICES, Random(f"1/{n}")) for n in range(50)] for _ in range(2)]
    assert bodies[0] == bodies[1]
