"""The hooks of bursar: all a plugin can implement. They only register; nothing is done in them.

A plugin is a package with an entry point in the group `bursar`:

    [project.entry-points.bursar]
    mine = "bursar_mine"

and in it functions marked with `hookimpl` under the names below. What the marker takes is typed here, so that an async
hook, one that returns something, or one whose `register` has another name or type is seen in the author's editor. No
type knows how the function below a decorator is called: a misspelt name is for the host, or for `specname`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast, overload

import pluggy

from bursar.api.function import Function
from bursar.api.provider import Provider
from bursar.api.sink import SinkType

if TYPE_CHECKING:
    import click

PROJECT = "bursar"

Made_co = TypeVar("Made_co", covariant=True)


class Hook(Protocol[Made_co]):
    """A hook: it gets `register`, and does nothing but call it."""

    def __call__(self, register: Callable[[Made_co], None]) -> None: ...


class HookMethod(Protocol[Made_co]):
    """The same as a method, where an object is the plugin."""

    def __call__(self, plugin: Any, /, register: Callable[[Made_co], None]) -> None: ...


Registers = Hook[Made_co] | HookMethod[Made_co]
Providers = TypeVar("Providers", bound=Registers[Provider])
Sinks = TypeVar("Sinks", bound=Registers[SinkType])
Functions = TypeVar("Functions", bound=Registers[Function])
Commands = TypeVar("Commands", bound="Registers[click.Command]")
AnyHook = TypeVar("AnyHook", bound="Registers[Provider | SinkType | Function | click.Command]")


class HookMarker(Protocol):
    """What `hookimpl` is to a type checker: pluggy's marker, of which bursar's hooks need only this.

    `@hookimpl` marks a function that has the name of a hook; `@hookimpl(specname="bursar_sinks")` one of any name, and
    then the hook's name and what it registers are seen to fit.
    """

    @overload
    def __call__(self, hook: AnyHook, /) -> AnyHook: ...
    @overload
    def __call__(self) -> Callable[[AnyHook], AnyHook]: ...
    @overload
    def __call__(self, *, specname: Literal["bursar_providers"]) -> Callable[[Providers], Providers]: ...
    @overload
    def __call__(self, *, specname: Literal["bursar_sinks"]) -> Callable[[Sinks], Sinks]: ...
    @overload
    def __call__(self, *, specname: Literal["bursar_functions"]) -> Callable[[Functions], Functions]: ...
    @overload
    def __call__(self, *, specname: Literal["bursar_commands"]) -> Callable[[Commands], Commands]: ...


hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = cast("HookMarker", pluggy.HookimplMarker(PROJECT))


@hookspec
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register kinds of provider."""


@hookspec
def bursar_sinks(register: Callable[[SinkType], None]) -> None:
    """Register kinds of sink."""


@hookspec
def bursar_functions(register: Callable[[Function], None]) -> None:
    """Register functions that conditions may call."""


@hookspec
def bursar_commands(register: Callable[[click.Command], None]) -> None:
    """Register further commands of the command line."""
