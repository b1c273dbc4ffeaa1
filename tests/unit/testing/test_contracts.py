"""The contracts: a sound plugin passes, and each way to be unsound fails the test that looks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import (
    ActionType,
    AdapterContext,
    BadAnswer,
    CannotTell,
    CostFacts,
    Delivery,
    DeliveryFailed,
    DidNot,
    EventType,
    Finding,
    Happened,
    Intent,
    Json,
    LostReply,
    Method,
    Observation,
    Observed,
    Outcome,
    Param,
    PollRequest,
    Provider,
    ProviderError,
    Refusal,
    Refused,
    Request,
    SandboxServer,
    SinkSettings,
    SinkType,
    Stream,
    SubjectRef,
    SubjectType,
    Succeeded,
    Unreachable,
    Wanted,
    number,
    schema,
)
from bursar.testing import AdapterContract, HttpSinkContract, VirtualClock, make_intent, problems_of
from bursar.testing.staging import sink_stage
from support.shop import KEY, THING, Toy, provider

A_MINUTE = timedelta(minutes=1)


class ToyContract(AdapterContract):
    provider = provider()

    def intents(self, wire: SandboxServer) -> Sequence[Intent]:
        return [make_intent("fill", THING)]


class TestToy(ToyContract):
    """A sound provider passes."""


class Repeats(Toy):
    """Sends its effect twice when the first reply is lost."""

    async def perform(self, intent: Intent) -> Outcome:
        try:
            self.read(await self.context.http.send(self.request("fill")))
        except ProviderError:
            self.read(await self.context.http.send(self.request("fill")))
        return Succeeded()


class BelievesAnything(Toy):
    """Takes any reply for a yes."""

    async def perform(self, intent: Intent) -> Outcome:
        await self.context.http.send(self.request("fill"))
        return Succeeded()


class SaysNo(Toy):
    """Takes whatever is not a yes for a no."""

    async def perform(self, intent: Intent) -> Outcome:
        outcome = await super().perform(intent)
        return outcome if isinstance(outcome, Succeeded) else Refused("no")


class FindsEverything(Toy):
    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        return Happened(Succeeded())


class FindsNothing(Toy):
    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        return DidNot()


class DoesNotLook(Toy):
    """Reads new evidence for an attempt that was lost, and does not hold the old one against it."""

    async def prepare(self, intent: Intent) -> Json | Finding:
        return {"count": await self.count()}


class BelievesItGone(Toy):
    """Reports every lost attempt as not happened, without a look."""

    async def prepare(self, intent: Intent) -> Json | Finding:
        return DidNot() if intent.lost else {"count": await self.count()}


class CannotSay(Toy):
    """Leaves it to a person whether an attempt that was lost took effect."""

    async def prepare(self, intent: Intent) -> Json | Finding:
        return CannotTell() if intent.lost else {"count": await self.count()}


class ShowsItsKey(Toy):
    async def observe(self, look: PollRequest) -> Observation:
        try:
            return await super().observe(look)
        except ProviderError as error:
            raise BadAnswer(f"{error} at {self.settings.url}?key={KEY}") from None


class ShowsItsKeyInAnswers(Toy):
    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        return {**self.read(await self.context.http.ask(self.request(method))), "asked_with": KEY}


class LearnsFromErrors(Toy):
    """Takes an error for an empty shop."""

    async def observe(self, look: PollRequest) -> Observation:
        try:
            return await super().observe(look)
        except ProviderError:
            return Observation("things")


class RemembersErrors(Toy):
    """Is another after an error."""

    hurt = False

    async def observe(self, look: PollRequest) -> Observation:
        try:
            return replace(await super().observe(look), complete=not self.hurt)
        except ProviderError:
            self.hurt = True
            raise


class CountsInFloats(Toy):
    def sight(self, row: Mapping[str, Json]) -> Observed:
        return Observed(SubjectRef("thing", str(row["id"])), {"count": float(str(row["count"]))})  # type: ignore[dict-item]


class MakesUpFields(Toy):
    def sight(self, row: Mapping[str, Json]) -> Observed:
        return Observed(SubjectRef("thing", "1"), {"color": "red"})


class MakesUpStates(Toy):
    def sight(self, row: Mapping[str, Json]) -> Observed:
        return Observed(SubjectRef("thing", "1"), {}, state="open")


class HasNumbersForIds(Toy):
    def sight(self, row: Mapping[str, Json]) -> Observed:
        return Observed(SubjectRef("thing", 1), {})  # type: ignore[arg-type]


class KnowsNoTimeZone(Toy):
    def sight(self, row: Mapping[str, Json]) -> Observed:
        return Observed(SubjectRef("thing", "1"), {}, created_at=datetime(2026, 1, 1))  # noqa: DTZ001  that is the point


class NeverTheSame(Toy):
    polls = 0

    async def observe(self, look: PollRequest) -> Observation:
        self.polls += 1
        observation = await super().observe(PollRequest("things"))
        count = Decimal(self.polls)
        return replace(observation, subjects=tuple(replace(s, fields={"count": count}) for s in observation.subjects))


class SwallowsRetryAfter(Toy):
    async def observe(self, look: PollRequest) -> Observation:
        try:
            return await super().observe(look)
        except Unreachable:
            raise
        except ProviderError as error:
            raise BadAnswer(error.reason) from None


class HasEffectsWhenReading(Toy):
    async def observe(self, look: PollRequest) -> Observation:
        await self.context.http.ask(self.request("fill"))
        return await super().observe(look)


class CallsNonsenseARefusal(Toy):
    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        try:
            return await super().call(method, params)
        except ProviderError as error:
            raise Refusal(error.reason) from None


class ClosesOnce(Toy):
    async def close(self) -> None:
        assert not self.closed
        self.closed.append(True)


UNSOUND: list[tuple[type[Toy], str, tuple[str, ...]]] = [
    (Repeats, "test_an_effect_is_sent_at_most_once", ("reset-after",)),
    (BelievesAnything, "test_nonsense_is_neither_yes_nor_no", ("html-200",)),
    (BelievesAnything, "test_a_rate_limit_is_neither_yes_nor_no", ("rate-429",)),
    (SaysNo, "test_nonsense_is_neither_yes_nor_no", ("empty",)),
    (SaysNo, "test_what_nobody_heard_was_not_sent", ()),
    (SaysNo, "test_a_rate_limit_is_neither_yes_nor_no", ("rate-200",)),
    (FindsEverything, "test_an_effect_is_never_made_up", ("reset-before",)),
    (FindsNothing, "test_an_effect_is_never_reconciled_away", ("reset-after",)),
    (DoesNotLook, "test_a_lost_effect_is_seen_before_it_is_made_again", ()),
    (BelievesItGone, "test_a_lost_effect_is_seen_before_it_is_made_again", ()),
]
UNSOUND_ON_A_STAGE: list[tuple[type[Toy], str, tuple[str, ...]]] = [
    (ShowsItsKey, "test_a_failed_poll_is_an_error_and_teaches_nothing", ("empty",)),
    (ShowsItsKey, "test_polling_nobody_is_unreachable", ()),
    (ShowsItsKeyInAnswers, "test_reading_methods_answer_in_json_without_secrets", ()),
    (LearnsFromErrors, "test_a_failed_poll_is_an_error_and_teaches_nothing", ("html-503",)),
    (LearnsFromErrors, "test_a_wrong_key_is_an_error", ()),
    (RemembersErrors, "test_a_failed_poll_is_an_error_and_teaches_nothing", ("html-503",)),
    (CountsInFloats, "test_observations_keep_to_the_declaration", ()),
    (MakesUpFields, "test_observations_keep_to_the_declaration", ()),
    (MakesUpStates, "test_observations_keep_to_the_declaration", ()),
    (HasNumbersForIds, "test_observations_keep_to_the_declaration", ()),
    (KnowsNoTimeZone, "test_observations_keep_to_the_declaration", ()),
    (NeverTheSame, "test_an_unchanged_answer_says_nothing_new", ()),
    (SwallowsRetryAfter, "test_retry_after_is_passed_on", ()),
    (HasEffectsWhenReading, "test_observing_has_no_effect", ()),
    (CallsNonsenseARefusal, "test_reading_methods_never_make_a_refusal_of_nonsense", ("html-200",)),
]


def contract_of(adapter: type[Toy]) -> ToyContract:
    contract = ToyContract()
    contract.provider = provider(adapter)  # type: ignore[misc]
    return contract


async def broken(test: Callable[..., Awaitable[None]], *args: Any) -> bool:
    """Return whether the contract's test fails."""
    try:
        await test(*args)
    except (AssertionError, ProviderError):
        return True
    return False


@pytest.mark.parametrize(("adapter", "test", "args"), UNSOUND)
async def test_an_unsound_action_is_found(adapter: type[Toy], test: str, args: tuple[str, ...]) -> None:
    assert await broken(getattr(contract_of(adapter), test), *args)


async def test_an_adapter_may_leave_it_to_a_person_whether_a_lost_effect_took() -> None:
    await contract_of(CannotSay).test_a_lost_effect_is_seen_before_it_is_made_again()


@pytest.mark.parametrize("lost_reply", [LostReply.REPEATABLE, LostReply.NEITHER])
async def test_nobody_looks_for_what_may_be_repeated_or_what_only_a_person_can_tell(lost_reply: LostReply) -> None:
    contract = contract_of(DoesNotLook)
    actions = (replace(contract.provider.actions[0], lost_reply=lost_reply),)
    contract.provider = replace(contract.provider, actions=actions)  # type: ignore[misc]
    await contract.test_a_lost_effect_is_seen_before_it_is_made_again()


@pytest.mark.parametrize(("adapter", "test", "args"), UNSOUND_ON_A_STAGE)
async def test_an_unsound_adapter_is_found(adapter: type[Toy], test: str, args: tuple[str, ...]) -> None:
    contract = contract_of(adapter)
    async with contract.staged() as stage:
        assert await broken(getattr(contract, test), stage, *args)


def test_an_action_without_an_intent_is_found() -> None:
    class Forgetful(AdapterContract):
        provider = provider()

    with pytest.raises(AssertionError):
        Forgetful().test_every_action_has_an_intent()


async def test_a_required_parameter_without_a_value_is_asked_for() -> None:
    contract = ToyContract()
    methods = (Method("status", {"order": Param(required=True)}),)
    contract.provider = replace(provider(), methods=methods)  # type: ignore[misc]
    async with contract.staged() as stage:
        with pytest.raises(AssertionError, match="give `params` for status: order"):
            await contract.test_reading_methods_answer_in_json_without_secrets(stage)


def with_event(**changes: Any) -> Provider:
    """Declare a toy with an event of its own."""
    event = replace(EventType("thing.grew", "It grew.", lambda before, after: False), **changes)
    return replace(provider(), subjects=(replace_subject(events=(event,)),))


def filling(**changes: Any) -> Provider:
    """Declare a toy whose action is another one."""
    return replace(provider(), actions=(replace(provider().actions[0], **changes),))


def replace_subject(**changes: Any) -> SubjectType:
    return SubjectType("thing", "things", {}, **changes)


@pytest.mark.parametrize(
    ("unsound", "words"),
    [
        (replace(provider(), streams=(Stream("others", A_MINUTE, provider().streams[0].coverage),)), "stream 'things'"),
        (replace(provider(), actions=(ActionType("fill", "nothing", LostReply.NEITHER),)), "nothing"),
        (with_event(raised=lambda before, after: after["count"] > 0), "raises KeyError"),
        (with_event(raised=lambda before, after: True), "although nothing is known"),
        (with_event(still=lambda fields: fields["count"] > 0), "the `still` of event thing.grew raises KeyError"),
        (filling(cost=lambda facts: facts.params["a"]), "the cost of 'fill' raises KeyError"),
        (filling(cost=lambda facts: facts.subject.fields["count"]), "the cost of 'fill' raises AttributeError"),
        (filling(cost=lambda params, subject: None), "the cost of 'fill' raises TypeError"),
        (filling(cost=lambda facts: 1.5), "is a float, not a Decimal"),
        (
            filling(cost_stream="things", cost_needs=lambda params: [SubjectRef("thing", params["a"])]),
            "the cost_needs of 'fill' raises KeyError",
        ),
        (filling(evidence_shows=lambda evidence: evidence["count"]), "evidence_shows of 'fill' raises TypeError"),
        (filling(evidence_shows=lambda evidence: None), "the evidence_shows of 'fill' gives a NoneType"),
        (
            replace(provider(), methods=(Method("fill", intents=lambda params: [Wanted("flood")]),)),
            "asks for action 'flood'",
        ),
        (
            replace(provider(), methods=(Method("fill", intents=lambda params: [Wanted(params["a"])]),)),
            "raises KeyError without parameters",
        ),
    ],
)
def test_an_unsound_declaration_is_found(unsound: Provider, words: str) -> None:
    assert words in " ".join(problems_of(unsound))


def test_an_action_that_knows_its_cost_when_it_knows_enough_is_sound() -> None:
    def cost(facts: CostFacts) -> Decimal | None:
        return number(facts.evidence["count"]) if isinstance(facts.evidence, dict) else None

    sound = filling(cost=cost, cost_stream="things", cost_needs=lambda params: [THING], settled_by=("thing", "count"))
    assert problems_of(sound) == []


POST = {"url": schema.url(), "timeout": schema.duration(default="30s")}


class Post:
    """A sink that posts; sound."""

    def __init__(self, settings: SinkSettings, context: AdapterContext) -> None:
        self.url: str = settings.options["url"]
        self.timeout: timedelta = settings.options["timeout"]
        self.context = context

    async def deliver(self, delivery: Delivery) -> None:
        try:
            answer = await self.context.http.ask(Request(self.url, json=delivery.body, timeout=self.timeout))
        except ProviderError as error:
            raise DeliveryFailed(error.reason) from None
        if answer.status >= 300:
            raise DeliveryFailed(f"HTTP {answer.status}", retry_after=answer.retry_after())

    async def close(self) -> None:
        pass


class TestPost(HttpSinkContract):
    """A sound sink passes."""

    sink_type = SinkType("post", Post, POST, ("url",))


class TakesAnything(Post):
    async def deliver(self, delivery: Delivery) -> None:
        await self.context.http.ask(Request(self.url, json=delivery.body))


class ShowsItsUrl(Post):
    async def deliver(self, delivery: Delivery) -> None:
        try:
            await super().deliver(delivery)
        except DeliveryFailed as error:
            raise DeliveryFailed(f"{self.url}: {error.reason}") from None


class LosesThePatience(Post):
    async def deliver(self, delivery: Delivery) -> None:
        try:
            await super().deliver(delivery)
        except DeliveryFailed as error:
            raise DeliveryFailed(error.reason) from None


class PostsTwice(Post):
    async def deliver(self, delivery: Delivery) -> None:
        await super().deliver(delivery)
        await super().deliver(delivery)


@pytest.mark.parametrize(
    ("sink", "test", "args"),
    [
        (TakesAnything, "test_a_bad_receiver_has_not_taken_it", ("html-503",)),
        (ShowsItsUrl, "test_a_bad_receiver_has_not_taken_it", ("html-503",)),
        (ShowsItsUrl, "test_nobody_has_not_taken_it", ()),
        (LosesThePatience, "test_retry_after_is_passed_on", ()),
        (PostsTwice, "test_a_delivery_is_one_request", ()),
    ],
)
async def test_an_unsound_sink_is_found(sink: type[Post], test: str, args: tuple[str, ...]) -> None:
    contract = HttpSinkContract()
    contract.sink_type = SinkType("post", sink, POST, ("url",))  # type: ignore[misc]
    async with sink_stage(contract.sink_type, VirtualClock()) as stage:
        assert await broken(getattr(contract, test), stage, *args)
