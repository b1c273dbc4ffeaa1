"""Between the core and a plugin: nothing is believed, nothing unexpected gets through, everything has an end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import (
    AccountSettings,
    Adapter,
    CannotTell,
    Delivery,
    DeliveryFailed,
    DidNot,
    Happened,
    Later,
    Lost,
    NeverSent,
    NotSent,
    Observation,
    PollRequest,
    ProviderError,
    Refusal,
    Refused,
    Secret,
    Sink,
    SinkSettings,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.domain.observation import Observed
from bursar.host.isolation import GuardedAdapter, GuardedSink, open_adapter, open_sink
from bursar.testing.fakes import Loan
from support.host import AT, LOOK, FakeAdapter, ManyAdapter, intent, parcel, provider, seen, sink

SECRET = "sk-0123456789"
MINUTE = timedelta(minutes=1)
ACCOUNT = AccountSettings("main", "https://post.example", Secret(SECRET))
SINK = SinkSettings("ops")
DELIVERY: Any = Delivery("dl_1", "ops", "ev_1", {}, AT)  # type: ignore[arg-type]


MOVED = "a moved that is no finite Decimal of at least 0"
NO_AMOUNTS: Any = (1.5, 2, "2", True, Decimal("NaN"), Decimal("Infinity"), Decimal("-0.01"))


def guarded(answer: Any, kind: type[FakeAdapter] = FakeAdapter, **limits: timedelta) -> GuardedAdapter:
    return GuardedAdapter(kind(answer), provider(), limits.get("timeout", MINUTE), grace=limits.get("grace", MINUTE))


async def failure(answer: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await guarded(answer).observe(LOOK)
    return caught.value


async def test_a_good_observation_passes_as_it_is() -> None:
    observation = seen(
        parcel("1", fields={"weight": Decimal(1), "name": "x", "due": AT, "left": MINUTE, "safe": True}),
        parcel(
            "2",
            state=None,
            created_at=None,
        ),
        unchanged=("3",),
        problems={"4": "gone"},
        cursor={"at": [1, "x", None]},
    )
    assert await guarded(observation).observe(LOOK) is observation


async def test_an_unexpected_error_names_its_type_and_place_and_no_text() -> None:
    error = await failure(ValueError(SECRET))
    assert error.kind == "plugin"
    assert error.reason.startswith("the plugin failed in observe: ValueError at host.py:")
    assert error.__cause__ is None
    assert SECRET not in repr(error)


async def test_a_declared_error_passes_as_it_is() -> None:
    error = Refusal("no", answer={"error": "no"})
    assert await failure(error) is error


@pytest.mark.parametrize("error", [SystemExit(1), ExceptionGroup("x", [ValueError(SECRET)]), RecursionError()])
async def test_whatever_is_raised_is_the_plugins_failure(error: BaseException) -> None:
    assert (await failure(error)).kind == "plugin"


async def test_a_plugin_that_cancels_itself_has_failed() -> None:
    assert "CancelledError" in (await failure(asyncio.CancelledError())).reason


async def test_being_canceled_passes_through() -> None:
    entered = asyncio.Event()

    async def wait() -> None:
        entered.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        polling = group.create_task(guarded(wait).observe(LOOK))
        await entered.wait()
        polling.cancel()
    assert polling.cancelled()


async def test_a_call_without_end_has_one() -> None:
    forever = guarded(asyncio.Event().wait, timeout=timedelta(0), grace=timedelta(0))
    with pytest.raises(ProviderError, match="the plugin's observe did not end within 0 s"):
        await forever.observe(LOOK)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, "a NoneType in place of an Observation"),
        ({"1": "new"}, "a dict in place of an Observation"),
        (seen(stream="places"), "an observation of another stream than 'parcels'"),
        (seen(subjects=iter(())), "subjects that are no tuple"),
        (seen(subjects=("1",)), "a str in place of an Observed"),
        (seen(parcel(ref=SubjectRef("order", "1"))), "a subject of the undeclared type 'order'"),
        (seen(Observed(SubjectRef("place", "1"), {})), "a place in the stream 'parcels'; it is declared for 'places'"),
        (seen(parcel("9")), "a parcel that was not asked for"),
        (seen(parcel("")), "a subject whose id is no printable text"),
        (seen(parcel(ref=SubjectRef("parcel", 1))), "a subject whose id is no printable text"),  # type: ignore[arg-type]
        (seen(parcel("1\n")), "a subject whose id is no printable text"),
        (seen(parcel(fields={"wieght": None})), "the field 'wieght', which parcel does not declare"),
        (seen(parcel(fields={"asked": True})), "the field 'asked', which parcel declares as bursar's own"),
        (seen(parcel(fields={"weight": 1.5})), "parcel.weight as a float; it is declared as a finite Decimal"),
        (seen(parcel(fields={"weight": 1})), "parcel.weight as an int; it is declared as a finite Decimal"),
        (seen(parcel(fields={"weight": Decimal("NaN")})), "it is declared as a finite Decimal"),
        (seen(parcel(fields={"name": 5})), "parcel.name as an int; it is declared as text"),
        (seen(parcel(fields={"due": datetime(2026, 1, 1)})), "it is declared as an aware datetime"),  # noqa: DTZ001
        (seen(parcel(fields={"left": 5})), "it is declared as a timedelta"),
        (seen(parcel(fields={"safe": 1})), "it is declared as a bool"),
        (seen(parcel(state="flying")), "a parcel in the undeclared state 'flying'"),
        (seen(parcel(created_at=datetime(2026, 1, 1))), "created_at is no aware datetime"),  # noqa: DTZ001
        (seen(unchanged="123"), "unchanged that is no collection of ids"),
        (seen(unchanged=(1,)), "unchanged that is no collection of ids"),
        (seen(problems={"1": None}), "problems that are no texts by id"),
        (seen(cursor={1: 2}), "something that is not JSON"),
        (seen(cursor=object()), "something that is not JSON"),
    ],
)
async def test_an_observation_of_undeclared_kinds_is_an_error_that_says_so(answer: Any, expected: str) -> None:
    error = await failure(answer)
    assert (error.kind, expected in error.reason) == ("plugin", True), error.reason


async def test_more_subjects_than_anyone_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.host.answers.MAX_SUBJECTS", 1)
    assert "more than 1 subjects at once" in (await failure(seen(parcel("1"), parcel("2")))).reason


@pytest.mark.parametrize(
    "outcome",
    [
        Succeeded("77", {"asked": True}, Decimal("1.5"), (parcel("9"),)),
        Succeeded(moved=Decimal(0)),
        Refused("no", never=True),
        Later("wait", MINUTE),
        NotSent("no connection"),
        Lost("HTML"),
    ],
)
async def test_an_outcome_passes_as_it_is(outcome: Any) -> None:
    assert await guarded(outcome).perform(intent()) is outcome


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NeverSent("no connection", retry_after=MINUTE), NotSent("no connection", MINUTE)),
        (Unreachable("no answer within 30 s"), Lost("no answer within 30 s")),
        (None, Lost("the plugin's perform gave a NoneType in place of an outcome")),
        (True, Lost("the plugin's perform gave a bool in place of an outcome")),
        (Succeeded(reference=77), Lost("the plugin's perform gave a reference that is not text")),  # type: ignore[arg-type]
        (
            Succeeded(facts={"weight": Decimal(1)}),
            Lost("the plugin's perform gave the field 'weight', which parcel does not declare as bursar's own"),
        ),
        (Succeeded(tracked=("9",)), Lost("the plugin's perform gave a str in place of an Observed")),  # type: ignore[arg-type]
        *((Succeeded(moved=moved), Lost(f"the plugin's perform gave {MOVED}")) for moved in NO_AMOUNTS),
        (Later("wait", 5), Lost("the plugin's perform gave a retry_after that is no timedelta")),  # type: ignore[arg-type]
    ],
)
async def test_what_goes_wrong_while_sending_is_lost_unless_nothing_was_sent(answer: Any, expected: Any) -> None:
    assert await guarded(answer).perform(intent()) == expected


async def test_an_unexpected_error_while_sending_is_lost() -> None:
    outcome = await guarded(KeyError(SECRET)).perform(intent())
    assert isinstance(outcome, Lost)
    assert outcome.reason.startswith("the plugin failed in perform: KeyError at ")


async def test_sending_without_end_is_lost() -> None:
    forever = guarded(asyncio.Event().wait, timeout=timedelta(0), grace=timedelta(0))
    assert await forever.perform(intent()) == Lost("the plugin's perform did not end within 0 s")


async def test_being_canceled_while_sending_passes_through() -> None:
    entered = asyncio.Event()

    async def wait() -> None:
        entered.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(guarded(wait).perform(intent()))
        await entered.wait()
        sending.cancel()
    assert sending.cancelled()


async def test_each_of_many_has_its_outcome() -> None:
    answer = {1: Succeeded(), 2: "yes"}
    outcomes = await guarded(answer, ManyAdapter).perform_many([intent(1), intent(2), intent(3)])
    assert outcomes == {
        1: Succeeded(),
        2: Lost("the plugin's perform_many gave a str in place of an outcome"),
        3: Lost("the provider's answer says nothing about this one"),
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(NeverSent("x"), NotSent), (Unreachable("x"), Lost), (ValueError(), Lost), ([], Lost)],
)
async def test_what_goes_wrong_for_many_goes_wrong_for_each(answer: Any, kind: type) -> None:
    outcomes = await guarded(answer, ManyAdapter).perform_many([intent(1), intent(2)])
    assert [type(outcome) for outcome in outcomes.values()] == [kind, kind]


async def test_an_adapter_that_does_one_at_a_time_does_many_one_by_one() -> None:
    adapter = FakeAdapter(Succeeded())
    await GuardedAdapter(adapter, provider(), MINUTE).perform_many([intent(1), intent(2)])
    assert adapter.calls == ["perform 1", "perform 2"]


@pytest.mark.parametrize("finding", [Happened(Succeeded("7")), DidNot("not there"), CannotTell()])
async def test_a_finding_passes_as_it_is(finding: Any) -> None:
    assert await guarded(finding).reconcile(intent(), None) is finding


async def test_a_suspect_is_text() -> None:
    with pytest.raises(ProviderError, match="a suspect that is not text"):
        await guarded(CannotTell("unclear", suspect=7)).reconcile(intent(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("moved", NO_AMOUNTS)
async def test_what_a_found_one_has_moved_is_an_amount(moved: Any) -> None:
    with pytest.raises(ProviderError, match=MOVED):
        await guarded(Happened(Succeeded(moved=moved))).reconcile(intent(), None)


@pytest.mark.parametrize(
    "finding", [Happened(Succeeded("7", moved=Decimal(5))), DidNot("not there"), CannotTell("unclear")]
)
async def test_a_look_before_a_lost_one_is_sent_again_may_find_it(finding: Any) -> None:
    assert await guarded(finding).prepare(intent(lost=True)) is finding


@pytest.mark.parametrize("finding", [Happened(Succeeded("7")), DidNot("not there"), CannotTell("unclear")])
async def test_of_what_was_not_lost_nothing_can_be_found(finding: Any) -> None:
    with pytest.raises(ProviderError, match="prepare gave a finding, though no attempt was lost") as caught:
        await guarded(finding).prepare(intent())
    assert caught.value.kind == "plugin"


@pytest.mark.parametrize(
    "finding",
    [Happened("7"), Happened(Succeeded(moved=5)), Happened(Succeeded(reference=7)), DidNot(5)],  # type: ignore[arg-type]
)
async def test_a_finding_before_sending_is_held_to_the_declaration(finding: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        await guarded(finding).prepare(intent(lost=True))
    assert caught.value.kind == "plugin"


async def test_evidence_for_a_lost_one_is_evidence() -> None:
    assert await guarded({"balance": "5"}).prepare(intent(lost=True)) == {"balance": "5"}


@pytest.mark.parametrize("answer", [None, False, Succeeded(), Happened("7"), ValueError()])  # type: ignore[arg-type]
async def test_a_look_that_makes_no_sense_finds_nothing(answer: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        await guarded(answer).reconcile(intent(), None)
    assert caught.value.kind == "plugin"


@pytest.mark.parametrize("what", ["prepare", "call"])
async def test_evidence_and_answers_are_json(what: str) -> None:
    arguments: tuple[Any, ...] = (intent(),) if what == "prepare" else ("balance", {})
    assert await getattr(guarded({"a": Decimal(1)}), what)(*arguments) == {"a": Decimal(1)}
    with pytest.raises(ProviderError, match="something that is not JSON"):
        await getattr(guarded({"a": AT}), what)(*arguments)


async def test_closing_never_fails() -> None:
    adapter = FakeAdapter(ValueError(SECRET))
    await GuardedAdapter(adapter, provider(), MINUTE).close()
    await GuardedSink(adapter).close()  # type: ignore[arg-type]
    assert adapter.calls == ["close", "close"]


@pytest.mark.parametrize("answer", [ValueError(SECRET), Unreachable("no"), asyncio.CancelledError()])
async def test_a_sink_that_fails_has_not_delivered(answer: Any) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await GuardedSink(FakeAdapter(answer)).deliver(DELIVERY)  # type: ignore[arg-type]
    assert SECRET not in repr(caught.value)


async def test_a_sinks_own_error_passes_as_it_is() -> None:
    error = DeliveryFailed("410 Gone", permanent=True)
    with pytest.raises(DeliveryFailed) as caught:
        await GuardedSink(FakeAdapter(error)).deliver(DELIVERY)  # type: ignore[arg-type]
    assert caught.value is error


def raising(*_: object) -> Any:
    raise ValueError(SECRET)


def exiting(*_: object) -> Any:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("opens", "expected"),
    [
        (raising, "the plugin failed in open: ValueError at "),
        (exiting, "the plugin failed in open: SystemExit at "),
        (lambda settings, context: object(), "the plugin opened something without observe, prepare, perform"),
    ],
)
def test_an_adapter_that_cannot_be_opened_is_the_plugins_failure(opens: Any, expected: str) -> None:
    with pytest.raises(ProviderError) as caught:
        open_adapter(replace(provider(), open=opens), ACCOUNT, Loan().context)
    assert caught.value.reason.startswith(expected)


class Forgetful(Adapter):
    """An adapter that inherits from the protocol, and forgets what moves money."""

    async def observe(self, request: PollRequest) -> Observation:
        return seen()


class Mute(Sink):
    """A sink that inherits from the protocol, and delivers nothing."""

    async def close(self) -> None: ...


def test_an_adapter_that_only_inherits_a_method_is_refused() -> None:
    with pytest.raises(ProviderError, match="without prepare, perform, reconcile, call, close"):
        open_adapter(replace(provider(), open=lambda settings, context: Forgetful()), ACCOUNT, Loan().context)  # type: ignore[abstract]


def test_a_sink_that_only_inherits_its_delivery_is_refused() -> None:
    with pytest.raises(ProviderError, match="without deliver"):
        open_sink(sink(open=lambda settings, context: Mute()), SINK, Loan().context)  # type: ignore[abstract]


def test_a_sink_that_cannot_be_opened_is_the_plugins_failure() -> None:
    with pytest.raises(ProviderError, match="without deliver, close"):
        open_sink(sink(open=lambda settings, context: object()), SINK, Loan().context)


def test_a_sink_may_say_what_is_wrong_with_its_settings() -> None:
    def opens(*_: object) -> Any:
        raise DeliveryFailed("the secret is no base64")

    with pytest.raises(ProviderError, match="the secret is no base64"):
        open_sink(sink(open=opens), SINK, Loan().context)
