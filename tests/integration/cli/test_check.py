"""`bursar check` with the plugins that are installed: what nobody can know the cost of, renamed rules, and `settle`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import Said, command_on

REFILL = "name: r, on: order.partial, do: [refill]"
ADD = "name: a, on: order.canceled, do: [{add: {service: '1', link: x}}]"
NOBODY, NO_BUDGET = "nobody can know what refill costs", "no budget could ever allow it"
WINDOW, SHARED = "{max: 5, every: 1d}", "{max: 5, currency: USD, every: 1d}"
Check = Callable[..., Said]


@pytest.fixture
def check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Check:
    """Check a configuration: one rule, more settings of its account, more of the daemon's."""
    command = command_on(tmp_path / "bursar.yaml", capfd)

    def checked(rule: str, panel: str = "", settings: str = "") -> Said:
        (tmp_path / "bursar.yaml").write_text(
            f"""\
settings: {{state: ./journal.db{settings}}}
accounts:
  main-panel: {{provider: smm, url: 'https://p.example/api', key: {{env: PANEL_KEY}}, currency: USD{panel}}}
rules:
  - {{{rule}}}
""",
            encoding="utf-8",
        )
        said = command("check", "--without-secrets")
        return Said(said.code, said.out.replace(f"{tmp_path}/", ""), said.err)

    return checked


@pytest.mark.parametrize(
    ("configured", "place", "sentence"),
    [
        ((f"{REFILL}, budget: {{refill: {WINDOW}}}",), "5:57", f"{NOBODY} at smm: {NO_BUDGET}"),
        (
            (f"{REFILL}, approve: {{above: 5, within: 1h}}",),
            "5:65",
            f"{NOBODY} at smm: it would always ask: leave `above` out",
        ),
        ((REFILL, f", budget: {{refill: {WINDOW}}}"), "3:108", f"{NOBODY} at smm: {NO_BUDGET}"),
        ((REFILL, "", f", budget: [{{refill: {SHARED}}}]"), "1:43", f"{NOBODY}: {NO_BUDGET}"),
        ((f"{REFILL}, was: r",), "5:53", "there is still a rule 'r': `was` names one that is gone"),
    ],
)
def test_what_can_never_be_is_78_at_its_place(
    check: Check, configured: tuple[str, ...], place: str, sentence: str
) -> None:
    assert check(*configured) == Said(78, f"bursar.yaml:{place}: {sentence}\n1 problem\n", "")


@pytest.mark.parametrize(
    "configured",
    [
        (f"{ADD}, budget: {{add: {WINDOW}}}, approve: {{above: 5, within: 1h}}",),
        (ADD, f", budget: {{add: {WINDOW}}}"),
        (ADD, "", f", budget: [{{add: {SHARED}}}]"),
        (f"{REFILL}, approve: {{within: 1h}}",),
        (f"{REFILL}, was: refill-them",),
        (REFILL, ", settle: 20s, timeout: 20s"),
    ],
)
def test_what_can_be_known_is_fine(check: Check, configured: tuple[str, ...]) -> None:
    assert check(*configured) == Said(0, "fine\n", "")


def test_a_settle_that_is_shorter_than_the_timeout_is_a_warning(check: Check) -> None:
    said = check(REFILL, ", settle: 10s, timeout: 20s")
    warning = "settle is shorter than timeout: a lost request may land until timeout is over, so timeout counts"
    assert said == Said(0, f"bursar.yaml:3:99: warning: {warning}\nfine, with 1 warning\n", "")
