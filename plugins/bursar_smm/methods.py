"""The methods of the panel's API under their own names, for `bursar call`.

Comes in: parameters as a person typed them. Goes out: what to ask the panel, or, for a method that changes something,
the intents that it asks for, one per id. Bad parameters are a `ValueError` with one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bursar.api import Method, Param, SubjectRef, Wanted
from bursar_smm import service_types

MAX_IDS = 100
_ORDER = Param(description="One order's id.")
_ORDERS = Param(description="Order ids, separated by commas, at most 100.")
_REFILL = Param(description="One refill's id.")
_REFILLS = Param(description="Refill ids, separated by commas, at most 100.")


def ids_of(method: str, params: Mapping[str, str], one: str, many: str) -> list[str]:
    """Return the ids that a call names, each once.

    Raises:
        ValueError: there are none, both ways of naming them are used, or another parameter is given.
    """
    refuse_others(method, params, (one, many))
    if (one in params) == (many in params):
        raise ValueError(f"{method} needs either {one} or {many}")
    texts = params[many].split(",") if many in params else [params[one]]
    ids = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if not ids:
        raise ValueError(f"{method} needs at least one id")
    return ids


def refuse_others(method: str, params: Mapping[str, str], known: Sequence[str]) -> None:
    """Refuse parameters that the method does not have.

    Raises:
        ValueError: there is one.
    """
    for name in params:
        if name not in known:
            has = f"has {' and '.join(known)}" if known else "has none"
            raise ValueError(f"{method} has no parameter {name!r}; it {has}")


def asked_for(method: str, params: Mapping[str, str]) -> dict[str, str]:
    """Return the checked parameters of a reading method, as they go to the panel.

    Raises:
        ValueError: they make no sense, or the method is none that reads.
    """
    if method in ("services", "balance"):
        refuse_others(method, params, ())
        return {}
    if method not in READS:
        raise ValueError(f"{method} is no method of a panel that only reads")
    one, many = READS[method]
    ids = ids_of(method, params, one, many)
    if len(ids) > MAX_IDS:
        raise ValueError(f"{method} takes at most {MAX_IDS} ids; panels silently leave out the rest")
    return {one if one in params else many: ",".join(ids)}


def _add(params: Mapping[str, str]) -> Sequence[Wanted]:
    service_types.check(params)
    return [Wanted("add", dict(params))]


def _on_orders(action: str) -> Callable[[Mapping[str, str]], Sequence[Wanted]]:
    def wanted(params: Mapping[str, str]) -> Sequence[Wanted]:
        ids = ids_of(action, params, "order", "orders")
        return [Wanted(action, {}, SubjectRef("order", id_)) for id_ in ids]

    return wanted


READS: Mapping[str, tuple[str, str]] = {"status": ("order", "orders"), "refill_status": ("refill", "refills")}

METHODS = (
    Method("services", {}, "List the services."),
    Method("add", service_types.PARAMS, "Order something; which parameters depends on the service's type.", _add),
    Method("status", {"order": _ORDER, "orders": _ORDERS}, "Give the status of one order or of several."),
    Method("refill", {"order": _ORDER, "orders": _ORDERS}, "Request refills.", _on_orders("refill")),
    Method("refill_status", {"refill": _REFILL, "refills": _REFILLS}, "Give the status of one refill or of several."),
    Method("cancel", {"order": _ORDER, "orders": _ORDERS}, "Request cancellations.", _on_orders("cancel")),
    Method("balance", {}, "Give the account's balance."),
)
