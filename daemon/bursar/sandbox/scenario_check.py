"""Is a provider's scenario sound? Provider in; what its scenario names and the provider has not out, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from bursar.api.provider import Provider
from bursar.api.scenario import EDITED, Scenario
from bursar.diagnostics.suggestion import did_you_mean, suggest

COMMITS = frozenset({"look", "time", "sending", "outcome", "person"})
"""What `EffectMethod.for_commits` may name."""


def problems_of_scenario(provider: Provider) -> list[str]:
    """Return what is wrong with a provider's scenario; nothing where it has none."""
    if provider.scenario is None:
        return []
    problems = [*_named(provider, provider.scenario), *_missing(provider, provider.scenario)]
    return [f"provider {provider.name!r}: scenario: {problem}" for problem in problems]


def _named(provider: Provider, scenario: Scenario) -> Iterator[str]:
    """Yield every name that is none of the provider's."""
    methods = [one.name for one in provider.methods]
    streams, actions = [one.name for one in provider.streams], [one.name for one in provider.actions]
    subjects = {one.name: one for one in provider.subjects}
    yield from _unknown("stream", scenario.poll, streams)
    yield from _unknown("action", scenario.effects, actions)
    yield from _unknown("method", [*scenario.reads, *(one.method for one in scenario.effects.values())], methods)
    yield from _unknown("subject", [scenario.subject] if scenario.subject else [], subjects)
    for action, one in scenario.effects.items():
        yield from (f"{action}: {problem}" for problem in _unknown("commit", one.for_commits, COMMITS))
    states = subjects[scenario.subject].states if scenario.subject in subjects else ()
    for rule in scenario.rules:
        yield from (f"rule {rule.name!r}: {problem}" for problem in _unknown("state", rule.states, states))
    yield from (f"edited: {problem}" for problem in _unknown("state", scenario.edited_states, states))
    for name in {str(rule["name"]) for rule in scenario.edited} - {EDITED}:
        yield f"edited: a rule is named {name!r}; the name of each is {EDITED!r}"


def _missing(provider: Provider, scenario: Scenario) -> Iterator[str]:
    """Yield what else there has to be."""
    if provider.wire is None:
        yield "there is no server to play it at: declare wire"
    if scenario.debits_when_done is not None and scenario.waiting is None:
        yield "debits_when_done is there: declare waiting, so that it is seen what has yet to leave the balance"
    takes = [name for name, one in scenario.effects.items() if one.takes_balance]
    if takes and not (scenario.enough_s and scenario.pay_out):
        yield f"{takes[0]} takes the balance: declare enough_s and pay_out, too"


def _unknown(what: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"there is no {what} {name!r}{did_you_mean(suggest(name, known))}"
