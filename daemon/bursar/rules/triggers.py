"""What a rule listens to: its `on` and `accounts`, resolved against what the providers declare.

Comes in: the two values as YAML had them. Goes out: a `Listening`, always; where something is unknown it says so, and
goes on with what was probably meant, so that the rest of the rule is checked too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bursar.api.provider import Provider
from bursar.diagnostics.collector import Collector, short, sort_of
from bursar.diagnostics.problem import KeyPath
from bursar.diagnostics.suggestion import did_you_mean, suggest
from bursar.domain.event import CORE_EVENTS
from bursar.domain.rule import Accounts
from bursar.domain.subject import SubjectType
from bursar.rules.names import Names, names_for
from bursar.rules.world import ConfiguredAccount, World, events_of, subjects_of

ON = "an event type such as order.partial, a glob, a list of them, or a subject such as order"
ACCOUNTS = "a list of account names, globs or {label: value}"
_ABOUT_SUBJECTS = ("action.", "approval.", "budget.", "ceiling.", "rule.")


@dataclass(frozen=True, slots=True)
class Listening:
    """What a rule listens to.

    Attributes:
        on: The event types and globs of an event rule.
        watches: The subject type of a state rule.
        accounts: Which accounts it is for.
        chosen: Those accounts that can raise what it listens to.
        providers: Their providers.
        about: The types of the subjects that its events are about.
        core: It listens to events of the core, which are about any subject, or none.
        whole: Nothing in it was unknown.
    """

    on: tuple[str, ...]
    watches: str | None
    accounts: Accounts
    chosen: tuple[ConfiguredAccount, ...]
    providers: tuple[Provider, ...]
    about: tuple[str, ...]
    core: bool
    whole: bool

    @property
    def subjects(self) -> dict[str, tuple[SubjectType, ...]]:
        """Return the types of all subjects that it can be about; events of the core can be about any."""
        known = subjects_of(self.providers)
        return known if self.core or not self.about else {name: known[name] for name in self.about if name in known}

    def names(self) -> Names:
        """Return what its condition and its texts can name."""
        sole = self.about if len(self.about) == 1 and not self.core else () if self.whole else self.about
        labels = {label for account in self.chosen for label in account.facts.labels}
        return names_for(self.subjects, synonyms=sole, labels=sorted(labels), event=self.watches is None)


def listen(raw: dict[str, Any], path: KeyPath, world: World, problems: Collector) -> Listening:
    """Read `on` and `accounts` of a rule."""
    accounts, chosen = _choose(raw, (*path, "accounts"), world, problems)
    before = len(problems.found)
    entries = _entries(raw, path, problems)
    providers = world.used(chosen)
    known, subjects = events_of(providers), subjects_of(providers)
    watched = [entry for entry, _ in entries if entry in subjects]
    if watched and len(entries) > 1:
        problems.add((*path, "on"), f"{watched[0]!r} is a subject: a rule watches one subject, or listens to events")
    watches = watched[0] if len(entries) == 1 and watched else None
    heard: set[str] = set()
    for entry, place in entries:
        if entry not in subjects:
            heard |= _heard(entry, place, providers, world, problems)
    about = [watches] if watches else sorted({known[event] for event in heard if event in known})
    whole = len(problems.found) == before and bool(entries)
    core = any(event in CORE_EVENTS for event in heard)
    if not whole:  # what was meant may be another account's: check the rest of the rule against all there is
        providers, chosen = tuple(world.providers.values()) or providers, tuple(world.accounts.values())
        about = sorted({*about, *(entry.split(".")[0] for entry, _ in entries)} & {*subjects_of(providers)})
    every = core or not about
    able = [each for each in providers if every or _can(each, heard if whole and watches is None else None, about)]
    can = tuple(account for account in chosen if account.provider.name in {each.name for each in able})
    on = tuple(entry for entry, _ in entries) if watches is None else ()
    return Listening(on, watches, accounts, can, tuple(able), tuple(about), core, whole)


def _can(provider: Provider, heard: set[str] | None, about: Sequence[str]) -> bool:
    """Return whether a provider raises one of these events; without events, whether it has one of these subjects."""
    if heard is None:
        return any(kind.name in about for kind in provider.subjects)
    return any(event in heard for event in events_of([provider]))


def _entries(raw: dict[str, Any], path: KeyPath, problems: Collector) -> list[tuple[str, KeyPath]]:
    """Read `on`: each entry with its place."""
    where = (*path, "on")
    if "on" not in raw:
        problems.add(path, f"'on' is missing: expected {ON}")
        return []
    if isinstance(raw["on"], str):
        text = problems.text(raw["on"], where, ON)
        return [(text.strip(), where)] if text is not None else []
    listed = enumerate(problems.items(raw["on"], where, ON))
    read = [(problems.text(item, (*where, index), ON), (*where, index)) for index, item in listed]
    return [(text.strip(), place) for text, place in read if text is not None]


def _heard(entry: str, place: KeyPath, providers: Sequence[Provider], world: World, problems: Collector) -> set[str]:
    """Return the event types that an entry of `on` names, or say that there are none."""
    known = [*events_of(providers), *CORE_EVENTS]
    heard = {event for event in known if event == entry or (is_glob(entry) and fnmatchcase(event, entry))}
    if not heard:
        problems.add(place, _unheard(entry, known, [*subjects_of(providers)], world))
    return heard


def _unheard(entry: str, known: Iterable[str], subjects: Iterable[str], world: World) -> str:
    elsewhere = [account.facts.name for account in world.accounts.values() if _raises(account.provider, entry)]
    if elsewhere:
        return f"no account of this rule raises {short(entry)}: only {', '.join(elsewhere)} can"
    able = [provider.name for provider in world.providers.values() if _raises(provider, entry)]
    if able:
        return f"no account is configured that raises {short(entry)}: it takes one of {', '.join(able)}"
    if is_glob(entry):
        return f"{short(entry)} matches no event"
    return f"unknown event {short(entry)}{did_you_mean(suggest(entry, [*known, *subjects]))}"


def _raises(provider: Provider, entry: str) -> bool:
    words = [*events_of([provider]), *subjects_of([provider])]
    return any(word == entry or (is_glob(entry) and fnmatchcase(word, entry)) for word in words)


def _choose(
    raw: dict[str, Any], path: KeyPath, world: World, problems: Collector
) -> tuple[Accounts, tuple[ConfiguredAccount, ...]]:
    """Read `accounts`, and return those that it chooses: all of them where it is left out or makes no sense."""
    everyone = tuple(world.accounts.values())
    if "accounts" not in raw:
        return Accounts(), everyone
    names: list[str] = []
    labels: list[dict[str, str]] = []
    for index, item in enumerate(problems.items(raw["accounts"], path, ACCOUNTS)):
        place = (*path, index)
        if isinstance(item, str) and item.strip():
            names += _named(item.strip(), place, world, problems)
        elif isinstance(item, dict) and item and all(isinstance(value, (str, int)) for value in item.values()):
            labels += _labelled({str(key): str(value) for key, value in item.items()}, place, world, problems)
        else:
            problems.add(place, f"expected an account's name, a glob or {{label: value}}, not {sort_of(item)}")
    accounts = Accounts(tuple(names), tuple(labels))
    return accounts, tuple(account for account in everyone if accounts.include(account.facts))


def _named(name: str, place: KeyPath, world: World, problems: Collector) -> list[str]:
    if any(fnmatchcase(account, name) for account in world.accounts):
        return [name]
    if is_glob(name):
        problems.add(place, f"{short(name)} matches no account")
    else:
        problems.unknown(place, "account", name, world.accounts)
    return []


def _labelled(wanted: dict[str, str], place: KeyPath, world: World, problems: Collector) -> list[dict[str, str]]:
    facts = [account.facts for account in world.accounts.values()]
    if any(Accounts(labels=(wanted,)).include(each) for each in facts):
        return [wanted]
    known = {label for each in facts for label in each.labels}
    unknown = [label for label in wanted if label not in known]
    if unknown:
        problems.unknown(place, "label", unknown[0], known)
    else:
        problems.add(place, "no account has these labels: " + ", ".join(f"{k}: {v}" for k, v in wanted.items()))
    return []


def is_glob(word: str) -> bool:
    """Return whether a word is a glob."""
    return any(sign in word for sign in "*?[")


def about_subjects(listening: Listening) -> bool:
    """Return whether every core event that a rule listens to can be about a subject."""
    heard = [event for event in CORE_EVENTS if any(fnmatchcase(event, entry) for entry in listening.on)]
    return all(event.startswith(_ABOUT_SUBJECTS) for event in heard)
