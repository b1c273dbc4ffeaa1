"""mypy --strict and basedpyright's strict mode accept right plugins, and reject wrong ones where they are wrong.

All plugins are written into one folder, and each checker looks at it once. What no type can find, the daemon names: as
it loads a plugin, or as it uses one. `support.typing_mistakes` has both tables.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import pytest

from bursar.api import AccountSettings, AdapterContext, Answer, Http, PollRequest, ProviderError, Request, Secret
from bursar.host.isolation import open_adapter
from bursar.host.plugins import load_plugins
from bursar.host.registry import Registry
from bursar.testing import VirtualClock
from support.typing_checkers import Complaint, Complaints, run
from support.typing_mistakes import BEYOND_TYPES, LOADED, MISTAKES, OPENED, POLLED, RIGHT, Beyond, Edit, Mistake

ROOT = Path(__file__).parents[2]
PARCEL = ROOT / "examples" / "bursar-parcel" / "bursar_parcel"
RIGHT_FILES = sorted(path.name for path in RIGHT.glob("*.py"))
SHOWN = {"bursar_vending.py": "python", "test_vending.py": "python tests"}
"""What docs/plugins.md shows, by the name of the file that its fragments are put together in."""
CHECKERS = [
    "mypy",
    pytest.param(
        "basedpyright",
        marks=pytest.mark.skipif(
            find_spec("basedpyright") is None,
            reason="basedpyright is not installed: no wheel brings Node to this platform",
        ),
    ),
]
SETTINGS = AccountSettings(
    "main",
    "https://library.example/api",
    Secret("L-17"),
    options={"pin": Secret("0000"), "page_size": 1, "patience": timedelta(seconds=20)},
)
PAGE = b'{"ok": true, "loans": [{"id": 17, "title": "Ulysses", "fee": 1.5, "renewals": 0, "lent_at": 1700000000}]}'
AFTERMATH = ("reportUnknown", "reportUnused", "reportUntyped", "untyped-decorator")
"""What is said of the rest of a file because of a mistake: of names that are not needed any more, or of unknown type."""


@pytest.fixture(scope="session")
def complaints(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[str, Complaints]:
    """Have every plugin looked at by each checker, once; processes that run tests side by side share what is found."""
    place = tmp_path_factory.getbasetemp().resolve()
    if hasattr(pytestconfig, "workerinput"):
        place = place.parent
    found = place / "typing.json"
    with (place / "typing.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            checkers = [name for name in ("mypy", "basedpyright") if find_spec(name) is not None]
            found.write_text(json.dumps(run(checkers, plugins(place / "typing"))), encoding="utf-8")
    told: dict[str, Complaints] = json.loads(found.read_text(encoding="utf-8"))
    return told


def plugins(folder: Path) -> Path:
    """Write the right plugins into a folder, and every wrong one beside them."""
    files = {path.relative_to(top): path for top in (RIGHT, PARCEL.parent) for path in sorted(top.rglob("*.py"))}
    texts = {str(name): path.read_text(encoding="utf-8") for name, path in files.items() if name.parts[0] != "tests"}
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    for name, fence in SHOWN.items():
        fragments = re.findall(rf"^```{fence}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        assert fragments, f"docs/plugins.md has no ```{fence}"
        texts[name] = "\n\n".join(fragments)
    texts |= {f"{edit.module}.py": edit.source() for edit in [*MISTAKES, *BEYOND_TYPES]}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def errors(complaints: Complaints, edit: Edit) -> list[Complaint]:
    """Return the complaints about a wrong plugin, without what only follows from its mistake."""
    told = [(line, code) for line, code in complaints.get(f"{edit.module}.py", [])]
    return [(line, code) for line, code in told if not code.startswith(AFTERMATH)]


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("file", [*RIGHT_FILES, *SHOWN])
def test_a_right_plugin_is_accepted(complaints: dict[str, Complaints], checker: str, file: str) -> None:
    assert complaints[checker].get(file, []) == []


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_example_is_accepted(complaints: dict[str, Complaints], checker: str) -> None:
    assert [each for each in complaints[checker].items() if each[0].startswith(f"{PARCEL.name}/")] == []


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_wrong_plugin_is_rejected_where_it_is_wrong(
    complaints: dict[str, Complaints], checker: str, mistake: Mistake
) -> None:
    code = mistake.codes[checker == "basedpyright"]
    found, wanted = set(errors(complaints[checker], mistake)), {(mistake.line, code)} if code else set()
    assert ({line for line, _ in found}, wanted <= found) == ({line for line, _ in wanted}, True), found


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("edit", BEYOND_TYPES, ids=lambda edit: edit.name)
def test_what_is_said_to_be_beyond_types_is(complaints: dict[str, Complaints], checker: str, edit: Beyond) -> None:
    assert errors(complaints[checker], edit) == []


class Installed:
    """The right plugins, but for what is edited, where they can be imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in RIGHT.glob("*.py"):
            shutil.copyfile(path, folder / path.name)

    def edit(self, edit: Edit) -> None:
        (self.folder / f"{edit.file}.py").write_text(edit.source(), encoding="utf-8")

    def load(self, *values: str) -> Registry:
        return load_plugins([EntryPoint(value.partition(":")[0], value, "bursar") for value in values])


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Installed(tmp_path)
    for name in {path.stem for path in tmp_path.glob("*.py")} - before:
        sys.modules.pop(name, None)


class Answers:
    """Answers every question with one page."""

    async def ask(self, _request: Request) -> Answer:
        return Answer(200, {}, PAGE)


CONTEXT = AdapterContext(cast("Http", Answers()), VirtualClock(), lambda _text: None)


async def objection(registry: Registry) -> tuple[str, str]:
    """Return when the daemon names what is wrong with the one plugin that there is, and how."""
    [report] = registry.plugins
    if report.error is not None:
        return LOADED, report.error
    try:
        adapter = open_adapter(registry.providers["library"], SETTINGS, CONTEXT)
    except ProviderError as error:
        return OPENED, error.reason
    try:
        await adapter.observe(PollRequest("loans"))
    except ProviderError as error:
        return POLLED, error.reason
    return "never", ""


def test_the_daemon_takes_the_right_plugins(installed: Installed) -> None:
    registry = installed.load("library_provider", "pager", "stamp:PLUGIN")
    assert [(report.error, report.provides) for report in registry.plugins] == [
        (None, ("provider library",)),
        (None, ("sink pager", "function at_night")),
        (None, ("command stamp",)),
    ]


async def test_a_right_plugin_polls_page_by_page(installed: Installed) -> None:
    adapter = open_adapter(installed.load("library_provider").providers["library"], SETTINGS, CONTEXT)
    seen = await adapter.observe(PollRequest("loans", cursor=4))
    assert ([str(one.ref) for one in seen.subjects], seen.cursor, seen.more) == (["loan/17"], 5, True)


@pytest.mark.parametrize("edit", BEYOND_TYPES, ids=lambda edit: edit.name)
async def test_what_no_type_can_find_the_daemon_names(installed: Installed, edit: Beyond) -> None:
    installed.edit(edit)
    when, words = await objection(installed.load("library_provider"))
    assert (when, edit.words in words) == (edit.when, True), words
