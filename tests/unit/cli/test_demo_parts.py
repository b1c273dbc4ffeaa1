"""The demo's parts: the overlay keeps the example's rules, the receiver believes signatures only, the progress ends when
every rule has fired, the counts of both sides are compared."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from standardwebhooks import Webhook

from bursar.cli.demo.config import as_yaml, example_text, lay_over, merge, read_example
from bursar.cli.demo.progress import Progress
from bursar.cli.demo.receiver import Receiver, receive
from bursar.cli.demo.summary import Count, compare
from bursar.domain.ids import RuleName, SinkName
from bursar.domain.rule import Act, Notify, Rule, Scope
from bursar.domain.values import Value
from bursar.host.plugins import load_plugins
from bursar.loops.clock import RealClock
from bursar.sandbox import ServedProvider

SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
PANEL = ServedProvider("smm", "http://127.0.0.1:1/api/v2", "http://127.0.0.1:1/_sandbox", {"key": "k"}, ["1"])


class Fixed:
    """A template that always says the same."""

    text = "told"

    def render(self, scope: Scope) -> Value:
        return self.text


def rule(name: str, *steps: Act | Notify) -> Rule:
    return Rule(RuleName(name), steps, "fingerprint", on=("order.partial",))


REFILL = rule("refill", Act("refill"))
TELL = rule("tell", Notify(SinkName("ops"), Fixed()))


def row(id_: str, **facts: str) -> dict[str, Any]:
    return {"id": id_, "account": "main-panel", "action": "refill", "rule": "refill", "subject": "order/1", **facts}


def test_lists_of_named_things_are_merged_by_name() -> None:
    below = {"rules": [{"name": "a", "for": "48h", "do": ["cancel"]}, {"name": "b", "do": ["refill"]}]}
    above = {"rules": [{"name": "a", "for": "6s"}]}
    assert merge(below, above)["rules"] == [
        {"name": "a", "for": "6s", "do": ["cancel"]},
        {"name": "b", "do": ["refill"]},
    ]


def test_what_the_overlay_does_not_name_stays() -> None:
    assert merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"b": 2}}) == {"a": {"b": 2, "c": [1, 2]}}


def test_a_written_document_reads_the_same() -> None:
    document = {
        "on": "order.partial",
        "above": Decimal("10.10"),
        "method": "7",
        "id": "010",
        "off": True,
        "text": "a: {b}",
    }
    assert read_example(as_yaml(document)) == document


def test_addresses_and_short_times_are_laid_over_the_example(tmp_path: Path) -> None:
    example = {
        "accounts": {"main": {"provider": "smm", "url": "https://panel.example", "key": {"env": "PANEL_KEY"}}},
        "sinks": {"ops": {"type": "webhook", "url": "https://hooks.example", "secret": {"credential": "hook"}}},
        "rules": [{"name": "a", "for": "48h", "on": "order"}, {"name": "b", "on": "order.partial"}],
    }
    config = lay_over(example, tmp_path, [PANEL], load_plugins().providers, "http://127.0.0.1:2/bursar", SECRET)
    assert config.merged["accounts"]["main"]["url"] == PANEL.url
    assert config.merged["sinks"]["ops"]["url"] == "http://127.0.0.1:2/bursar"
    assert config.overlay["rules"] == [{"name": "a", "for": "6s"}]
    assert (config.environ, config.credentials) == ({"PANEL_KEY": "k"}, {"hook": SECRET})


def test_every_secret_of_the_example_is_provided(tmp_path: Path) -> None:
    example = {"rules": [{"name": "a", "do": [{"payout": {"account": {"env": "WALLET"}}}]}]}
    assert "WALLET" in lay_over(example, tmp_path, [], {}, "", SECRET).environ


def test_the_example_has_the_four_rules_of_the_mission() -> None:
    assert len(read_example(example_text())["rules"]) == 4


async def sent(receiver: Receiver, signature: str | None = None) -> int:
    """Send a message to the receiver; give the status."""
    body = '{"type": "bursar.notify", "data": {"rule": "tell", "text": "told"}}'
    at = RealClock().now()
    signed = Webhook(receiver.secret).sign("msg_1", at, body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature or signed,
    }
    async with aiohttp.ClientSession() as session, session.post(receiver.url, data=body, headers=headers) as answer:
        return answer.status


async def test_a_signed_message_is_believed() -> None:
    async with receive() as receiver:
        assert (await sent(receiver), receiver.told_by("tell")) == (204, 1)


async def test_a_repeated_delivery_counts_once() -> None:
    async with receive() as receiver:
        await sent(receiver)
        await sent(receiver)
        assert receiver.told_by("tell") == 1


@pytest.mark.parametrize("signature", ["v1,Zm9yZ2Vk", "nonsense"])
async def test_a_forged_message_is_not(signature: str) -> None:
    async with receive() as receiver:
        assert (await sent(receiver, signature), receiver.verified, receiver.forged) == (401, {}, 1)


def test_the_story_waits_for_every_rule() -> None:
    missing = Progress([REFILL, TELL], Receiver(SECRET)).missing()
    assert missing == [
        "the rule refill has done nothing yet",
        "the rule tell has told nobody yet",
        "no signed message was verified by the receiver",
    ]


def test_the_story_ends_when_every_rule_has_fired() -> None:
    progress = Progress([REFILL, TELL], Receiver(SECRET, verified={"msg_1": {"data": {"rule": "tell"}}}))
    progress.take([], [row("1", state="succeeded")])
    assert progress.missing() == []


def test_a_refused_action_is_not_done() -> None:
    progress = Progress([REFILL], Receiver(SECRET, verified={"msg_1": {}}))
    progress.take([], [row("1", state="refused")])
    assert progress.missing() == ["the rule refill has done nothing yet"]


def test_every_step_of_an_action_is_told_once() -> None:
    progress = Progress([REFILL], Receiver(SECRET))
    told = [progress.take([], [row("1", state=state)]) for state in ("ready", "ready", "succeeded")]
    assert [len(lines) for lines in told] == [1, 0, 1]


def test_both_counts_stand_side_by_side() -> None:
    progress = Progress([REFILL], Receiver(SECRET))
    paid_out = {**row("3", state="succeeded"), "action": "payout", "account": "px"}
    progress.take([], [row("1", state="succeeded"), row("2", state="unknown"), paid_out])
    effects = {"smm": {"refill": 2}, "premium_exchanger": {"add_payout": 1}}
    counts = compare(progress, {"main-panel": "smm", "px": "premium_exchanger"}, effects)
    assert counts == [Count("smm", "refill", 1, 2), Count("premium_exchanger", "add_payout", 1, 1)]
