"""Find, check and load plugins: entry points of the group `bursar` in, a frozen `Registry` out.

pluggy is silent about misspelt hooks, about hooks that are coroutines and about two plugins that claim one name; the
checks it does not make are made here. Plugins are called one at a time, each with a plugin manager of its own, and a
plugin is taken whole or not at all: one that fails, at import or later, is named, disabled and reported, and the rest
is loaded as if it were not there. Nothing happens when this module is imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click
import pluggy

from bursar.api import hookspecs
from bursar.api.function import Function
from bursar.api.hookspecs import PROJECT
from bursar.api.provider import Provider
from bursar.api.sink import SinkType
from bursar.diagnostics.suggestion import suggest
from bursar.host.declarations import BadDeclaration, check_function, check_provider, check_sink
from bursar.host.registry import PluginReport, Registry

GROUP = PROJECT
MARK = f"{PROJECT}_impl"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one hook registers: the noun for people, the type, and the check of its declaration."""

    noun: str
    type: type[Any]
    check: Callable[[Any], None]


def _any_command(_command: click.Command) -> None:
    """Take a command as it is: click has checked it."""


HOOKS: Mapping[str, Kind] = {
    "bursar_providers": Kind("provider", Provider, check_provider),
    "bursar_sinks": Kind("sink", SinkType, check_sink),
    "bursar_functions": Kind("function", Function, check_function),
    "bursar_commands": Kind("command", click.Command, _any_command),
}


@dataclass(slots=True)
class _Loading:
    """What has been taken so far, by hook and name, and who brought it."""

    taken: dict[str, dict[str, Any]] = field(default_factory=lambda: {hook: {} for hook in HOOKS})
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    reports: list[PluginReport] = field(default_factory=list)


def load_plugins(entries: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every installed plugin.

    Args:
        entries: The entry points to load; None finds those that are installed.
    """
    loading = _Loading()
    for entry in _in_order(entry_points(group=GROUP) if entries is None else entries):
        _load(entry, loading)
    taken = loading.taken
    return Registry(
        providers=taken["bursar_providers"],
        sinks=taken["bursar_sinks"],
        functions=taken["bursar_functions"],
        commands=taken["bursar_commands"],
        plugins=tuple(loading.reports),
    )


def _in_order(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Put our own distribution first, so that no stranger's plugin can take a name from it; then by name."""
    unique = {(_distribution(entry)[0], entry.name, entry.value): entry for entry in entries}
    return [unique[key] for key in sorted(unique, key=lambda key: (key[0] != PROJECT, key))]


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    dist = entry.dist
    return (str(dist.name), str(dist.version)) if dist is not None else ("(no distribution)", "")


def _load(entry: EntryPoint, loading: _Loading) -> None:
    """Load one plugin, whole or not at all."""
    distribution, version = _distribution(entry)
    try:
        found = _registrations(entry.load())
        _check_all(found, distribution, loading)
    except BadDeclaration as error:
        loading.reports.append(PluginReport(entry.name, distribution, version, error=str(error)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything, even exit
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        loading.reports.append(PluginReport(entry.name, distribution, version, error=reason))
    else:
        provides = _take(found, distribution, loading)
        loading.reports.append(PluginReport(entry.name, distribution, version, provides))


def _registrations(plugin: object) -> list[tuple[str, Any]]:
    """Check a plugin's hooks, call them, and return what they registered, with the hooks' names."""
    _check_hooks(plugin)
    hooks = pluggy.PluginManager(PROJECT)
    hooks.add_hookspecs(hookspecs)
    hooks.register(plugin)
    found: list[tuple[str, Any]] = []
    for name in HOOKS:
        getattr(hooks.hook, name)(register=lambda registered, name=name: found.append((name, registered)))
    if not found:
        raise BadDeclaration("it registers nothing")
    return found


def _check_hooks(plugin: object) -> None:
    """Refuse what pluggy would silently ignore or silently not await."""
    for name in dir(plugin):
        member = inspect.getattr_static(plugin, name, None)
        member = getattr(member, "__func__", member)
        marked = _mark_of(member)
        if marked is None:
            if name in HOOKS and callable(member):
                raise BadDeclaration(f"{name} is not marked with hookimpl")
            continue
        hook = marked.get("specname") or name
        if hook not in HOOKS:
            meant = suggest(hook, HOOKS)
            guess = f"did you mean {meant!r}?" if meant else f"known: {', '.join(HOOKS)}"
            raise BadDeclaration(f"{hook!r} is not a hook ({guess})")
        if inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member):
            raise BadDeclaration(f"{name} must be a plain function, not async: hooks only register")


def _mark_of(member: object) -> Mapping[str, Any] | None:
    """Return what `hookimpl` left on a function."""
    mark = getattr(member, MARK, None) if inspect.isroutine(member) else None
    return mark if isinstance(mark, Mapping) else None


def _check_all(found: Iterable[tuple[str, Any]], distribution: str, loading: _Loading) -> None:
    names: set[tuple[str, str]] = set()
    for hook, registered in found:
        kind = HOOKS[hook]
        _check_type(hook, kind.type, registered)
        kind.check(registered)
        key = (kind.noun, str(registered.name))
        if key in loading.owners:
            both = f"{loading.owners[key]} and {distribution}"
            raise BadDeclaration(f"two plugins register the {kind.noun} {registered.name!r}: {both}")
        if key in names:
            raise BadDeclaration(f"it registers the {kind.noun} {registered.name!r} twice")
        names.add(key)


def _check_type(hook: str, wanted: type[Any], registered: object) -> None:
    if not isinstance(registered, wanted):
        got = registered.__name__ if isinstance(registered, type) else type(registered).__name__
        raise BadDeclaration(f"{hook} registers a {wanted.__name__}, not a {got}")


def _take(found: Iterable[tuple[str, Any]], distribution: str, loading: _Loading) -> tuple[str, ...]:
    provides = []
    for hook, registered in found:
        name = str(registered.name)
        loading.taken[hook][name] = registered
        loading.owners[HOOKS[hook].noun, name] = distribution
        provides.append(f"{HOOKS[hook].noun} {name}")
    return tuple(provides)
