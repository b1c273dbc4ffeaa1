"""A person answers an approval from a chat: by a signed link, through a real HTTP server."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import aiohttp
import pytest

from bursar.journal.files.backup import back_up, restore
from bursar.web.approvals import Approvals
from support.config import config
from support.world import World

RULE = "{name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}], approve: {above: 500, within: 12h}}"
VERBS = ("approve", "deny")


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port of the page's own, which nobody else can be given meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


async def begin(world: World, door: socket.socket, amount: str) -> str:
    """Start with a balance, and a page; give the configuration."""
    port = door.getsockname()[1]
    world.environ["TOKEN"] = "the-token-that-signs"
    world.site.money(amount)
    settings = f"http: {{listen: '127.0.0.1:{port}', token: {{env: TOKEN}}}}"
    yaml = config(RULE, settings=settings, events="'approval.*'")
    await world.open(yaml)
    return yaml


def links(world: World) -> dict[str, str]:
    """Return the links of the last question that was told."""
    told = [d.body["data"] for d in world.sites.boxes["ops"].deliveries if d.body["type"] == "bursar.approval.wanted"]
    return {verb: told[-1][f"{verb}_url"] for verb in VERBS}


@pytest.fixture
async def asked(world: World, door: socket.socket) -> AsyncIterator[World]:
    """A payout of 600 USD that waits for an answer."""
    await begin(world, door, "600")
    async with Approvals(world.controller, door.dup()):
        await world.turn()
        yield world


@pytest.fixture
async def grown(asked: World) -> tuple[World, dict[str, str]]:
    """The same, after the balance has grown to 700 and a yes to 600 was not taken; and the first question's links."""
    first = links(asked)
    asked.site.money("700")
    await asked.live(minutes=6)
    await asked.say("approve", ids=["1"])
    await asked.turn()
    return asked, first


async def visit(url: str, method: str = "GET") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text()


async def test_the_page_listens_where_the_settings_say(world: World, door: socket.socket) -> None:
    """Somebody listens there already, so that it fails: no port can be had of which nobody else could be quicker."""
    door.listen()
    await begin(world, door, "600")
    with pytest.raises(OSError, match="address already in use"):
        await Approvals(world.controller).__aenter__()


async def test_a_link_names_its_question_and_nothing_but_a_signature(asked: World) -> None:
    path, _, query = links(asked)["approve"].partition("?")
    assert (path.endswith("/approvals/1/approve"), query.startswith("signature="), "&" in query) == (True, True, False)


async def test_opening_a_link_asks_and_does_nothing(asked: World) -> None:
    status, page = await visit(links(asked)["approve"])
    assert (status, "Say yes" in page, await asked.states()) == (200, True, ["awaiting_approval"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("amount", "600"), ("currency", "USD"), ("account", "panel"), ("rule", "pay"), ("reason", "600 is above 500")],
)
async def test_the_page_shows_what_is_asked(asked: World, name: str, value: str) -> None:
    _, page = await visit(links(asked)["approve"])
    assert f"<tr><th align=left>{name}</th><td>{value}</td></tr>" in page


async def test_its_button_says_yes(asked: World) -> None:
    status, _ = await visit(links(asked)["approve"], "POST")
    await asked.live(minutes=10)
    assert (status, await asked.states(), asked.site.done("payout")) == (200, ["succeeded"], ["balance"])


async def test_the_other_links_button_says_no(asked: World) -> None:
    status, _ = await visit(links(asked)["deny"], "POST")
    assert (status, await asked.states()) == (200, ["denied"])


async def test_a_link_answers_once(asked: World) -> None:
    await visit(links(asked)["deny"], "POST")
    status, _ = await visit(links(asked)["approve"], "POST")
    assert (status, await asked.states()) == (410, ["denied"])


@pytest.mark.parametrize(
    "change",
    [("approve?", "deny?"), ("/1/", "/2/"), ("/1/", "/x/"), ("signature=", "signature=0"), ("?signature=", "?sign=")],
)
async def test_a_link_that_was_changed_is_not_believed(asked: World, change: tuple[str, str]) -> None:
    status, _ = await visit(links(asked)["approve"].replace(*change), "POST")
    assert (status, await asked.states()) == (403, ["awaiting_approval"])


async def test_a_link_ends_with_its_question(asked: World) -> None:
    url = links(asked)["approve"]
    await asked.live(hours=13, every_s=900)
    status, _ = await visit(url, "POST")
    assert (status, await asked.states()) == (410, ["lapsed"])


async def test_the_link_is_not_part_of_the_event(asked: World) -> None:
    wanted = await asked.events("approval.wanted")
    assert not [key for key in wanted[0]["data"] if "url" in key]


async def test_a_yes_by_a_link_to_less_than_would_leave_is_not_taken(asked: World) -> None:
    asked.site.money("700")
    await asked.live(minutes=6)
    status, page = await visit(links(asked)["approve"], "POST")
    assert (status, "600 USD" in page, "700 USD" in page, asked.site.performed) == (409, True, True, [])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_to_an_amount_that_has_changed_answers_nothing(
    grown: tuple[World, dict[str, str]], verb: str, method: str
) -> None:
    world, first = grown
    status, _ = await visit(first[verb], method)
    assert (status, await world.states()) == (410, ["awaiting_approval"])


async def test_an_old_signature_is_none_for_the_new_question(grown: tuple[World, dict[str, str]]) -> None:
    world, first = grown
    status, _ = await visit(first["approve"].replace("/1/", "/1.2/"), "POST")
    assert (status, await world.states()) == (403, ["awaiting_approval"])


async def test_the_new_question_comes_with_links_of_its_own(grown: tuple[World, dict[str, str]]) -> None:
    world, _ = grown
    status, page = await visit(links(world)["approve"])
    assert (status, "<td>700</td>" in page) == (200, True)


async def test_a_yes_by_the_new_link_is_for_the_new_amount(grown: tuple[World, dict[str, str]]) -> None:
    world, _ = grown
    await visit(links(world)["approve"], "POST")
    await world.live(minutes=10)
    assert [intent.cost for intent in world.site.performed] == [Decimal(700)]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_link_made_before_a_restore_answers_nothing(world: World, door: socket.socket, verb: str) -> None:
    yaml = await begin(world, door, "600")
    await world.turn()
    before = links(world)
    back_up(world.folder / "journal.db", world.folder / "copy.db")
    await sent_since_the_backup(world)
    await put_back(world, yaml)
    async with Approvals(world.controller, door.dup()):
        status, _ = await visit(before[verb], "POST")
    assert (status, await world.states()) == (410, ["unknown"])


@pytest.mark.parametrize("verb", VERBS)
async def test_a_link_to_what_a_restored_journal_does_not_know_is_none_to_what_it_decides_under_that_id(
    world: World, door: socket.socket, verb: str
) -> None:
    yaml = await begin(world, door, "10")
    await world.turn()
    back_up(world.folder / "journal.db", world.folder / "copy.db")
    world.site.money("600")
    await world.live(minutes=6)
    before = links(world)
    await sent_since_the_backup(world)
    world.site.money("10")
    await put_back(world, yaml)
    await world.turn()
    world.site.money("600")
    await world.live(minutes=6)
    async with Approvals(world.controller, door.dup()):
        status, _ = await visit(before[verb], "POST")
    assert (status, await world.states(), links(world) == before) == (403, ["awaiting_approval"], False)


async def sent_since_the_backup(world: World) -> None:
    """Have something sent that the backup does not know."""
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert world.site.done("payout") == ["balance"]


async def put_back(world: World, yaml: str) -> None:
    """Put the backup in the journal's place, and start."""
    await world.close()
    restore(world.folder / "copy.db", world.folder / "journal.db", world.clock.now())
    await world.open(yaml)
