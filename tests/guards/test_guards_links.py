"""A person answers an approval from a chat: by a signed link, through a real HTTP server."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from kit import World
from runtime_config import config

from bursar.web.approvals import Approvals

RULE = (
    "{name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}], approve: {above: 500, within: 12h}}"
)


@pytest.fixture
async def asked(world: World) -> AsyncIterator[tuple[World, dict[str, str]]]:
    """A payout that waits for an answer, and the links that its message carries."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world.environ["TOKEN"] = "the-token-that-signs"
    world.site.money("600")
    settings = f"http: {{listen: '127.0.0.1:{port}', token: {{env: TOKEN}}}}"
    await world.open(config(RULE, settings=settings, events="'approval.*'"))
    async with Approvals(world.controller, world.clock):
        await world.turn()
        told = [d.body["data"] for d in world.sites.boxes["ops"].deliveries if d.body["type"] == "bursar.approval.wanted"]
        yield world, {verb: told[0][f"{verb}_url"] for verb in ("approve", "deny")}


async def visit(url: str, method: str = "GET") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text()


async def test_opening_a_link_asks_and_does_nothing(asked: tuple[World, dict[str, str]]) -> None:
    world, links = asked
    status, page = await visit(links["approve"])
    assert (status, "Say yes" in page, await world.states()) == (200, True, ["awaiting_approval"])


async def test_its_button_says_yes(asked: tuple[World, dict[str, str]]) -> None:
    world, links = asked
    status, _ = await visit(links["approve"], "POST")
    await world.live(minutes=10)
    assert (status, await world.states(), world.site.done("payout")) == (200, ["succeeded"], ["balance"])


async def test_the_other_links_button_says_no(asked: tuple[World, dict[str, str]]) -> None:
    world, links = asked
    await visit(links["deny"], "POST")
    assert await world.states() == ["denied"]


async def test_a_link_answers_once(asked: tuple[World, dict[str, str]]) -> None:
    world, links = asked
    await visit(links["deny"], "POST")
    status, _ = await visit(links["approve"], "POST")
    assert (status, await world.states()) == (409, ["denied"])


@pytest.mark.parametrize("change", [("approve?", "deny?"), ("/1/", "/2/"), ("signature=", "signature=0"), ("until=1", "until=2")])
async def test_a_link_that_was_changed_is_not_believed(asked: tuple[World, dict[str, str]], change: tuple[str, str]) -> None:
    world, links = asked
    status, _ = await visit(links["approve"].replace(*change), "POST")
    assert (status, await world.states()) == (403, ["awaiting_approval"])


async def test_a_link_ends_with_its_question(asked: tuple[World, dict[str, str]]) -> None:
    world, links = asked
    await world.live(hours=13, every_s=900)
    status, _ = await visit(links["approve"], "POST")
    assert (status, await world.states()) == (410, ["lapsed"])


async def test_the_link_is_not_part_of_the_event(asked: tuple[World, dict[str, str]]) -> None:
    world, _ = asked
    wanted = await world.events("approval.wanted")
    assert not [key for key in wanted[0]["data"] if "url" in key]
