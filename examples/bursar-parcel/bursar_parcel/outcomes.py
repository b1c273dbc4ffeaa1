"""What an answer to an effect means, and what it means when there was none. Pure.

Only Parcelbox's own decoded yes or no is one. Everything else is raised or `Lost` before it comes here, and then:

- `remind` is repeatable. A second reminder is answered `already_reminded` and sends nothing, so bursar asks again.
- `top_up` is reconcilable. It spends money and knows no idempotency key, but the API lists all top-ups: the ids that
  were there just before are the evidence, and a new one with the same amount happened.
"""

from __future__ import annotations

from decimal import Decimal

from bursar.api import (
    CannotTell,
    DidNot,
    Finding,
    Happened,
    Intent,
    Json,
    Later,
    Lost,
    Observation,
    Outcome,
    Refused,
    Succeeded,
    number,
)
from bursar_parcel.parse import Said, message, retry_after

NEVER = frozenset({"no_such_parcel"})


def outcome(intent: Intent, said: Said, key: str) -> Outcome:
    """Read the decoded answer to an effect."""
    code, why = said.get("code"), message(said, key)
    if said["ok"]:
        if code is not None:
            return Lost("the answer says yes and no at once")
        return _reminded() if intent.action == "remind" else _topped_up(said)
    if code == "too_fast":
        return Later(why, retry_after(said))
    if code == "already_reminded" and intent.fence > 1:
        # It was sent before and the reply was lost: this no is the proof that it took effect.
        return _reminded()
    return Refused(why, never=code in NEVER)


def evidence(listed: Observation, amount: Decimal | None) -> Json:
    """Return what is known just before money is spent; JSON, and nothing secret."""
    return {"top_ups": [seen.ref.id for seen in listed.subjects], "balance": _shown(amount)}


def finding(wanted: Json, before: Json, listed: Observation, amount: Decimal | None) -> Finding:
    """Return whether a lost top-up happened, from what Parcelbox lists now and the evidence of before."""
    known = before.get("top_ups") if isinstance(before, dict) else None
    if not isinstance(before, dict) or not isinstance(known, list):
        return CannotTell("what Parcelbox listed before sending was not kept")
    fresh = [seen for seen in listed.subjects if seen.ref.id not in known]
    ours = [seen.ref.id for seen in fresh if seen.fields["amount"] == number(wanted)]
    if ours:
        return Happened(Succeeded(reference=ours[-1]), f"the top-up {ours[-1]} is new, with this amount")
    if known and not listed.subjects:
        return CannotTell("no top-ups are listed at all, and some were before")
    had = number(before.get("balance"))
    if amount is None or had is None or amount > had:
        return CannotTell(f"no new top-up is listed; the balance was {_shown(had)} and is {_shown(amount)}")
    return DidNot(f"no new top-up is listed, and the balance of {amount} has not risen")


def _reminded() -> Succeeded:
    return Succeeded(facts={"reminder_requested": True})


def _topped_up(said: Said) -> Outcome:
    made = said.get("top_up")
    return Succeeded(reference=made) if isinstance(made, str) and made else Lost("a yes that names no top-up")


def _shown(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
