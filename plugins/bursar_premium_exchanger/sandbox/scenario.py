"""The exchanger's scenario for `bursar prove`: a balance that passed the minimum is paid out, and grows again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bursar.api import Json, Request
from bursar.api.scenario import Balance, Done, EffectMethod, Form, Scenario, ScenarioRule, Visit
from bursar_premium_exchanger.sandbox.server import wire_debiting_when_done
from bursar_premium_exchanger.sandbox.world import CANCELED, CANCELED_BY_USER, DONE

WALLET = "TProofProofProofProofProofProof1"
OTHER_WALLET = "TAnotherAnotherAnotherAnother1"
METHOD = "7"
ABOVE, BUDGET = Decimal(250), Decimal(1200)
UNDONE = frozenset({str(CANCELED), str(CANCELED_BY_USER)})
OVER = UNDONE | {str(DONE)}

PAY_OUT = ScenarioRule(
    {
        "name": "pay-out",
        "on": "balance.passed_min_payout",
        "when": "balance.amount >= balance.min_payout",
        "do": [{"payout": {"method": METHOD, "account": {"env": "WALLET"}}}],
        "cooldown": "120s",
        "approve": {"above": int(ABOVE), "within": "6h"},
        "budget": {"payout": {"max": int(BUDGET), "every": "600s"}},
    },
    answers="balance.passed_min_payout",
    cooldown_s=120.0,
    budget=BUDGET,
    budget_s=600.0,
    above=ABOVE,
)


def _data(told: Json) -> Mapping[str, Any]:
    data = told.get("data") if isinstance(told, dict) else None
    return data if isinstance(data, dict) else {}


def _paid(_form: Form, told: Json, counted: Mapping[str, int]) -> Sequence[Done]:
    made = _data(told).get("payout_id")
    return [Done("balance", None if made is None else str(made))] * sum(counted.values())


def _look(method: str, told: Json) -> Balance | None:
    data = _data(told) if method == "get_info" else {}
    return Balance(Decimal(data["balance"]), Decimal(data["min_payout"])) if data else None


def _ask(visit: Visit, method: str, **form: str) -> Any:
    query = {"api_action": "pp", "api_key": str(visit.settings["key"]), "method": method}
    return visit.send(Request(visit.url, query=query, form=form))


def _pay_out(visit: Visit) -> None:
    _ask(visit, "add_payout", method_id=METHOD, account=OTHER_WALLET)


def _rows(told: Json) -> Sequence[Mapping[str, Any]]:
    listed = _data(told).get("items", {})
    return [*(listed.values() if isinstance(listed, dict) else listed)]


def _waiting(method: str, told: Json) -> Sequence[str] | None:
    if method != "get_payouts":
        return None
    return [str(row["id"]) for row in _rows(told) if str(row["status"]) not in OVER]


def _balance(visit: Visit) -> Balance:
    info, listed = _data(_ask(visit, "get_info")), _ask(visit, "get_payouts")
    rows = [row for row in _rows(listed) if str(row["status"]) not in UNDONE]
    paid = {str(row["id"]): Decimal(row["original_amount"]) for row in rows}
    waiting = _waiting("get_payouts", listed) or ()
    return Balance(Decimal(info["balance"]), Decimal(info["min_payout"]), paid, frozenset(waiting))


SCENARIO = Scenario(
    account="site",
    poll={"info": "15s", "payouts": "15s", "visits": "off", "exchanges": "off"},
    rules=(PAY_OUT,),
    effects={"payout": EffectMethod("add_payout", _paid, takes_balance=True)},
    reads=("get_payouts", "get_info"),
    variables={"WALLET": WALLET},
    look=_look,
    enough_s=200.0,
    pay_out=_pay_out,
    balance=_balance,
    waiting=_waiting,
    debits_when_done=wire_debiting_when_done,
)
