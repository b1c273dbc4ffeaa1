"""While the configuration has a mistake, the daemon goes on by what it read before: it is stopped, asked and answered all
the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commands import Command, command_on

MISTAKES = {
    "an unknown key": "cooldwn: 1h\n",
    "a list that is not closed": "more: [1, 2\n",
    "a tab": "more:\n\t- 1\n",
}


@pytest.fixture(params=MISTAKES, ids=str)
def edited(request: pytest.FixtureRequest, served: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run commands by the daemon's configuration, in which somebody has just made a mistake."""
    path = tmp_path / "bursar.yaml"
    path.write_text(served.read_text(encoding="utf-8") + MISTAKES[request.param], encoding="utf-8")
    return command_on(path, capfd)


def test_everything_can_be_stopped(edited: Command, bursar: Command) -> None:
    said = edited("pause")
    assert (said.code, bursar("status", "--json").json["paused"]) == (0, True)
    assert edited("resume").code == 0
    assert bursar("status", "--json").json["paused"] is False


def test_one_account_can_be_stopped(edited: Command, bursar: Command) -> None:
    assert edited("pause", "main-panel").code == 0
    assert bursar("status", "--json").json["paused_accounts"] == ["main-panel"]
    assert edited("resume", "main-panel").code == 0


def test_the_mistake_is_named_beside_the_answer(edited: Command) -> None:
    said = edited("status", "--json")
    assert (said.code, said.json["running"], said.json["rules"]) == (0, True, 1)
    assert "bursar.yaml:" in said.err
    words = "bursar: the configuration has 1 mistake; the daemon has answered, and goes by what it read before"
    assert said.err.splitlines()[-1] == words


def test_what_waits_is_listed_and_answered(edited: Command, bursar: Command) -> None:
    assert edited("actions", "--json").code == 0
    assert edited("accounts", "--json").code == 0
    said, as_ever = edited("actions", "approve", "4711"), bursar("actions", "approve", "4711")
    assert (said.code, said.err) == (as_ever.code, as_ever.err)


def test_an_account_that_is_not_there_is_refused_by_the_daemon(edited: Command) -> None:
    said = edited("pause", "main-panl")
    assert (said.code, "there is no account 'main-panl'" in said.err) == (2, True)


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_where_no_daemon_runs_the_mistakes_are_the_answer(
    configuration: Path, capfd: pytest.CaptureFixture[str], mistake: str
) -> None:
    with configuration.open("a", encoding="utf-8") as file:
        file.write(mistake)
    for words in (("pause",), ("status",), ("actions",), ("actions", "deny", "1"), ("accounts",)):
        said = command_on(configuration, capfd)(*words)
        assert (said.code, said.err.splitlines()[-1]) == (78, "bursar: 1 problem; nothing was done")
