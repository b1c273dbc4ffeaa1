"""Every fault of a configuration: at its place, in our words, all at once."""

from __future__ import annotations

import pytest

from bursar.settings.model import ConfigurationError
from bursar.settings.read import read_configuration
from support.settings import ACCOUNT, REGISTRY, Reader

QUOTES = "put quotes around it"
OK = "provider: panel, url: https://p.example/api, key: {env: KEY}"


def account(more: str) -> str:
    return f"accounts:\n  main:\n    {OK.replace(', ', chr(10) + '    ')}\n    {more}\n"


def shared(budget: str) -> str:
    return f"settings: {{budget: [{{{budget}}}]}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acounts: {}", "1:1: unknown key 'acounts' (did you mean 'accounts'?)"),
        ("settings: {mode: shadwo}", "1:18: expected live or shadow, not 'shadwo' (did you mean 'shadow'?)"),
        ("settings: {mode: [live]}", "1:18: expected live or shadow, not a list"),
        ("settings: {modus: live}", "1:12: unknown key 'modus' (did you mean 'mode'?)"),
        (
            "settings: {xyz: 1}",
            "1:12: unknown key 'xyz' (known: baseline, budget, ceiling, heartbeat, http, mode, retention, state)",
        ),
        ("settings: {state: 'postgresql://h/d'}", "1:19: a journal in PostgreSQL is not built yet: name a file"),
        (
            "settings: {state: 'mysql://h/d'}",
            "1:19: expected the name of a file, such as ~/.local/state/bursar/journal.db",
        ),
        ("settings: {state: ''}", "1:19: expected the name of a file, not an empty one"),
        ("settings: {state: state/}", "1:19: expected the name of a file, not of a folder"),
        ("settings: {state: 5}", "1:19: expected the name of a file, not a number"),
        ("settings:\n  http: {listen: 127.0.0.1:8640}", "2:3: 'token' is missing in 'http'"),
        (
            "settings:\n  http: {listen: here, token: {env: T}}",
            "2:18: expected an address and a port such as 127.0.0.1:8640",
        ),
        (
            "settings:\n  http: {listen: '[::1]:65536', token: {env: T}}",
            "2:18: expected an address and a port such as 127.0.0.1:8640",
        ),
        (
            "accounts:\n  main: {provider: panel, url: 'https://p.example/api', key: {enw: KEY}}",
            "2:62: expected a secret: {env: NAME}, {file: path} or {credential: NAME}, not a mapping (did you mean 'env'?)",
        ),
        (
            "settings: {heartbeat: hc.example}",
            "1:23: expected an address that begins with https:// or http://, such as https://panel.example/api/v2",
        ),
        ("settings: {ceiling: 0}", "1:21: expected at least 1"),
        ("settings: {ceiling: 1.5}", "1:21: expected a whole number, not a number"),
        ("settings: {ceiling: 010}", "1:21: expected a whole number, not text"),
        ("settings: {baseline: all}", "1:22: expected events, not 'all'"),
        ("settings: {retention: {events: 90}}", "1:32: expected a duration such as 90s, 5m, 6h or 2d, not a number"),
        ("settings: {retention: {event: 90d}}", "1:24: unknown key 'event' (did you mean 'events'?)"),
        ("accounts:\n  main: 5", "2:9: expected a mapping, not a number"),
        ("accounts:\n  main: {}", "2:3: 'provider' is missing in 'main'"),
        ("accounts:\n  main: {provider: pannel}", "2:20: unknown provider 'pannel' (did you mean 'panel'?)"),
        ("accounts:\n  main: {provider: zzz}", "2:20: unknown provider 'zzz' (known: panel, shop)"),
        ("accounts:\n  main: {provider: panel, key: {env: KEY}}", "2:3: 'url' is missing in 'main'"),
        ("accounts:\n  main: {provider: shop}", "2:3: 'key' is missing in 'main'"),
        (f"accounts:\n  'a b': {{{OK}}}", "2:3: expected a name of letters, digits, '-', '_' and '.', not 'a b'"),
        (account("verify_tsl: true"), "6:5: unknown key 'verify_tsl' (did you mean 'verify_tls'?)"),
        (account("verify_tls: yes"), "6:17: expected true or false, not text: write true or false"),
        (account("style: xml"), "6:12: expected form or json, not 'xml'"),
        (account("poll: {ordres: 60s}"), "6:12: unknown stream 'ordres' (did you mean 'orders'?)"),
        (
            account("poll: {orders: soon}"),
            "6:20: 'soon' is not a duration: expected a duration such as 90s, 5m, 6h or 2d",
        ),
        (account("poll: {orders: 60}"), "6:20: expected an interval such as 60s, 5m or 6h, or off, not a number"),
        (account("poll: 60s"), "6:11: expected a mapping from streams to intervals, not text"),
        (account("rate: 30 per minute"), "6:11: expected a rate such as 30/min, 5/s or 100/h, not '30 per minute'"),
        (account("rate: 0/min"), "6:11: expected a rate of at least 1 request, such as 1/min"),
        (account("rate: 30"), "6:11: expected a rate such as 30/min, 5/s or 100/h, not a number"),
        (account("timeout: 5"), "6:14: expected a duration such as 90s, 5m, 6h or 2d, not a number"),
        (account("labels: {team: 1}"), "6:20: expected text, not a number: put quotes around it"),
        (account("labels: [team]"), "6:13: expected a mapping such as {team: eu}, not a list"),
        (account("currency: '€'"), "6:15: expected a code such as USD"),
        (
            account("budget: {payuot: {max: 5, every: 1d}}"),
            "6:14: panel has no action 'payuot' (did you mean 'payout'?)",
        ),
        (account("budget: {payout: {max: 5}}"), "6:14: 'every' is missing in 'payout'"),
        (account("budget: {payout: {max: 0, every: 1d}}"), "6:28: expected more than 0"),
        (
            account("budget: {refill: {max: 5, every: 1d}}"),
            "6:14: nobody can know what refill costs at panel: no budget could ever allow it",
        ),
        (
            account("budget: {payout: {max: 5, every: 1d, currency: USD}}"),
            "6:42: unknown key 'currency' (known: every, max)",
        ),
        (shared("payout: {max: 5, every: 1d}"), "1:22: 'currency' is missing in 'payout'"),
        (shared("payout: {max: 5, every: 1d, currency: '€'}"), "1:60: expected a code such as USD"),
        (shared("payout: {max: 0, every: 1d, currency: USD}"), "1:36: expected more than 0"),
        (
            shared("payout: {max: 5, every: 1, currency: USD}"),
            "1:46: expected a duration such as 90s, 5m, 6h or 2d, not a number",
        ),
        (
            shared("payout: 5"),
            "1:30: expected a budget such as {max: 2000, currency: USD, every: 24h}, not a number",
        ),
        (
            shared("payuot: {max: 5, every: 1d, currency: USD}"),
            "1:22: no provider has an action 'payuot' (did you mean 'payout'?)",
        ),
        (
            shared("refill: {max: 5, every: 1d, currency: USD}"),
            "1:22: nobody can know what refill costs: no budget could ever allow it",
        ),
        (
            "settings: {budget: {payout: {max: 5, every: 1d, currency: USD}}}",
            "1:20: expected a list such as [{payout: {max: 2000, currency: USD, every: 24h}}], not a mapping",
        ),
        (
            "settings: {budget: [payout]}",
            "1:21: expected a mapping such as {payout: {max: 2000, currency: USD, every: 24h}}, not text",
        ),
        (
            "settings: {budget: [{}]}",
            "1:21: expected a mapping such as {payout: {max: 2000, currency: USD, every: 24h}}, not an empty one",
        ),
        (account("budget: {payout: 5}"), "6:22: expected a budget such as {max: 2000, every: 24h}, not a number"),
        (
            account("pin: 1234"),
            "6:10: expected a secret: {env: NAME}, {file: path} or {credential: NAME}, not a number: " + QUOTES,
        ),
        (
            account("pin: {enf: X}"),
            "6:10: expected a secret: {env: NAME}, {file: path} or {credential: NAME}, not a mapping (did you mean 'env'?)",
        ),
        (
            account("pin: {env: KEY, file: y}"),
            "6:10: expected a secret: {env: NAME}, {file: path} or {credential: NAME}, not a mapping",
        ),
        (account("more: {kode: x}"), "6:12: unknown key 'kode' (did you mean 'code'?)"),
        ("sinks:\n  ops: {type: hok}", "2:15: unknown type of sink 'hok' (did you mean 'hook'?)"),
        ("sinks:\n  ops: {url: https://x.example}", "2:3: 'type' is missing in 'ops'"),
        ("sinks:\n  ops: {type: hook}", "2:3: 'url' is missing in 'ops'"),
        ("sinks:\n  ops: {type: log, secert: x}", "2:20: unknown key 'secert' (known: events, type)"),
        (
            "sinks:\n  ops: {type: log, events: account.*}",
            "2:28: expected a list of event types or globs, such as [account.*, action.*], not text",
        ),
        (
            "sinks:\n  ops: {type: log, events: [acount.*]}",
            "2:29: no event is called 'acount.*' (did you mean 'account.*'?)",
        ),
        (
            "sinks:\n  ops: {type: log, events: [order.partal]}",
            "2:29: no event is called 'order.partal' (did you mean 'order.partial'?)",
        ),
    ],
)
def test_a_fault_is_said_at_its_place(reader: Reader, text: str, expected: str) -> None:
    assert reader.problems(text) == [expected]


@pytest.mark.parametrize(
    "url",
    [
        "panel.example",
        "ftp://p.example",
        "https://",
        "https://u:p@p.example",
        "https://u@p.example",
        "https://p.example/a b",
        "https://p.example:99999",
        "//p.example",
        "https://[::1",
        "",
        "file:///etc/passwd",
    ],
)
def test_an_address_is_http_and_holds_no_password_and_is_not_shown(reader: Reader, url: str) -> None:
    [problem] = reader.problems(f"accounts:\n  main:\n    provider: panel\n    url: '{url}'\n    key: {{env: KEY}}\n")
    assert problem.startswith(("4:10: expected an address", "4:10: an address must not hold"))
    assert "u:p" not in problem


@pytest.mark.parametrize("key", ["count", "absent", "group", "once_within", "unless", "silence"])
def test_a_documented_key_that_is_not_built_is_refused(reader: Reader, key: str) -> None:
    rule = f"rules:\n  - name: r\n    on: order.partial\n    do: [refill]\n    {key}: 5m\n"
    assert reader.problems(ACCOUNT + rule) == [f"7:5: {key!r} is not built yet"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{name: r, on: order.partial, do: [refill], wehn: x}", "4:48: unknown key 'wehn' (did you mean 'when'?)"),
        (
            "{name: r, on: order.partial, do: [refill], cooldown: soon}",
            "4:58: 'soon' is not a duration: expected a duration such as 90s, 5m, 6h or 2d",
        ),
        (
            "{name: r, on: balance.due, do: [{payout: {method: '7', account: {env: NOPE}}}]}",
            "4:69: the environment variable NOPE is not set",
        ),
    ],
)
def test_a_fault_of_a_rule_points_at_the_key_or_at_the_value(reader: Reader, rule: str, expected: str) -> None:
    assert reader.problems(f"{ACCOUNT}rules:\n  - {rule}\n") == [expected]


def test_a_mistyped_provider_does_not_make_rules_look_wrong(reader: Reader) -> None:
    rules = "rules:\n  - {name: r, on: order.partial, do: [refill], accounts: [main]}\n"
    text = ACCOUNT.replace("panel,", "pannel,") + rules
    assert reader.problems(text) == ["2:20: unknown provider 'pannel' (did you mean 'panel'?)"]


def test_an_unknown_provider_does_not_make_its_account_unknown(reader: Reader) -> None:
    other = "  other: {provider: panel, url: https://q.example, key: {env: KEY}}\n"
    rules = "rules:\n  - {name: r, on: order.partial, do: [refill], accounts: [main, other]}\n"
    text = ACCOUNT.replace("panel,", "zzz,") + other + rules
    assert reader.problems(text) == ["2:20: unknown provider 'zzz' (known: panel, shop)"]


def test_all_problems_come_at_once_and_in_order(reader: Reader) -> None:
    text = """\
settings: {mode: shadwo, http: 5}
accounts:
  main:
    provider: panel
    url: p.example
    key: {env: NOPE}
    poll: {ordres: 5s}
    url: again
  shop: {provider: shop, key: {file: none.key}, rate: often}
sinks:
  ops: {type: hok, events: [acount.*]}
rules:
  - {name: r, on: order.partail, do: [refil], wehn: x}
  - {name: r, on: order, when: order.remians > 0, do: [refill]}
"""
    places = [problem.split(": ")[0] for problem in reader.problems(text)]
    assert places == [
        "1:18",
        "1:32",
        "5:10",
        "6:10",
        "7:12",
        "8:5",
        "9:31",
        "9:55",
        "11:15",
        "11:29",
        "13:19",
        "13:39",
        "13:47",
        "14:12",
        "14:32",
    ]


def test_a_file_that_cannot_be_trusted_does_not_hide_the_faults_of_another(reader: Reader) -> None:
    (reader.folder / "a.yaml").write_text("settings: {mode: shadwo}", encoding="utf-8")
    (reader.folder / "b.yaml").write_text("accounts: {", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_configuration([reader.folder], REGISTRY, environ={})
    found = [str(problem).removeprefix(f"{reader.folder}/") for problem in caught.value.problems]
    assert [text.split(": ")[0] for text in found] == ["a.yaml:1:18", "b.yaml:1:12"]
