"""The five methods of the partner API under their own names, for `bursar call`, and what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bursar.api import FieldKind, Method, Param, SubjectRef, Wanted

_WINDOW = {
    "start_time": Param(FieldKind.NUMBER, description="Unix seconds on the site's own clock, from which to show."),
    "end_time": Param(FieldKind.NUMBER, description="Unix seconds on the site's own clock, up to which to show."),
}
_PAGE = {
    "limit": Param(FieldKind.NUMBER, description="At most so many, up to 500; only newer scripts know it."),
    "offset": Param(FieldKind.NUMBER, description="Leave out so many; only newer scripts know it."),
}


def payout_wanted(params: Mapping[str, str]) -> Sequence[Wanted]:
    """Return the intent that `add_payout` asks for.

    Raises:
        ValueError: a parameter is missing, empty or unknown.
    """
    _known("add_payout", params)
    for name in ("method_id", "account"):
        if not params.get(name, "").strip():
            raise ValueError(f"add_payout needs {name}=…")
    wanted = {"method": params["method_id"].strip(), "account": params["account"].strip()}
    return (Wanted("payout", wanted, SubjectRef("balance", "balance")),)


METHODS: tuple[Method, ...] = (
    Method("get_info", {}, "Balance, minimum payout and payout methods."),
    Method(
        "get_links", {**_WINDOW, "ip": Param(description="Only visits from this address.")}, "Visits by partner links."
    ),
    Method("get_exchanges", {**_WINDOW, **_PAGE}, "Exchanges of visitors, with their rewards."),
    Method("get_payouts", _WINDOW, "Payouts that were asked for."),
    Method(
        "add_payout",
        {
            "method_id": Param(required=True, description="A payout method of get_info."),
            "account": Param(required=True, secret=True, description="Where the money goes."),
        },
        "Ask for the payout of the whole balance.",
        intents=payout_wanted,
    ),
)
_BY_NAME: Mapping[str, Method] = {method.name: method for method in METHODS}


def check(method: str, params: Mapping[str, str]) -> None:
    """Refuse what a reading call cannot mean.

    Raises:
        ValueError: with one sentence.
    """
    _known(method, params)
    if _BY_NAME[method].intents is not None:
        raise ValueError(f"{method} changes something; it goes through the journal, as an intent")
    for name, value in params.items():
        if _BY_NAME[method].params[name].kind is FieldKind.NUMBER and not (value.isascii() and value.isdigit()):
            raise ValueError(f"{name} of {method} must be a whole number")


def _known(method: str, params: Mapping[str, str]) -> None:
    if method not in _BY_NAME:
        raise ValueError(f"premium_exchanger has no method {method!r}; it has {', '.join(_BY_NAME)}")
    takes = _BY_NAME[method].params
    for name in params:
        if name not in takes:
            raise ValueError(f"{method} takes no {name!r}" + (f"; it takes {', '.join(takes)}" if takes else ""))
