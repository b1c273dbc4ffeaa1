"""A provider's method that a person calls: its parameters are checked, then it is read, or planned as intents."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from bursar.api.errors import ProviderError, Refusal
from bursar.api.provider import Adapter, Method, Wanted
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.queries import meant, text
from bursar.domain.action import ActionType
from bursar.domain.guard_facts import Consent
from bursar.domain.ids import UNNAMED, AccountName, SubjectRef
from bursar.domain.intent import PlannedIntent
from bursar.domain.plan import MASK, Seal
from bursar.domain.values import Json, number
from bursar.journal.writer import Tx
from bursar.loops.runtime_context import FRESH, RuntimeContext
from bursar.pipeline.approvals import shown_amount
from bursar.pipeline.operator import decisions
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.model import Account


def checked_method(account: Account, params: Mapping[str, Json]) -> tuple[Method, dict[str, str]]:
    """Find the method and check its parameters' names.

    Raises:
        RequestRejected: there is none of that name, or a parameter is unknown or missing.
    """
    name = str(text(params, "method"))
    methods = {method.name: method for method in account.provider.methods}
    if name not in methods:
        raise RequestRejected(f"{account.provider.name} has no method {name!r}{meant(name, list(methods))}")
    method = methods[name]
    given = {str(k): str(v) for k, v in cast("dict[str, Json]", params.get("params") or {}).items()}
    for one in given:
        if one not in method.params:
            raise RequestRejected(f"{name} has no parameter {one!r}{meant(one, list(method.params))}")
    missing = [one for one, spec in method.params.items() if spec.required and not given.get(one)]
    if missing:
        raise RequestRejected(f"{name} needs {', '.join(missing)}")
    return method, given


async def read_method(adapter: Adapter, method: Method, given: Mapping[str, str]) -> Json:
    """Call a reading method; a refusal of the whole call carries the provider's answer.

    Raises:
        RequestRejected: the parameters make no sense, or the provider did not answer in its protocol.
    """
    try:
        return {"answer": await adapter.call(method.name, given), "refused": None}
    except Refusal as refusal:
        return {"answer": refusal.answer, "refused": refusal.reason}
    except ValueError as error:
        raise RequestRejected(str(error)) from None
    except ProviderError as error:
        raise RequestRejected(error.reason, ErrorCode.FAILED) from None


def wanted_of(method: Method, given: Mapping[str, str]) -> Sequence[Wanted]:
    """Return what a changing method asks for.

    Raises:
        RequestRejected: the parameters make no sense.
    """
    assert method.intents is not None
    try:
        return method.intents(given)
    except ValueError as error:
        raise RequestRejected(str(error)) from None


def cost_streams(account: Account, wanted: Sequence[Wanted]) -> dict[str, timedelta]:
    """Return the streams that show what things cost, each with how old its last good poll may be for that."""
    names = {one.action for one in wanted}
    stream_of = {kind.name: kind.stream for kind in account.provider.subjects}
    found: dict[str, timedelta] = {}
    for action in account.provider.actions:
        if action.name in names and action.cost_stream is not None:
            found[action.cost_stream] = action.cost_within
        elif action.name in names and action.takes_balance:
            found[stream_of[action.subject]] = FRESH
    return found


async def quote(context: RuntimeContext, account: Account, wanted: Sequence[Wanted]) -> list[Json]:
    """Return what each thing that a person is about to ask for costs.

    Returns:
        For each: `costs` (whether it moves money at all), `amount` (null: not known), `currency`.
    """
    actions = {action.name: action for action in account.provider.actions}

    def look(tx: Tx) -> list[Json]:
        view = context.view(tx)
        costs = [
            decisions.quote(
                view, _planned(account.name, actions[one.action], one, set(), view.config.seal, view.now, 0)
            )
            for one in wanted
        ]
        return [
            {
                "costs": actions[one.action].cost is not None,
                "amount": shown_amount(cost.amount),
                "currency": cost.currency,
            }
            for one, cost in zip(wanted, costs, strict=True)
        ]

    return await context.journal.read(look)


def amounts_shown(params: Mapping[str, Json], wanted: Sequence[Wanted]) -> list[Consent | None]:
    """Read to which amounts a person said yes, one for each thing that is asked for; null was shown as not known.

    `currencies` says of which currency each is. Without `amounts` nothing was shown (`--yes`): then what is there at
    the first request is what it is for.

    Raises:
        RequestRejected: they are not amounts, or not as many.
    """
    given = params.get("amounts")
    if given is None:
        return [None] * len(wanted)
    said = given if isinstance(given, list) else []
    read = [None if one is None else number(one) for one in said]
    # Not taken for "not known": that would be a yes to any amount.
    unread = [one for one, amount in zip(said, read, strict=True) if one is not None and amount is None]
    if len(read) != len(wanted) or unread:
        raise RequestRejected("`amounts` is a list with an amount, or null, for each action")
    currencies = params.get("currencies")
    its = currencies if isinstance(currencies, list) and len(currencies) == len(read) else [None] * len(read)
    return [
        Consent(True, amount, currency=None if currency is None else str(currency))
        for amount, currency in zip(read, its, strict=True)
    ]


async def plan_call(
    context: RuntimeContext, account: Account, wanted: Sequence[Wanted], shown: Sequence[Consent | None]
) -> list[int]:
    """Write the intents that a person asks for, all or none; return their ids.

    Args:
        context: What the loops share.
        account: At which account.
        wanted: What is asked for.
        shown: The yes to each, for the amount that was shown.

    Raises:
        RequestRejected: something stands in the way.
    """
    actions = {action.name: action for action in account.provider.actions}

    def write(uow: UnitOfWork) -> list[int]:
        written: list[int] = []
        for place, one in enumerate(wanted):
            secret = {name for name, spec in actions[one.action].params.items() if spec.secret and name in one.params}
            planned = _planned(account.name, actions[one.action], one, secret, uow.config.seal, uow.now, place)
            intent = decisions.plan_call(uow, planned, shown[place])
            # In memory only: a backup of the journal must not tell where the money goes.
            context.secret_params[intent.id] = {name: one.params[name] for name in secret}
            written.append(intent.id)
        return written

    try:
        written = await context.commit(write)
    except ActionRejected as unwanted:
        raise RequestRejected(str(unwanted), ErrorCode.FAILED) from None
    context.wakeups["executing"].set()
    return written


def _planned(
    account: AccountName, action: ActionType, one: Wanted, secret: set[str], seal: Seal, now: datetime, number: int
) -> PlannedIntent:
    # By chance: two calls of one second are two orders, and must not be one subject.
    new = f"{UNNAMED}{now:%y%m%d%H%M%S}.{number}.{random.getrandbits(24):06x}"
    return PlannedIntent(
        account=account,
        action=one.action,
        subject=one.subject or SubjectRef(action.subject, new),
        params={name: MASK if name in secret else value for name, value in one.params.items()},
        sealed={name: seal(str(one.params[name])) for name in secret},
        reason="a person asked for it",
    )
