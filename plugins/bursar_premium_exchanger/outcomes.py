"""The one thing that moves money: what `add_payout` answered, and, when no answer came, whether it happened.

Pure. `add_payout` takes the whole balance; it has no amount, no idempotency key and no lock (docs/providers.md), and
nothing but `get_payouts` tells afterwards. So the ids known just before are the evidence: a new one with the same
method and account happened. Wallets are compared with those of the intent and are never part of the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from bursar.api import (
    BadAnswer,
    CannotTell,
    DidNot,
    Finding,
    Happened,
    Json,
    Lost,
    Outcome,
    Refused,
    Succeeded,
    number,
)
from bursar_premium_exchanger.answers import Envelope, Row, names_something, payout_id, refused_because, said
from bursar_premium_exchanger.error_texts import REFUSALS, TROUBLE
from bursar_premium_exchanger.folding import folded
from bursar_premium_exchanger.hints import MAX_READ_CHARS, Hint, hint
from bursar_premium_exchanger.parse import text
from bursar_premium_exchanger.states import PAYOUT_OVER, payout_state

SERVER_ERRORS = frozenset(range(500, 600))
_SHORTENED = re.compile(r"[*•●…]|\.\.|x{3}", re.IGNORECASE)
"""How sites show a part of a wallet."""


def outcome(
    envelope: Envelope, secrets: frozenset[str], *, broke: bool = False, known: Collection[str] = ()
) -> Outcome:
    """Read the decoded answer to `add_payout`: a yes with an id, a no without one; anything else is lost.

    A no whose words speak of a payout that was made is lost, too: the list of payouts tells. One whose words no rule
    reads is asked for again by a person only: the next payout may meet the same one.

    Args:
        envelope: The answer.
        secrets: What the site may echo and must not be shown.
        broke: It came with HTTP 5xx: then a no is none.
        known: The ids of the payouts that were there just before: none of them was made by this.
    """
    made = payout_id(envelope)
    if envelope.error == 0:
        # `error: 0` beside `success: false` is no yes.
        if envelope.fails:
            return Lost("the site says yes and no at once")
        # A site that names the payout of last week has not made one now, or we do not know which.
        if made is not None and made in known:
            return Lost(f"the site names payout {made}, which was there before")
        # `payout_id: 0` is a yes without a payout: the list tells whether there is one.
        return Succeeded(reference=made) if made is not None else Lost("the site says yes and names no payout")
    if made is None and envelope.agrees_as_a_whole:
        return Lost(f"the site says yes and no at once (error {envelope.error})")
    # A no that carries an id has made something: refused, it would be asked for again, and paid twice.
    if made is not None or names_something(envelope):
        return Lost(f"the site says no (error {envelope.error}) and names payout {made or 'all the same'}")
    spoken, why = folded(envelope.text[:MAX_READ_CHARS]), refused_because(envelope, secrets)
    # A site that books a payout and then loses its database answers "Ошибка сервера": the booking stands.
    if broke or not SERVER_ERRORS.isdisjoint(envelope.codes) or TROUBLE.search(spoken):
        return Lost(f"the site is in trouble: {why}")
    hinted = hint(said(envelope.whole))
    if hinted is Hint.MADE:
        # `refused`: if the list does not show it, the site's no stands, and is not asked again at once, eight times.
        return Lost(f"the answer says no, and that it was made: {why}", refused=True)
    return Refused(why, unread=hinted is Hint.UNREAD or REFUSALS.search(spoken) is None)


def evidence(payouts: Mapping[str, Row], balance: Decimal | None, method: str, account: str) -> Json:
    """Return what is known just before sending: ids, what those are that may be ours, and the balance; no wallet.

    Raises:
        BadAnswer: the site does not say the balance, without which a lost reply could not be judged.
    """
    # A balance that falls is the only other sign of a payout that is not listed yet.
    if balance is None:
        raise BadAnswer("the site does not say the balance, so the payout is not sent", kind="protocol")
    return {
        # All ids, not the newest: the times of rows are the site's,
        # and one of the year 2038 would make ours an old one.
        "payouts": [*payouts],
        "waiting": [id_ for id_, row in payouts.items() if payout_state(row) not in PAYOUT_OVER],
        "marks": {id_: _mark(row) for id_, row in payouts.items() if _is_for(row, method, account) is not False},
        "balance": format(balance, "f"),
    }


def _mark(row: Row) -> list[Json]:
    """Return what a payout is beside its id: a site may count from 1 again, and give an id once more."""
    amount = number(row.get("original_amount"))
    return [text(row.get("time")), None if amount is None else format(amount.normalize(), "f")]


def _is_another(row: Row, mark: Json) -> bool:
    """Return whether a payout is not the one that had its id before."""
    was = mark if isinstance(mark, list) else []
    # What either side does not say makes it no other one.
    return any(a is not None and b is not None and a != b for a, b in zip(was, _mark(row), strict=False))


def listed(evidence: Json) -> dict[str, bool]:
    """Return the payouts that stand in the evidence, by id, and whether each waited."""
    waiting = evidence.get("waiting") if isinstance(evidence, dict) else None
    ids = {str(id_) for id_ in waiting} if isinstance(waiting, list) else set()
    return {id_: id_ in ids for id_ in {*known_ids(evidence), *ids}}


def known_ids(evidence: Json) -> list[str]:
    """Return the ids of the payouts that stand in the evidence."""
    known = evidence.get("payouts") if isinstance(evidence, dict) else None
    return [str(id_) for id_ in known] if isinstance(known, list) else []


def amount_of(row: Row, currency: str | None) -> Decimal | None:
    """Read what a payout took from the balance; None where the site counts it in another currency."""
    theirs = text(row.get("original_currency_code"))
    # 0.012 BTC must not settle a payout of 900 USD.
    if currency is not None and theirs is not None and theirs.casefold() != currency.casefold():
        return None
    amount = number(row.get("original_amount"))
    return amount if amount is not None and amount >= 0 else None


def finding(
    payouts: Mapping[str, Row],
    balance: Decimal | None,
    before: Json,
    method: str,
    account: str,
    currency: str | None = None,
    others: Collection[str] = (),
) -> Finding:
    """Return whether a lost `add_payout` happened, from what the site shows now and the evidence of before.

    What is new is what has a new id: the times of rows say nothing here, since one row with an absurd time would make
    ours older than it. A new row that does not say whose it is leaves the question open. What the site made for other
    intents is not ours, though it may be newer than the evidence, which may have been read stale.
    """
    known = before.get("payouts") if isinstance(before, dict) else None
    if not isinstance(before, dict) or not isinstance(known, list):
        return CannotTell("what the site showed before sending was not kept")
    fresh = {id_: row for id_, row in payouts.items() if id_ not in known and id_ not in others}
    ours = [id_ for id_, row in fresh.items() if _is_for(row, method, account)]
    if ours:
        return _happened(ours, fresh, number(before.get("balance")), currency)
    # A wallet that is shown as "T-wa****9111" may be ours: taken
    # for a stranger's, the payout was asked for up to eight times.
    if unclear := [id_ for id_, row in fresh.items() if _is_for(row, method, account) is None]:
        new = ", ".join(sorted(unclear))
        return CannotTell(f"payout {new} is new, and the site does not say for which method and account", suspect=new)
    marks = before.get("marks")
    known_marks = marks if isinstance(marks, dict) else {}
    for id_, row in payouts.items():
        # A site that was set up anew counts from 1: our lost payout may have the id of an old one.
        if _is_another(row, known_marks.get(id_)) and _is_for(row, method, account) is not False:
            return CannotTell(f"payout {id_} is not the one that had this id before", suspect=id_)
    # An empty list after a full one is a list that was not read, and no *did not*.
    if known and not payouts:
        return CannotTell("the site lists no payouts at all, and listed some before")
    if cut := _is_cut_short([str(id_) for id_ in known], payouts):
        return CannotTell(f"payout {cut} was listed before and is not now: the list may be cut short")
    had = number(before.get("balance"))
    if balance is None or had is None:
        return CannotTell("no new payout is listed, and the balance is not known")
    if balance < had:
        return CannotTell(f"no new payout is listed, but the balance fell from {had:f} to {balance:f}")
    return DidNot(f"no new payout is listed, and the balance of {balance:f} has not fallen")


def _is_cut_short(known: Sequence[str], payouts: Mapping[str, Row]) -> str | None:
    """Return a payout that was listed before and is missing now, unless it is older than all that are listed.

    Sites let go of what is old, by its age or by its number; what is cut off at the other end may be ours.
    """
    missing = [id_ for id_ in known if id_ not in payouts]
    if not missing:
        return None
    before, now = [number(id_) for id_ in missing], [number(id_) for id_ in payouts]
    numbered = [one for one in now if one is not None]
    in_order = None not in before and len(numbered) == len(now) > 0
    if in_order and max(one for one in before if one is not None) < min(numbered):
        return None
    return missing[-1]


def _happened(ours: list[str], fresh: Mapping[str, Row], had: Decimal | None, currency: str | None) -> Finding:
    """Return that it happened: of several new payouts, some may be a person's; ours took what was there.

    Where that is not one of them alone, it cannot be told: all may be a person's.
    """
    amounts = {id_: amount_of(fresh[id_], currency) for id_ in ours}
    # `add_payout` takes the whole balance: a person's own small payout, made beside it, is not ours.
    took_all = [id_ for id_, amount in amounts.items() if amount is not None and had is not None and amount >= had]
    if len(ours) == 1:
        return Happened(_made(ours[0], amounts), f"payout {ours[0]} is new, with this method and account")
    reason = f"{len(ours)} new payouts have this method and account ({', '.join(ours)})"
    if len(took_all) == 1:
        return Happened(_made(took_all[0], amounts), f"{reason}; {took_all[0]} took what was there")
    return CannotTell(f"{reason}; which of them is this one cannot be told", suspect=", ".join(sorted(ours)))


def _made(id_: str, amounts: Mapping[str, Decimal | None]) -> Succeeded:
    return Succeeded(reference=id_, moved=amounts[id_])


def _is_for(row: Row, method: str, account: str) -> bool | None:
    """Compare a payout with what was asked for; None: the site does not say."""
    its_method, its_account = text(row.get("method_id")), text(row.get("account"))
    if its_method is not None and not _same_id(its_method, method.strip()):
        return False
    theirs, ours = _folded(its_account or ""), _folded(account)
    if its_account is not None and theirs != ours and not _may_be(its_account, theirs, ours):
        return False
    # Both must agree for a yes: the right wallet by another method is a person's own payout.
    return True if its_method is not None and theirs == ours else None


def _same_id(its: str, ours: str) -> bool:
    """Compare ids of methods, which scripts write as text or as numbers."""
    return its == ours or (number(its) is not None and number(its) == number(ours))


def _may_be(its_account: str, theirs: str, ours: str) -> bool:
    """Return whether a wallet that is written otherwise may be ours: shown in part, or with words around it."""
    return _SHORTENED.search(its_account) is not None or theirs in ours or ours in theirs


def _folded(account: str) -> str:
    """Fold a wallet to what survives a site's cleaning: it may drop signs, and swap letters for their lookalikes.

    Too much folding would take a stranger's payout for ours, which stops money; too little would send it twice.
    """
    plain = folded(account)
    return "".join(letter for letter in plain if letter.isalnum()) or plain.strip()
