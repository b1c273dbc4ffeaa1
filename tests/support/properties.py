"""Property tests that are the same on every machine: their profiles, their steps, and what they throw away.

Loaded by `conftest.py`, as a plugin of pytest. There are two profiles. `ci` plays the same examples in every run, in
any order and beside whatever else is imported; it is what runs if nothing is said. `long` plays twenty times as many,
other ones in each run, and prints how to play a failure again: `--hypothesis-profile=long`. Neither measures time.

Whatever is made is meant to be used: a property test that throws away more than a tenth of what it makes, by a filter,
by `assume`, or by steps that cannot be taken, fails with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.statistics import collector

USUAL = 100
MAX_DISCARDED = 0.1
RETRIED = "Retried draw"
"""How Hypothesis names that what a filter refused is drawn again."""
JUDGED_FROM = 10
"""Fewer examples than this say nothing about a strategy."""

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=USUAL,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long",
    derandomize=False,
    max_examples=20 * USUAL,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")


def examples(usual: int, *, steps: int = 50) -> settings:
    """Return the settings of a test that plays another number of examples than the rest: so many, or more in `long`."""
    return settings(max_examples=usual * settings.default.max_examples // USUAL, stateful_step_count=steps)


def step(when: Callable[[Any], bool] = lambda _machine: True, **drawn: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Make a method of `Steps` a step: one that may be taken `when` this is so, with what is `drawn` for it."""

    def mark(method: Any) -> Any:
        method.step = (when, st.fixed_dictionaries(drawn))
        return method

    return mark


class Steps(RuleBasedStateMachine):
    """A machine whose next step is chosen among those that can be taken: none is drawn and thrown away.

    Hypothesis's own rules are chosen among all, and an example ends, for nothing, where no chosen one can be taken. As
    there, each example leaves some steps out, so that others come oftener; but never the only ones that are left.
    """

    left_out: frozenset[str] = frozenset()

    @initialize(left_out=st.data())
    def leave_some_out(self, left_out: st.DataObject) -> None:
        self.left_out = left_out.draw(st.frozensets(st.sampled_from(sorted(self.steps()))))

    def steps(self) -> dict[str, Any]:
        """Return every step by its name."""
        named = {name: getattr(type(self), name) for name in dir(type(self))}
        return {name: method for name, method in named.items() if hasattr(method, "step")}

    @rule(chosen=st.data())
    def take_a_step(self, chosen: st.DataObject) -> None:
        known = self.steps()
        possible = [name for name in sorted(known) if known[name].step[0](self)]
        wanted = [name for name in possible if name not in self.left_out]
        method = known[chosen.draw(st.sampled_from(wanted or possible), label="step")]
        method(self, **chosen.draw(method.step[1], label="with"))


def discarded(statistics: Mapping[str, Any]) -> str | None:
    """Return, in a sentence, that a property test threw away too much; None: it did not.

    An example for which a filter was tried again has thrown away what was drawn first.
    """
    cases = [
        case
        for case in statistics.get("generate-phase", {}).get("test-cases", [])
        if case["status"] != "overrun"  # that is Hypothesis's own economy
    ]
    lost = sum(
        case["status"] == "invalid" or any(each.startswith(RETRIED) for each in case.get("events", ()))
        for case in cases
    )
    if len(cases) < JUDGED_FROM or lost <= MAX_DISCARDED * len(cases):
        return None
    return (
        f"it throws away {lost} of {len(cases)} examples: a strategy filters, or the test assumes, "
        "where it should make what it needs"
    )


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Judge the property test that has passed by what it threw away."""
    told, pass_on = list[Mapping[str, Any]](), collector.value

    def hear(statistics: Any) -> None:
        told.append(statistics)
        if pass_on is not None:
            pass_on(statistics)

    with collector.with_value(hear):
        result = yield
    for sentence in filter(None, map(discarded, told)):
        pytest.fail(sentence, pytrace=False)
    return result


def pytest_collection_modifyitems() -> None:
    """Let no constant of whatever module happens to be imported find its way into the examples of `ci`."""
    if settings.get_current_profile_name() == "ci":
        providers._get_local_constants = providers.Constants
