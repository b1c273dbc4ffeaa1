"""What a plugin gives back has lost the account's secrets on its way to the core; what is compared later is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bursar.api import (
    AccountSettings,
    ActionType,
    AdapterContext,
    BadAnswer,
    Coverage,
    DeliveryFailed,
    Field,
    FieldKind,
    Happened,
    Intent,
    Later,
    Lost,
    LostReply,
    NeverSent,
    NotSent,
    Observation,
    Observed,
    PollRequest,
    Provider,
    ProviderError,
    Refusal,
    Refused,
    Secret,
    SinkSettings,
    SinkType,
    Stream,
    SubjectRef,
    SubjectType,
    Succeeded,
    cut,
    hint,
)
from bursar.host.isolation import GuardedAdapter, GuardedSink, open_adapter, open_sink
from bursar.host.secret_filter import MIN_IN_DATA
from bursar.logs import Redactor, tokens_of
from bursar.testing.fakes import FakeAdapter, FakeSink, Loan, make_delivery, make_intent

KEY, OPTION, WALLET, CODE, SHORT = "k3y/9f8e7d6c5b", "0ption-4a3b2c1d", "TXwallet0a1b2c3d", "KXXQ-L34E-FFMW", "ab12"
TOKEN = "t0ken5e6f7a8b9c0d"
SETTINGS = AccountSettings(
    "main",
    f"https://post.example/api?token={TOKEN}",
    Secret(KEY),
    options={"second": Secret(OPTION), "pin": Secret(SHORT)},
)
PAYOUT = make_intent("send", SubjectRef("parcel", "1"), {"to": WALLET}, sealed={"to": "digest"})
ALL = f"{KEY} {OPTION} {TOKEN} {SHORT}"
CLEAN = "*** *** *** ***"
KIND = SubjectType("parcel", "parcels", {"name": Field(FieldKind.TEXT), "asked": Field(FieldKind.TEXT, own=True)})


class ManyAdapter(FakeAdapter):
    """One that does many at once."""

    async def perform_many(self, intents: Sequence[Intent]) -> Mapping[int, Any]:
        return {intent.id: Refused(f"not to {intent.params['to']}") for intent in intents}


def guarded(adapter: FakeAdapter, redactor: Redactor | None = None) -> GuardedAdapter:
    provider = Provider(
        "post",
        (Stream("parcels", timedelta(seconds=60), Coverage.LISTING),),
        (KIND,),
        open=lambda settings, context: adapter,
        actions=(ActionType("send", "parcel", LostReply.NEITHER),),
    )
    return open_adapter(provider, SETTINGS, Loan().context, redactor=redactor)


async def observed(*subjects: Observed, **more: Any) -> Observation:
    adapter = FakeAdapter()
    adapter.will_see(Observation("parcels", subjects, **more))
    return await guarded(adapter).observe(PollRequest("parcels"))


def parcel(id_: str, name: str) -> Observed:
    return Observed(SubjectRef("parcel", id_), {"name": name})


async def failed(error: Exception) -> ProviderError:
    adapter = FakeAdapter()
    adapter.will_see(error, stream="parcels")
    with pytest.raises(ProviderError) as caught:
        await guarded(adapter).observe(PollRequest("parcels"))
    return caught.value


async def test_a_reason_holds_no_secret_of_the_account() -> None:
    error = await failed(BadAnswer(f"it says {ALL}"))
    assert (error.reason, str(error)) == (f"it says {CLEAN}", f"it says {CLEAN}")


async def test_a_reason_holds_nothing_that_looks_like_a_key() -> None:
    assert (await failed(BadAnswer("GET /api?api_key=unknown1&x=1"))).reason == "GET /api?api_key=***&x=1"


async def test_a_reason_has_an_end() -> None:
    assert len((await failed(BadAnswer("x" * 5000))).reason) == 500


async def test_a_reason_that_the_plugin_cut_ends_before_the_secret() -> None:
    assert (await failed(BadAnswer("x" * 150 + KEY[:9]))).reason == "x" * 150 + "***"


@pytest.mark.parametrize("shown", range(MIN_IN_DATA, len(KEY)))
async def test_what_is_cut_within_a_secret_shows_none_of_it(shown: int) -> None:
    short, long = cut(f"a {KEY} b", 2 + shown + 1), cut(f"{'x' * 150}{KEY} b", 150 + shown + 1)
    seen = await observed(parcel("1", short), parcel("2", long), problems={"3": f"its shelf is {short}, they say"})
    assert [one.fields["name"] for one in seen.subjects] == ["a ***…", "x" * 150 + "***…"]
    assert seen.problems == {"3": "its shelf is a ***…, they say"}


async def test_a_field_that_was_cut_without_a_mark_ends_before_the_secret() -> None:
    [one] = (await observed(parcel("1", "x" * 150 + KEY[:9]))).subjects
    assert one.fields == {"name": "x" * 150 + "***"}


async def test_a_secret_of_any_length_is_hidden_where_it_was_cut() -> None:
    redactor, secret = Redactor(), "".join(f"{number:x}" for number in range(5000))
    redactor.add_secret(secret)
    adapter = FakeAdapter()
    adapter.will_see(Observation("parcels", (parcel("1", cut(secret, 2000)),)))
    [one] = (await guarded(adapter, redactor).observe(PollRequest("parcels"))).subjects
    assert one.fields == {"name": "***…"}


async def test_a_hint_stays() -> None:
    assert (await observed(parcel("1", hint(KEY)))).subjects[0].fields == {"name": hint(KEY)}


async def test_an_effect_that_was_cut_within_a_secret_shows_none_of_it() -> None:
    said = cut(f"made {KEY}", 16)
    adapter = FakeAdapter()
    adapter.outcomes.extend([Succeeded(reference=said, facts={"asked": said}), Refused(said)])
    one = guarded(adapter)
    outcomes = [await one.perform(PAYOUT), await one.perform(PAYOUT)]
    assert outcomes == [Succeeded(reference="made ***…", facts={"asked": "made ***…"}), Refused("made ***…")]


async def test_what_a_plugin_gives_that_is_of_no_declared_kind_shows_none() -> None:
    adapter = FakeAdapter()
    adapter.will_see(Observation("parcels", (Observed(SubjectRef("parcel", "1"), {}, state=KEY),)))
    with pytest.raises(ProviderError) as caught:
        await guarded(adapter).observe(PollRequest("parcels"))
    assert "undeclared state '***'" in caught.value.reason


async def test_the_answer_of_a_refusal_holds_none() -> None:
    error = await failed(Refusal("no", answer={"said": [KEY, {OPTION: 1}], "n": 1}))
    assert isinstance(error, Refusal)
    assert error.answer == {"said": ["***", {"***": 1}], "n": 1}


async def test_what_was_observed_holds_none() -> None:
    seen = await observed(parcel("1", f"to {KEY}"), problems={"2": f"no {OPTION}"})
    assert (seen.subjects[0].fields, seen.problems) == ({"name": "to ***"}, {"2": "no ***"})


async def test_data_keeps_what_is_too_short_to_be_told_from_a_word() -> None:
    assert (await observed(parcel("1", f"shelf {SHORT}"))).subjects[0].fields == {"name": f"shelf {SHORT}"}


async def test_data_keeps_what_only_looks_like_a_key() -> None:
    link = "https://social.example/p?key=17&token=abc"
    assert (await observed(parcel("1", link))).subjects[0].fields == {"name": link}


@pytest.mark.parametrize(
    "seen",
    [
        {"subjects": (parcel(KEY, "x"),)},
        {"problems": {KEY: "x"}},
        {"cursor": {"at": [KEY]}},
        {"cursor": {KEY: 1}},
    ],
)
async def test_an_id_or_a_cursor_with_a_secret_is_a_bad_answer(seen: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="a secret of this account in an id's place"):
        await observed(*seen.pop("subjects", ()), **seen)


@pytest.mark.parametrize(
    ("outcome", "clean"),
    [
        (Refused(f"not to {WALLET}", never=True), Refused("not to ***", never=True)),
        (Later(f"not to {WALLET}", timedelta(1)), Later("not to ***", timedelta(1))),
        (Lost(f"not to {WALLET}"), Lost("not to ***")),
        (NotSent(f"not to {WALLET}"), NotSent("not to ***")),
        (NeverSent(f"not to {WALLET}"), NotSent("not to ***")),
        (BadAnswer(f"not to {WALLET}"), Lost("not to ***")),
        (Succeeded(WALLET, {"asked": WALLET}), Succeeded("***", {"asked": "***"})),
        (Succeeded("7", tracked=(parcel("8", WALLET),)), Succeeded("7", tracked=(parcel("8", "***"),))),
        (Succeeded("7", tracked=(parcel(WALLET, "x"),)), Succeeded("7")),
    ],
)
async def test_an_outcome_shows_no_wallet(outcome: Any, clean: Any) -> None:
    adapter = FakeAdapter()
    adapter.outcomes.append(outcome)
    assert await guarded(adapter).perform(PAYOUT) == clean


async def test_outcomes_of_many_show_none() -> None:
    assert await guarded(ManyAdapter()).perform_many([PAYOUT]) == {1: Refused("not to ***")}


async def test_a_finding_shows_none() -> None:
    adapter = FakeAdapter()
    adapter.findings.append(Happened(Succeeded(f"7 {WALLET}"), f"to {WALLET}"))
    assert await guarded(adapter).reconcile(PAYOUT, None) == Happened(Succeeded("7 ***"), "to ***")


async def test_a_look_that_fails_shows_none() -> None:
    adapter = FakeAdapter()
    adapter.findings.append(BadAnswer(f"to {WALLET}"))
    with pytest.raises(BadAnswer, match=r"^to \*\*\*$"):
        await guarded(adapter).reconcile(PAYOUT, None)


async def test_evidence_with_a_wallet_in_it_is_refused_so_that_nothing_is_sent() -> None:
    adapter = FakeAdapter()
    adapter.evidence.append({"known": [WALLET]})
    with pytest.raises(BadAnswer):
        await guarded(adapter).prepare(PAYOUT)


async def test_a_called_methods_answer_holds_none() -> None:
    adapter = FakeAdapter()
    adapter.answers.append({"said": KEY, "n": 1.5, KEY: None})
    assert await guarded(adapter).call("get", {}) == {"said": "***", "n": 1.5, "***": None}


async def test_senseless_parameters_are_told_without_secrets() -> None:
    adapter = FakeAdapter()
    adapter.answers.append(ValueError(f"what is {KEY}?"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^what is \*\*\*\?$"):
        await guarded(adapter).call("get", {})


async def test_a_decoders_error_is_the_plugins_and_shows_nothing() -> None:
    adapter = FakeAdapter()
    adapter.answers.append(UnicodeDecodeError("utf-8", WALLET.encode(), 0, 1, "no"))  # type: ignore[arg-type]
    with pytest.raises(ProviderError, match="the plugin failed in call: UnicodeDecodeError"):
        await guarded(adapter).call("get", {})


async def test_what_the_adapter_conceals_is_hidden_from_then_on() -> None:
    lent: list[AdapterContext] = []
    adapter = FakeAdapter()
    adapter.will_see(BadAnswer(f"coupon {CODE}"), stream="parcels")

    def opens(_settings: AccountSettings, context: AdapterContext) -> FakeAdapter:
        lent.append(context)
        return adapter

    provider = Provider("post", (Stream("parcels", timedelta(1), Coverage.LISTING),), (KIND,), open=opens)
    loan = Loan()
    guard = open_adapter(provider, SETTINGS, loan.context)
    lent[0].add_secret(CODE)
    with pytest.raises(BadAnswer, match=r"^coupon \*\*\*$"):
        await guard.observe(PollRequest("parcels"))
    assert loan.concealed == [CODE]


async def test_the_redactor_of_all_knows_more_and_learns() -> None:
    redactor = Redactor([WALLET])
    adapter = FakeAdapter()
    adapter.will_see(Observation("parcels", (parcel("1", WALLET),)))
    seen = await guarded(adapter, redactor).observe(PollRequest("parcels"))
    assert (seen.subjects[0].fields, redactor.redact(KEY)) == ({"name": "***"}, "***")


def sink(deliver: Exception, url: str = "https://hooks.example") -> GuardedSink:
    fake = FakeSink()
    fake.failures.append(deliver)
    settings = SinkSettings("ops", {"url": url, "secret": Secret(KEY), "headers": {"Authorization": OPTION}})
    return open_sink(SinkType("pigeon", open=lambda settings, context: fake), settings, Loan().context)


@pytest.mark.parametrize("kind", [DeliveryFailed, BadAnswer])
async def test_a_sinks_error_holds_none(kind: Callable[[str], Exception]) -> None:
    guard = sink(kind(f"no {KEY} {OPTION} at /hook/{TOKEN}"), f"https://hooks.example/hook/{TOKEN}")
    with pytest.raises(DeliveryFailed) as caught:
        await guard.deliver(make_delivery())
    assert caught.value.reason == "no *** *** at /hook/***"


@pytest.mark.parametrize("opened", [ProviderError, DeliveryFailed])
def test_a_sink_that_cannot_be_opened_says_so_without_secrets(opened: Callable[[str], Exception]) -> None:
    def opens(*_: object) -> FakeSink:
        raise opened(f"bad {KEY}")

    with pytest.raises(ProviderError, match=r"^bad \*\*\*$"):
        open_sink(SinkType("pigeon", open=opens), SinkSettings("ops", {"secret": Secret(KEY)}), Loan().context)


@pytest.mark.parametrize(
    ("address", "tokens"),
    [
        ("https://hc.example/ping/3f0d0c1e-7a52-4f5e-b0a1-0c9d8e7f6a5b", ["3f0d0c1e-7a52-4f5e-b0a1-0c9d8e7f6a5b"]),
        ("https://h.example/hook?token=abcdefgh&v=2", ["abcdefgh"]),
        ("https://panel.example/api/v2", []),
        ("https://site.example/a-rather-long-word-of-a-path/api.html", []),
        ("http://[::1", []),
        ("journal.db", []),
    ],
)
def test_an_address_may_carry_tokens(address: str, tokens: list[str]) -> None:
    assert list(tokens_of(address)) == tokens
