"""What must hold of whatever an adapter makes of whatever body: each property one function that asserts.

They look at what came through `GuardedAdapter`, as the core does, and at the body through `oracle`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from bursar.api import (
    Happened,
    Intent,
    Later,
    Lost,
    NotSent,
    Observation,
    Observed,
    Outcome,
    Provider,
    ProviderError,
    Refused,
    Snapshot,
    SubjectRef,
    SubjectType,
    Succeeded,
    hint,
)
from bursar.domain.detect import detect
from bursar.domain.ids import AccountName
from support.fuzz.case import Case
from support.fuzz.oracle import (
    ORDER_WORDS,
    REFILL_WORDS,
    Said,
    panel_added,
    panel_agreed,
    panel_refused,
    site_error,
    site_payouts,
)
from support.fuzz.tree import KEY, WALLET

ACCOUNT = AccountName("account")
AT = datetime(2026, 11, 21, tzinfo=timezone.utc)
MAX_TEXT = 2000
NOT_SAID = {"balance.currency", "refill.order", "refill.panel_id"}
"""What may come from the account or the intent, not from the body."""
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
Baseline = Mapping[SubjectRef, Snapshot]


def only_a_providers_error(error: ProviderError) -> None:
    """Nothing is raised but errors of the tree, and none that is the plugin's own failure."""
    assert error.kind != "plugin", f"the plugin failed: {error.reason}"
    assert error.reason.strip(), "an error without a sentence"
    assert len(error.reason) < 600, "an endless error"
    assert error.retry_after is None or timedelta(0) <= error.retry_after < timedelta(days=10**7)


def no_secret(*shown: Any) -> None:
    """Nothing that leaves shows the key."""
    text = repr([[vars(one), str(one)] if isinstance(one, Exception) else one for one in shown])
    assert KEY not in text, "the key is shown"


def no_wallet(*shown: Any) -> None:
    """Nothing that is said about an intent shows its wallet."""
    text = repr([[vars(one), str(one)] if isinstance(one, Exception) else one for one in shown])
    assert WALLET not in text, "the wallet is shown"


def sound_values(seen: Observation) -> None:
    """Money is finite, ids are there, texts have an end; the host has checked kinds and declarations."""
    for one in seen.subjects:
        assert one.ref.id.strip(), f"a {one.ref.type} without an id"
        for name, value in one.fields.items():
            assert not isinstance(value, Decimal) or _is_amount(value), f"{name} is {value}"
            assert not isinstance(value, str) or len(value) <= MAX_TEXT, f"{name} has {len(value)} characters"
    assert all(len(text) < 600 for text in seen.problems.values()), "an endless problem"


def not_out_of_nothing(case: Case, seen: Observation, said: Said) -> None:
    """What is no JSON of the provider's is an error, not an observation; nor is an empty one made of foreign JSON."""
    if seen.nothing_new:
        assert case.remembers, "nothing new, and nothing was known"
        return
    assert set(seen.unchanged) <= set(case.look.ids if case.look else ()), "unchanged, and not asked for"
    assert said.document is not Said.NOTHING, "an observation of what is no JSON"
    if not seen.subjects and not seen.unchanged and not seen.problems:
        assert _may_be_empty(case, said.document), "an empty observation of a foreign structure"
    listing = case.stream in ("services", "info", "coupons")
    if listing and seen.complete and not any(one.ref.type != "balance" for one in seen.subjects):
        assert said.document not in ({}, {"error": 0}), "a complete listing of nothing, from an answer without a list"


def events_are_literal(case: Case, provider: Provider, seen: Observation, said: Said, before: Baseline) -> None:
    """Whatever `detect` tells of the observation, after a sound poll, stands literally in what is said of the subject."""
    kinds = {kind.name: kind for kind in provider.subjects}
    asked_as = {id_: (name,) for id_, name in zip(case.look.ids, case.asked, strict=True)} if case.look else {}
    for one in seen.subjects:
        kind, known = kinds[one.ref.type], before.get(one.ref)
        sight = detect(kind, ACCOUNT, known, one, AT, news=True)
        mine = (
            said
            if one.ref.type == "balance" or len(asked_as) == 1
            else said.about(one.ref.id, *asked_as.get(one.ref.id, ()))
        )
        for event in sight.events:
            changed = event.before if known is not None else dict(_told(kind, sight.snapshot))
            for name in changed:
                value = sight.snapshot.state if name == "state" else sight.snapshot.fields[name]
                assert _literal(one, name, value, mine), f"{event.type}: {name} became {value!r}"
            if known is None and one.ref.type not in ("balance", "refill"):
                assert one.ref.id in said.texts, f"{event.type}: the id {one.ref.id!r} is not in the body"
                assert changed or one.ref.id in said.ids, f"{event.type}: nothing is said of it, not even its id"


def outcome_is_the_providers(intent: Intent, outcome: Outcome, said: Said, provider: str) -> None:
    """A yes, a no, a later: each only where the body says so. Nothing is said of what never left."""
    document = said.document
    yes, no = _verdicts(provider, intent, document) if document is not Said.NOTHING else (False, False)
    assert not isinstance(outcome, NotSent), "it was sent"
    if isinstance(outcome, Succeeded):
        assert yes, "a success that the body does not say"
        _is_said(outcome.reference, said)
    if isinstance(outcome, Refused):
        assert no, "a refusal that the body does not say"
    if isinstance(outcome, Later):
        assert no, "a delay that the body does not say"
        assert outcome.retry_after is None or outcome.retry_after >= timedelta(0)
    if isinstance(outcome, Lost):
        assert not outcome.reason.startswith("the plugin"), outcome.reason
    else:
        assert not getattr(outcome, "reason", "x").startswith("the plugin")


def finding_is_the_sites(finding: Any, said: Said) -> None:
    """What is found to have happened names a payout that is in the body."""
    if isinstance(finding, Happened):
        _is_said(finding.success.reference, said)


def baseline(provider: Provider, polls: list[Observation]) -> dict[SubjectRef, Snapshot]:
    """Return what sound polls leave behind."""
    kinds = {kind.name: kind for kind in provider.subjects}
    known: dict[SubjectRef, Snapshot] = {}
    for seen in polls:
        for one in seen.subjects:
            at = AT - timedelta(days=1)
            known[one.ref] = detect(kinds[one.ref.type], ACCOUNT, known.get(one.ref), one, at, news=True).snapshot
    return known


def _is_said(reference: str | None, said: Said) -> None:
    assert reference is None or "***" in reference or reference in said.texts, "an id that the body does not say"


def _is_amount(value: Decimal) -> bool:
    """Return whether a number is finite, and can be written out without filling the disk."""
    return value.is_finite() and abs(value.adjusted()) < 100


def _verdicts(provider: str, intent: Intent, document: Any) -> tuple[bool, bool]:
    """Return whether a body holds a yes to the intent, and whether it holds a no."""
    if provider == "premium_exchanger":
        error, named = site_error(document), site_payouts(document)
        return error == 0 and bool(named), error not in (0, None) and not named
    yes = panel_added(document) if intent.action == "add" else panel_agreed(document, intent.subject.id)
    return yes or _done_already(intent, document), panel_refused(document)


def _done_already(intent: Intent, document: Any) -> bool:
    """After a lost attempt, "already requested" is the proof that it took."""
    return intent.action != "add" and intent.fence > 1 and panel_refused(document)


def _may_be_empty(case: Case, document: Any) -> bool:
    """Return whether an answer may rightly show nothing of what was asked for."""
    if case.provider == "premium_exchanger":
        return _lists_nothing(document)
    if case.stream not in ("orders", "refills"):
        return not isinstance(document, str | int | bool | Decimal)
    if isinstance(document, list):
        names = [{"order", "refill", "id"} & set(row) for row in document if isinstance(row, dict)]
        return any(names) or len(document) == len(names) <= 1
    flat = {"status", "charge", "start_count", "remains", "currency", "runs", "orders", "posts", "expiry", "error"}
    flat |= {"order", "refill", "canceled", "cancelled", "cancel"}
    asked = set(case.asked)
    entries = [value for value in document.values() if isinstance(value, dict)] if isinstance(document, dict) else []
    return isinstance(document, dict) and (
        not document or bool(asked & set(document)) or bool(flat & set(document)) or any(flat & set(e) for e in entries)
    )


def _lists_nothing(document: Any) -> bool:
    """Return whether an answer of a site lists nothing, in any of the forms in which sites say so."""
    bare = not isinstance(document, dict) or ("data" not in document and "items" in document)
    data = document if bare else document.get("data")
    return (data.get("items", data) if isinstance(data, dict) else data) in (None, False, "", [], {})


def _told(kind: SubjectType, snapshot: Snapshot) -> Mapping[str, Any]:
    own = {name for name, field in kind.fields.items() if field.own}
    told = {name: value for name, value in snapshot.fields.items() if value is not None and name not in own}
    return {**told, "state": snapshot.state} if snapshot.state is not None else told


def _literal(one: Observed, name: str, value: Any, said: Said) -> bool:
    """Return whether a value stands in the body, in any of the ways in which a provider may write it."""
    if name == "state":
        return _state_is_said(one.ref.type, value, said)
    if f"{one.ref.type}.{name}" in NOT_SAID:
        return True
    if isinstance(value, bool):
        words = {"true", "yes"} if value else {"false", "no"}
        return bool(words & said.words) or Decimal(int(value)) in said.numbers
    if isinstance(value, Decimal):
        return value in said.numbers
    if isinstance(value, datetime):
        return any(int(each) == (value - EPOCH).total_seconds() for each in said.numbers if abs(each) < 10**12)
    return value in said.texts or _rewritten(name, value, said)


def _rewritten(name: str, value: str, said: Said) -> bool:
    """Hints of codes and wallets, codes within a link, what was redacted, and what has a structure of its own."""
    if name in ("code_hint", "account_hint"):
        return any(hint(text) == value for text in said.texts)
    if name == "statuses" and value[:1] in ("[", "{"):
        return True
    parts = re.split(r"\*\*\*|…", value)
    return len(parts) > 1 and any(all(part.strip("-") in text for part in parts) for text in said.texts)


def _state_is_said(subject: str, state: str, said: Said) -> bool:
    words = said.words
    if subject in ("order", "refill"):
        table = ORDER_WORDS if subject == "order" else REFILL_WORDS
        known = {word for each in table.values() for word in each.split()}
        return bool(words - known) if state == "unknown" else bool(words & {*table[state].split(), "0", "1", "2"})
    if subject == "coupon":
        return state in words
    numbers: Mapping[str, tuple[int, ...]] = {
        "waiting": (0,),
        "done": (1,),
        "canceled": (2,),
        "canceled_by_user": (3,),
        "open": (0,),
        "succeeded": (1,),
    }
    flags = {1 for each in said.scalars if each is True} | {0 for each in said.scalars if each is False}
    return any(Decimal(each) in said.numbers or each in flags for each in numbers[state])
