"""The events that the provider declares itself, through the real `detect`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bursar.api import Observed, Snapshot, SubjectRef, SubjectType
from bursar.domain.detect import detect
from bursar.domain.ids import AccountName
from bursar_premium_exchanger import provider
from support.premium_exchanger import NOW

ACCOUNT = AccountName("exchange")
PASSED = "balance.passed_min_payout"


def balance(amount: str | None, least: str | None = "50") -> Observed:
    fields = {"amount": Decimal(amount) if amount else None, "min_payout": Decimal(least) if least else None}
    return Observed(SubjectRef("balance", "balance"), fields)


def exchange(accrued: bool | None, state: str = "open") -> Observed:
    return Observed(SubjectRef("exchange", "9"), {"accrued": accrued}, state)


def told(kind: SubjectType, *seen: Observed, news: bool = False, rearmed: tuple[str, ...] = ()) -> list[str]:
    """Return the event types of the last of these sights."""
    before: Snapshot | None = None
    events: list[str] = []
    for one in seen:
        last = one is seen[-1]
        sight = detect(kind, ACCOUNT, before, one, NOW, news=news, rearmed=rearmed if last else ())
        before, events = replace(sight.snapshot), [event.type for event in sight.events]
    return events


@pytest.mark.parametrize(
    ("seen", "passes"),
    [
        ([balance("49.99")], False),
        ([balance("50")], True),
        ([balance("60")], True),
        ([balance("40"), balance("50")], True),
        ([balance("50"), balance("60")], False),
        ([balance("60"), balance("0"), balance("50")], True),
        ([balance("60"), balance("50")], False),
        ([balance(None), balance("60")], True),
        ([balance("60"), balance(None)], False),
        ([balance("60"), balance(None), balance("60")], False),
        ([balance("60", None)], False),
        ([balance("60", None), balance("60", "50")], True),
        ([balance("60", "100"), balance("60", "50")], True),
        ([balance("0", "0")], False),
    ],
)
def test_the_balance_passes_the_minimum(seen: list[Observed], passes: bool) -> None:
    assert (PASSED in told(provider.BALANCE, *seen)) is passes


def test_after_a_payout_ended_a_balance_still_above_passes_again() -> None:
    assert PASSED in told(provider.BALANCE, balance("60"), balance("60"), rearmed=(PASSED,))


def test_after_a_payout_ended_a_balance_below_does_not_pass() -> None:
    assert PASSED not in told(provider.BALANCE, balance("60"), balance("10"), rearmed=(PASSED,))


def test_what_ends_a_payout_arms_it_again() -> None:
    (event,) = [event for event in provider.BALANCE.events if event.name == PASSED]
    assert set(event.rearmed_by) == {f"payout.{state}" for state in provider.PAYOUT.terminal}


@pytest.mark.parametrize(
    ("was", "now", "events"),
    [
        ("10", "11", ["balance.changed", "balance.rose"]),
        ("11", "10", ["balance.changed", "balance.fell"]),
        ("10", "10.00", []),
        ("10", None, []),
        (None, "10", ["balance.changed"]),
    ],
)
def test_the_balance_rises_and_falls(was: str | None, now: str | None, events: list[str]) -> None:
    assert told(provider.BALANCE, balance(was), balance(now)) == events


@pytest.mark.parametrize(
    ("seen", "news", "raised"),
    [
        ([exchange(True)], False, False),
        ([exchange(True)], True, True),
        ([exchange(False), exchange(True)], False, True),
        ([exchange(None), exchange(True)], False, True),
        ([exchange(True), exchange(True, "succeeded")], False, False),
        ([exchange(True), exchange(False)], False, False),
        ([exchange(False)], True, False),
    ],
)
def test_a_reward_is_credited(seen: list[Observed], news: bool, raised: bool) -> None:
    assert ("exchange.accrued" in told(provider.EXCHANGE, *seen, news=news)) is raised


def test_the_streams_are_those_of_the_design() -> None:
    assert [stream.name for stream in provider.PROVIDER.streams] == ["info", "visits", "exchanges", "payouts"]


def test_the_provider_registers_itself() -> None:
    import bursar_premium_exchanger

    registered: list[object] = []
    bursar_premium_exchanger.bursar_providers(registered.append)
    assert registered == [provider.PROVIDER]
