"""`bursar call`: any method of a provider by its own name.

What reads is asked and printed. What changes something goes through the journal, one intent per id, after a yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from bursar.cli.client import Client, client_for_deciding
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import FINE, FOUND, CommandError, complain, instead, unknown
from bursar.cli.output import show_json, show_rows
from bursar.cli.prompt import confirm, require_terminal
from bursar.cli.terminal_text import one_line

if TYPE_CHECKING:
    from bursar.api.provider import Method, Wanted
    from bursar.domain.values import Json

COLUMNS = {
    "id": "ID",
    "action": "ACTION",
    "subject": "SUBJECT",
    "params": "PARAMETERS",
    "state": "STATE",
    "reason": "REASON",
    "reference": "REFERENCE",
}
MASK = "***"
GOES_ON = ("ready", "sending", "deferred")


@click.command()
@with_config
@with_json
@click.option("--yes", "-y", is_flag=True, help="Do not ask before something is changed.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the outcome of what is changed.",
)
@click.argument("account")
@click.argument("method")
@click.argument("given", metavar="[NAME=VALUE …]", nargs=-1)
def call(account: str, method: str, given: tuple[str, ...], yes: bool, wait_s: float, as_json: bool) -> int:
    """Call a METHOD of the provider of ACCOUNT by its own name, with or without a daemon running.

    One that reads prints the provider's answer as JSON, secrets masked. One that changes something is written to the
    journal first, one action per id, asks before it is done, and prints each with its outcome. What it costs is shown
    with the question, as far as it is known: if more would leave, it waits for `bursar actions approve`. With --yes
    nothing is shown, and it is for what is there at its first request. `bursar plugins` lists the methods.

    \b
    Examples:
        bursar call main-panel balance
        bursar call main-panel status orders=101,102
        bursar call main-panel add service=1 link=https://example.org/p quantity=100
        bursar call exchange get_payouts start_time=1700000000
    """
    client = client_for_deciding()
    wanted_method = _method(client, account, method)
    params = _params(wanted_method, given)
    if wanted_method.intents is None:
        return _read(client.ask("call", account=account, method=method, params=params, wait_s=wait_s))
    wanted = _intents(wanted_method, params)
    shown: dict[str, Json] = {}
    if not yes:
        require_terminal()
        costs = _costs(client.ask("quote", account=account, method=method, params=params), len(wanted))
        _ask_first(account, wanted, costs, _secrets(client, account, wanted_method))
        # The amounts go along with the yes: if more would leave by then, a person is asked once more.
        shown = {
            "amounts": [cost.get("amount") for cost in costs],
            "currencies": [cost.get("currency") for cost in costs],
        }
    asked = client.ask("call", account=account, method=method, params=params, wait_s=wait_s, **shown)
    return _changed(asked, as_json)


def _method(client: Client, account: str, name: str) -> Method:
    methods = {method.name: method for method in client.account(account).provider.methods}
    if name not in methods:
        raise unknown(f"method of {account}", name, methods)
    return methods[name]


def _params(method: Method, given: Sequence[str]) -> dict[str, Json]:
    """Read `name=value` words, each a parameter that the method has.

    Raises:
        CommandError: one is not, is there twice, or is missing.
    """
    params: dict[str, Json] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise CommandError(f"parameters are written name=value; {word!r} is not")
        if name not in method.params:
            raise CommandError(f"{method.name} has no parameter {name!r}{instead(name, method.params)}")
        if name in params:
            raise CommandError(f"the parameter {name} is given twice")
        params[name] = value
    missing = [name for name, param in method.params.items() if param.required and name not in params]
    if missing:
        raise CommandError(f"{method.name} needs {' and '.join(f'{name}=…' for name in missing)}")
    return params


def _intents(method: Method, params: Mapping[str, Json]) -> Sequence[Wanted]:
    """Return what the method would do.

    Raises:
        CommandError: the parameters make no sense.
    """
    assert method.intents is not None
    try:
        return method.intents({name: str(value) for name, value in params.items()})
    except ValueError as refusal:
        raise CommandError(f"{method.name}: {refusal}") from None


def _secrets(client: Client, account: str, method: Method) -> frozenset[str]:
    """Name the parameters that are never shown."""
    actions = client.account(account).provider.actions
    declared = [*method.params.items(), *(pair for action in actions for pair in action.params.items())]
    return frozenset(name for name, param in declared if param.secret)


def _costs(answer: Json, count: int) -> list[dict[str, Json]]:
    """Return what each action would cost."""
    costs = answer.get("costs") if isinstance(answer, dict) else None
    read = [cost for cost in costs if isinstance(cost, dict)] if isinstance(costs, list) else []
    return read if len(read) == count else [{}] * count


def _ask_first(
    account: str, wanted: Sequence[Wanted], costs: Sequence[Mapping[str, Json]], secrets: frozenset[str]
) -> None:
    """Let a person say yes to what is about to be changed, and to what it costs.

    Raises:
        CommandError: the answer is no.
    """
    for one, cost in zip(wanted, costs, strict=True):
        click.echo(_described(account, one, secrets) + _for(cost), err=True)
    confirm("Do it?", yes=False)


def _for(cost: Mapping[str, Json]) -> str:
    """Return for how much something is, if it costs anything."""
    if cost.get("amount") is None:
        return ", for an amount that is not known" if cost.get("costs") else ""
    return f", for {cost['amount']} {cost.get('currency') or ''}".rstrip()


def _described(account: str, one: Wanted, secrets: frozenset[str]) -> str:
    """Return in a line what one intent does, secrets masked."""
    params = [f"{name}={MASK if name in secrets else one_line(str(value))}" for name, value in one.params.items()]
    return " ".join([one.action, *([one_line(str(one.subject))] if one.subject else []), "at", account, *params])


def _read(answer: Json) -> int:
    """Print what the provider answered; say on the error stream when it refused."""
    if not isinstance(answer, dict):
        show_json(answer)
        return FINE
    refused = answer.get("refused")
    if answer.get("answer") is not None or not refused:
        show_json(answer.get("answer"))
    if refused:
        complain(f"the provider refused: {refused}")
    return FOUND if refused else FINE


def _changed(answer: Json, as_json: bool) -> int:
    """Print the intents with their outcomes."""
    found = answer.get("intents") if isinstance(answer, dict) else None
    intents = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    if as_json:
        show_json(list(intents))
    else:
        show_rows(intents, COLUMNS, empty="nothing was to be done")
    _say_what_goes_on(intents)
    return FINE if intents and all(row.get("state") == "succeeded" for row in intents) else FOUND


def _say_what_goes_on(intents: Sequence[Mapping[str, Json]]) -> None:
    """Print what to do about unfinished actions: they will still run, and repeating the call duplicates them."""
    if open_ := [str(row["id"]) for row in intents if row.get("state") in GOES_ON]:
        complain(f"{', '.join(open_)}: not done yet, and still to be sent; see `bursar actions` before you ask again")
    for row in intents:
        if row.get("state") == "unknown":
            complain(
                f"{row['id']}: whether it happened is not known yet: do not ask again. If it stays unknown in "
                f"`bursar actions`, look at the provider's page, and run `bursar actions resolve {row['id']}` with "
                "`--happened` or `--did-not`"
            )
        if row.get("state") == "awaiting_approval":
            complain(f"{row['id']}: waits for `bursar actions approve {row['id']}`, or `deny`")
