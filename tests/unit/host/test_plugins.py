"""Plugins, installed for real in a folder of their own: the good are loaded, the bad are named and disabled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from bursar.host.plugins import load_plugins
from bursar.host.registry import PluginReport, Registry

HEAD = "from bursar.api import hookimpl, Function, FieldKind\nfrom support.host import provider, sink\n"
GOOD = HEAD + "@hookimpl\ndef bursar_providers(register):\n    register(provider())\n"
SINKS = HEAD + "@hookimpl\ndef bursar_sinks(register):\n    register(sink())\n"


class Installed:
    """A folder of installed distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, code: str, *, distribution: str = "", entry: str = "") -> None:
        distribution = distribution or f"bursar-{name}"
        (self.folder / f"{name}_plugin.py").write_text(code, encoding="utf-8")
        meta = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        meta.mkdir()
        (meta / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.0\n", encoding="utf-8")
        (meta / "entry_points.txt").write_text(f"[bursar]\n{name} = {entry or f'{name}_plugin'}\n", encoding="utf-8")

    def entries(self) -> list[EntryPoint]:
        return [entry for dist in distributions(path=[str(self.folder)]) for entry in dist.entry_points]

    def load(self) -> Registry:
        return load_plugins(self.entries())

    def error(self) -> str:
        """Load the one plugin that there is and give its error."""
        [report] = self.load().plugins
        assert report.error is not None
        return report.error


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Installed(tmp_path)
    for name in set(sys.modules) - before:
        if name.endswith("_plugin"):
            del sys.modules[name]


def test_a_plugin_is_loaded_and_reported(installed: Installed) -> None:
    installed.add("post", GOOD)
    registry = installed.load()
    assert list(registry.providers) == ["post"]
    assert registry.plugins == (PluginReport("post", "bursar-post", "1.0", ("provider post",)),)


def test_every_hook_registers(installed: Installed) -> None:
    installed.add(
        "all",
        GOOD
        + SINKS
        + (
            "import click\n"
            "@hookimpl\ndef bursar_functions(register):\n"
            "    register(Function('twice', lambda x: x * 2, (FieldKind.NUMBER,), FieldKind.NUMBER))\n"
            "@hookimpl\ndef bursar_commands(register):\n    register(click.Command('stamp'))\n"
        ),
    )
    registry = installed.load()
    assert registry.plugins[0].provides == ("provider post", "sink pigeon", "function twice", "command stamp")
    assert (
        *registry.providers,
        *registry.sinks,
        *registry.functions,
        *registry.commands,
    ) == ("post", "pigeon", "twice", "stamp")


def test_the_registry_is_frozen(installed: Installed) -> None:
    installed.add("post", GOOD)
    with pytest.raises(TypeError):
        installed.load().providers["other"] = None  # type: ignore[index]


def test_an_object_may_be_the_plugin(installed: Installed) -> None:
    installed.add(
        "post",
        HEAD
        + (
            "class Plugin:\n    @hookimpl\n    def bursar_providers(self, register):\n        register(provider())\n"
            "plugin = Plugin()\n"
        ),
        entry="post_plugin:plugin",
    )
    assert list(installed.load().providers) == ["post"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("def broken(:\n", "SyntaxError: "),
        ("x = 1\n", "it registers nothing"),
        (
            HEAD + "@hookimpl\ndef bursar_provider(register):\n    pass\n",
            "'bursar_provider' is not a hook (did you mean 'bursar_providers'?)",
        ),
        (HEAD + "@hookimpl\ndef frobnicate():\n    pass\n", "'frobnicate' is not a hook (known: bursar_providers, "),
        (
            HEAD + "@hookimpl(specname='bursar_snks')\ndef x(register):\n    pass\n",
            "'bursar_snks' is not a hook (did you mean 'bursar_sinks'?)",
        ),
        (HEAD + "def bursar_sinks(register):\n    register(sink())\n", "bursar_sinks is not marked with hookimpl"),
        (
            HEAD + "@hookimpl\nasync def bursar_sinks(register):\n    register(sink())\n",
            "bursar_sinks must be a plain function, not async",
        ),
        (
            HEAD + "@hookimpl\nasync def bursar_sinks(register):\n    yield 1\n",
            "bursar_sinks must be a plain function, not async",
        ),
        (HEAD + "@hookimpl\ndef bursar_sinks(registre):\n    pass\n", "registre"),
        (HEAD + "@hookimpl\ndef bursar_sinks(register):\n    raise KeyError('x')\n", "KeyError: 'x'"),
        (
            HEAD + "@hookimpl\ndef bursar_sinks(register):\n    register(provider())\n",
            "bursar_sinks registers a SinkType, not a Provider",
        ),
        (
            HEAD + "@hookimpl\ndef bursar_sinks(register):\n    register('pigeon')\n",
            "bursar_sinks registers a SinkType, not a str",
        ),
        (HEAD + "@hookimpl\ndef bursar_sinks(register):\n    register(sink(api_level=9))\n", "made for level 9"),
        (SINKS.rstrip() + "\n    register(sink())\n", "it registers the sink 'pigeon' twice"),
        (GOOD + "    register(provider(name='Post'))\n", "a name is made of small letters"),
        (
            HEAD + "@hookimpl\ndef bursar_providers(register):\n    register(provider(subjects=(None,)))\n",
            "expected a SubjectType",
        ),
    ],
)
def test_a_plugin_that_fails_is_named_and_disabled(installed: Installed, code: str, error: str) -> None:
    installed.add("bad", code)
    assert error in installed.error()


def test_a_plugin_that_fails_does_not_take_the_rest_down(installed: Installed) -> None:
    installed.add("aaa", "raise SystemExit\n")
    installed.add("post", GOOD)
    registry = installed.load()
    assert [(report.name, report.error) for report in registry.plugins] == [("aaa", "SystemExit"), ("post", None)]
    assert list(registry.providers) == ["post"]


def test_a_plugin_that_fails_late_registers_nothing_at_all(installed: Installed) -> None:
    installed.add("half", GOOD + "@hookimpl\ndef bursar_sinks(register):\n    raise RuntimeError\n")
    registry = installed.load()
    assert (dict(registry.providers), registry.plugins[0].error) == ({}, "RuntimeError")


def test_two_providers_of_a_name_are_refused_naming_both_distributions(installed: Installed) -> None:
    installed.add("one", GOOD, distribution="first-post")
    installed.add("two", GOOD, distribution="second-post")
    assert [report.error for report in installed.load().plugins] == [
        None,
        "two plugins register the provider 'post': first-post and second-post",
    ]


def test_a_stranger_cannot_take_a_name_from_our_own(installed: Installed) -> None:
    installed.add("aaa", GOOD, distribution="aaa-post")
    installed.add("own", GOOD, distribution="bursar")
    assert [(report.distribution, report.error is None) for report in installed.load().plugins] == [
        ("bursar", True),
        ("aaa-post", False),
    ]


def test_a_plugin_found_twice_is_loaded_once(installed: Installed) -> None:
    installed.add("post", GOOD)
    assert len(load_plugins([*installed.entries(), *installed.entries()]).plugins) == 1
