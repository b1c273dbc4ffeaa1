"""What can be asked without changing anything: functions of the journal and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from bursar.control.messages import RequestRejected
from bursar.diagnostics.suggestion import did_you_mean, suggest
from bursar.domain.ids import microseconds
from bursar.domain.rule import Rule
from bursar.domain.subject import Coverage
from bursar.domain.values import Json
from bursar.journal import accounts, clock, held, ledger, meta, views
from bursar.journal.writer import Tx
from bursar.pipeline.account_identity import not_the_same, quarantine_words
from bursar.settings.model import Account, Configuration

Params = Mapping[str, Json]


def text(params: Params, name: str) -> str | None:
    """Return a text parameter."""
    value = params.get(name)
    return None if value is None else str(value)


def number(params: Params, name: str) -> int | None:
    """Return a number parameter."""
    value = params.get(name)
    return None if value is None else int(str(value))


def known_account(configuration: Configuration, name: str | None) -> Account:
    """Return an account by its name.

    Raises:
        RequestRejected: there is none.
    """
    for known, account in configuration.accounts.items():
        if known == name:
            return account
    raise RequestRejected(f"there is no account {name!r}{meant(str(name), list(configuration.accounts))}")


def meant(name: str, known: Iterable[object]) -> str:
    """Return the end of a sentence that names the known name that was probably meant, if there is one."""
    return did_you_mean(suggest(name, map(str, known)))


def list_accounts(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return every configured account with how it is doing."""
    rows, all_streams, shown = accounts.load_all(tx), views.account_streams(tx), views.times(tx)
    problems = views.problems(tx)
    started = meta.instant_of(tx, "started_at")
    started_us = 0 if started is None else microseconds(started)
    found: list[Json] = []
    for name, account in configuration.accounts.items():
        enabled = [s for s in all_streams.get(name, []) if account.polls.get(str(s["stream"])) is not None]
        row = rows.get(name)
        state, reason = _state(row, enabled, accounts.paused(tx, name), started_us)
        if row is not None and row.quarantine_digest is not None:
            reason = not_the_same(tx, row, configuration.accounts) or quarantine_words(row.name)
        if state == "ok" and params.get("running") is False:
            state, reason = "starting", "no daemon runs"
        seen = [int(str(s["ok_us"])) for s in all_streams.get(name, []) if s["ok_us"] is not None]
        found.append(
            {
                "name": name,
                "provider": account.provider.name,
                "state": state,
                "reason": reason,
                "problem": _problem(account, problems.get(name, [])),
                "last_ok_at": shown(max(seen)) if seen else None,
                "streams": [{k: v for k, v in s.items() if k != "ok_us"} for s in enabled],
            }
        )
    return found


def _state(
    row: accounts.AccountRow | None, enabled: list[dict[str, Json]], paused: str | None, started_us: int
) -> tuple[str, str | None]:
    """Name the state of an account, the worst first."""
    if row is not None and row.quarantine_digest is not None:
        return "quarantined", "its name means another account now, or may: run `bursar accounts confirm` or `replace`"
    if row is not None and row.parked_at is not None:
        return "rejected", row.parked_reason
    failing = [s for s in enabled if s["failures"]]
    if failing:
        return "unreachable", f"{failing[0]['stream']}: {failing[0]['reason']}"
    if paused is not None:
        return "paused", paused
    if any(s["ok_us"] is not None and int(str(s["ok_us"])) >= started_us for s in enabled):
        return "ok", None
    return "starting", None


def _problem(account: Account, found: list[views.Problems]) -> str | None:
    """Return what cannot be read of an account's subjects, or is said in their place; None: nothing.

    What was taken off watch is looked at no more: it says nothing of how the account is.
    """
    tracked = {one.name for one in account.provider.streams if one.coverage is Coverage.TRACKED}
    kinds = [kind.name for kind in account.provider.subjects]
    looked_at = {kind.name for kind in account.provider.subjects if kind.stream not in tracked}
    current = [one for one in found if one.kind in kinds and (one.watched or one.kind in looked_at)]
    return "; ".join(str(one) for one in sorted(current, key=lambda one: kinds.index(one.kind))) or None


def list_orders(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return the orders under watch."""
    account = text(params, "account")
    if account is not None:
        known_account(configuration, account)
    return cast(Json, views.orders(tx, account))


def list_events(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return events."""
    account = text(params, "account")
    if account is not None:
        known_account(configuration, account)
    after = number(params, "after") or 0
    return cast(Json, views.events(tx, account, text(params, "type"), number(params, "limit"), after))


def list_actions(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return intents; with `open`, whatever is open as well, however old."""
    found = views.actions(tx, text(params, "state"), number(params, "limit"), open_too=params.get("open") is True)
    return cast(Json, found)


def list_deliveries(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return deliveries."""
    return cast(Json, views.deliveries(tx, text(params, "state"), number(params, "limit")))


def why(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return why a rule fired, or did not."""
    name = str(text(params, "rule"))
    rules = {str(rule.name): rule for rule in configuration.rules}
    if name not in rules:
        raise RequestRejected(f"there is no rule {name!r}{meant(name, list(rules))}")
    rows = views.verdicts(tx, name, text(params, "subject"))
    rule = rules[name]
    missed = window_before_ledger(tx, rule)
    for row in rows:
        row["condition"] = rule.when.text if rule.when is not None else None
        if missed is not None:
            row["note"] = missed
    return cast(Json, rows)


def window_before_ledger(tx: Tx, rule: Rule) -> str | None:
    """Return that a window of the rule reaches before the first entry of the ledger, in a sentence, if one does."""
    windows = [rule.cooldown, rule.limit.every if rule.limit is not None else None, *(one.every for one in rule.budget)]
    longest = max((window for window in windows if window is not None), default=None)
    first, stood = ledger.first_at(tx), clock.anchor(tx)
    if not rule.acts() or longest is None or first is None or stood is None or stood.at - first >= longest:
        return None
    since = f"{clock.offsets(tx).wall(first):%Y-%m-%d %H:%M:%S}Z"
    return f"its longest window reaches back before {since}: what was done before that, bursar does not know"


def status(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return the whole at a glance."""
    listed = cast("list[dict[str, Json]]", list_accounts(tx, configuration, params))
    paused = {name for name, row in accounts.load_all(tx).items() if row.paused_at is not None}
    return {
        "mode": str(configuration.settings.mode),
        "started_at": views.times(tx)(meta.get(tx, "started_at")),
        "restored": meta.get(tx, meta.RESTORED),
        "paused": accounts.paused(tx, accounts.EVERYWHERE) is not None,
        "paused_accounts": [str(name) for name in configuration.accounts if name in paused],
        "accounts": [{k: one[k] for k in ("name", "provider", "state", "reason", "last_ok_at")} for one in listed],
        "rules": len(configuration.rules),
        **views.counts(tx),
    }


def list_observations(tx: Tx, configuration: Configuration, params: Params) -> Json:
    """Return the observations that are held."""
    shown = views.times(tx)
    return [
        {
            "id": str(row.id),
            "account": row.account,
            "stream": row.stream,
            "at": shown(microseconds(row.at)),
            "reason": row.reason,
        }
        for row in held.held(tx)
    ]


Query = Callable[[Tx, Configuration, Params], Json]
QUERIES: Mapping[str, Query] = {
    "accounts": list_accounts,
    "orders": list_orders,
    "events": list_events,
    "actions": list_actions,
    "deliveries": list_deliveries,
    "why": why,
    "status": status,
    "observations": list_observations,
}
"""What can be asked without changing anything."""
