"""What a sound configuration becomes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.api import Secret
from bursar.domain.rule import Budget, Mode
from bursar.pipeline.config_snapshot import account_spec
from bursar.settings.locations import default_paths, place_state
from bursar.settings.model import Retention
from support.settings import ACCOUNT, ENVIRON, HOOK, PANEL, Reader

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def test_an_account_has_what_it_says(reader: Reader) -> None:
    account = reader.read("""
accounts:
  main:
    provider: panel
    url: https://p.example/api
    key: {env: KEY}
    poll: {orders: 1s, balance: off}
    rate: 5/s
    timeout: 10s
    settle: 1h
    currency: EUR
    labels: {team: eu, tier: "1"}
    budget: {payout: {max: 10.10, every: 24h}}
""").accounts["main"]
    assert account.provider is PANEL
    assert account.polls == {"orders": SECOND, "balance": None}
    assert account.rate == (5, SECOND)
    assert account.budgets == (Budget("payout", Decimal("10.10"), DAY),)
    settings = account.settings
    assert (settings.name, settings.url, settings.key.reveal()) == ("main", "https://p.example/api", "sk-panel-1")
    assert (settings.timeout, settings.settle, settings.currency) == (10 * SECOND, HOUR, "EUR")
    assert settings.labels == {"team": "eu", "tier": "1"}


def test_an_account_has_its_providers_defaults(reader: Reader) -> None:
    account = reader.read("accounts: {shop: {provider: shop, key: {env: KEY}}}").accounts["shop"]
    assert account.polls == {"coupons": MINUTE}
    assert account.rate == (2, MINUTE)
    assert (account.settings.url, account.settings.timeout) == ("https://shop.example/api", 20 * SECOND)
    assert account.settings.settle == 5 * MINUTE


@pytest.mark.parametrize(
    ("rate", "meant"),
    [
        ("30/min", (30, MINUTE)),
        ("5/s", (5, SECOND)),
        ("100/h", (100, HOUR)),
        ("1 / d", (1, DAY)),
        ("2/minute", (2, MINUTE)),
    ],
)
def test_a_rate_is_read(reader: Reader, rate: str, meant: tuple[int, timedelta]) -> None:
    text = f"accounts: {{shop: {{provider: shop, key: {{env: KEY}}, rate: {rate}}}}}"
    assert reader.read(text).accounts["shop"].rate == meant


def test_a_providers_own_settings_arrive_as_what_they_mean(reader: Reader) -> None:
    more = ", pin: {env: KEY2}, more: {code: {env: KEY2}, pause: 5m}}\n"
    options = reader.read(ACCOUNT.replace("}}\n", "}" + more)).accounts["main"].settings.options
    assert options == {
        "verify_tls": True,
        "pin": Secret("sk-panel-2"),
        "patience": 10 * MINUTE,
        "style": "form",
        "more": {"code": Secret("sk-panel-2"), "pause": 5 * MINUTE},
    }


def test_a_sink_has_its_settings_and_globs(reader: Reader) -> None:
    sink = reader.read(
        "sinks: {ops: {type: hook, url: https://h.example, secret: {env: KEY}, events: [account.*, order.done]}}",
    ).sinks["ops"]
    assert (sink.type, sink.events) == (HOOK, ("account.*", "order.done"))
    assert sink.settings.options == {"url": "https://h.example", "secret": Secret("sk-panel-1")}


def test_rules_are_compiled(reader: Reader) -> None:
    [rule] = reader.read(ACCOUNT + "rules: [{name: r, on: order.partial, do: [refill]}]").rules
    assert (rule.name, rule.on) == ("r", ("order.partial",))


def test_the_settings_are_read(reader: Reader) -> None:
    settings = reader.read(
        "settings: {mode: shadow, heartbeat: 'https://hc.example/1', retention: {events: 1d}, baseline: events,"
        " ceiling: 7}"
    ).settings
    assert (settings.mode, settings.heartbeat, settings.baseline_events, settings.ceiling) == (
        Mode.SHADOW,
        "https://hc.example/1",
        True,
        7,
    )
    assert settings.retention == Retention(events=DAY)


def test_the_budgets_over_all_accounts_are_read(reader: Reader) -> None:
    settings = reader.read("""
settings:
  budget:
    - payout: {max: 10.10, currency: USD, every: 24h}
    - payout: {max: 9, currency: EUR, every: 7d}
""").settings
    assert settings.budgets == (
        Budget("payout", Decimal("10.10"), DAY, "USD"),
        Budget("payout", Decimal(9), 7 * DAY, "EUR"),
    )


def test_there_is_no_budget_over_all_accounts_unless_it_is_said(reader: Reader) -> None:
    assert reader.read("settings: {}").settings.budgets == ()


def test_every_secret_is_known_to_who_redacts(reader: Reader) -> None:
    text = ACCOUNT + "rules: [{name: r, on: balance.due, do: [{payout: {method: '7', account: {env: KEY2}}}]}]"
    assert reader.read(text).secrets == {"sk-panel-1", "sk-panel-2"}


def test_no_secret_shows_in_the_configuration(reader: Reader) -> None:
    read = reader.read(ACCOUNT)
    assert "sk-panel-1" not in repr(read.accounts)


def test_the_same_account_under_two_names_is_refused(reader: Reader) -> None:
    again = "  twin: {provider: panel, url: 'HTTPS://P.example:443/api/', key: {env: KEY}}\n"
    assert reader.problems(ACCOUNT + again) == [
        "3:3: 'twin' is the same account as 'main' at bursar.yaml:2:3: provider, url and key are equal"
    ]


@pytest.mark.parametrize("host", ["www.p.example", "p.example:8443", "127.0.0.1"])
def test_one_key_under_two_addresses_is_warned_of(reader: Reader, host: str) -> None:
    again = f"  twin: {{provider: panel, url: 'https://{host}/api', key: {{env: KEY}}}}\n"
    assert [str(one.message) for one in reader.read(ACCOUNT + again).warnings] == [
        "'twin' has the key of 'main': if it is one site, all that rules do there is done twice"
    ]


@pytest.mark.parametrize(
    "other", ["key: {env: KEY2}, url: https://p.example/api", "key: {env: KEY}, url: https://p.example/v1"]
)
def test_another_key_or_address_is_another_account(reader: Reader, other: str) -> None:
    assert set(reader.read(f"{ACCOUNT}  twin: {{provider: panel, {other}}}\n").accounts) == {"main", "twin"}


def test_a_key_that_travels_unencrypted_is_a_warning(reader: Reader) -> None:
    assert reader.warnings(ACCOUNT.replace("https:", "http:")) == [
        "2:32: http:// sends the key unencrypted: use https://"
    ]


def test_a_key_that_stays_on_this_machine_is_none(reader: Reader) -> None:
    assert reader.warnings(ACCOUNT.replace("https://p.example", "http://127.0.0.1:8080")) == []


def test_an_empty_mapping_is_a_configuration(reader: Reader) -> None:
    read = reader.read("{}")
    assert (dict(read.accounts), dict(read.sinks), read.rules) == ({}, {}, ())


def test_a_relative_state_lies_beside_the_file_that_names_it(reader: Reader) -> None:
    settings = reader.read("settings: {state: sub/j.db}").settings
    assert (settings.state, settings.socket) == (reader.folder / "sub/j.db", reader.folder / "sub/control.sock")


ETC = (Path("/etc/bursar"),)


@pytest.mark.parametrize(
    ("paths", "state", "file", "socket"),
    [
        (ETC, None, "/var/lib/bursar/journal.db", "/run/bursar/control.sock"),
        (ETC, "/srv/j.db", "/srv/j.db", "/srv/control.sock"),
        (
            (Path("x.yaml"),),
            None,
            "/home/me/.local/state/bursar/journal.db",
            "/home/me/.local/state/bursar/control.sock",
        ),
        ((Path("x.yaml"),), "~/j.db", "/home/me/j.db", "/home/me/control.sock"),
        (
            (*ETC, Path("x.yaml")),
            None,
            "/home/me/.local/state/bursar/journal.db",
            "/home/me/.local/state/bursar/control.sock",
        ),
    ],
)
def test_every_command_finds_the_same_journal(
    paths: tuple[Path, ...],
    state: str | None,
    file: str,
    socket: str,
) -> None:
    assert place_state(paths, state, Path("/etc/bursar"), ENVIRON) == (Path(file), Path(socket))


@pytest.mark.parametrize(
    ("environ", "paths"),
    [
        ({}, "/etc/bursar"),
        ({"BURSAR_CONFIG": "/srv/b.yaml"}, "/srv/b.yaml"),
        ({"BURSAR_CONFIG": "~/b", "HOME": "/home/me"}, "/home/me/b"),
        ({"BURSAR_CONFIG": ""}, "/etc/bursar"),
    ],
)
def test_the_configuration_is_found(environ: dict[str, str], paths: str) -> None:
    assert default_paths(environ) == (Path(paths),)


TIMES = ACCOUNT.replace("}}\n", "}, timeout: 60s, settle: 30s}\n")
SHORT = "settle is shorter than timeout: a lost request may land until timeout is over, so timeout counts"


def test_a_settle_that_is_shorter_than_a_request_may_last_is_a_warning(reader: Reader) -> None:
    assert reader.warnings(TIMES) == [f"2:86: {SHORT}"]


def test_it_is_said_of_the_timeout_where_settle_is_the_default(reader: Reader) -> None:
    assert reader.warnings(TIMES.replace(", settle: 30s", "").replace("60s", "6m")) == [f"2:72: {SHORT}"]


@pytest.mark.parametrize("settle", ["60s", "5m"])
def test_a_settle_that_lasts_as_long_as_a_request_is_none(reader: Reader, settle: str) -> None:
    assert reader.warnings(TIMES.replace("30s", settle)) == []


def test_what_counts_is_the_longer_of_settle_and_timeout(reader: Reader) -> None:
    assert account_spec(reader.read(TIMES).accounts["main"]).settle == 60 * SECOND
