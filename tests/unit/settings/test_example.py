"""The example that everybody starts from, against the plugins that are really installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bursar.host.plugins import load_plugins
from bursar.settings.model import Configuration, ConfigurationError
from bursar.settings.read import read_configuration
from bursar.settings.schema import configuration_schema

EXAMPLE = Path(__file__).parents[3] / "rules.example.yaml"
SECRETS = {"PANEL_KEY": "k1", "PX_KEY": "k2", "HOOK_SECRET": "k3", "USDT_WALLET": "k4"}


def read(**options: bool) -> Configuration:
    return read_configuration([EXAMPLE], load_plugins(), environ={}, **options)


def test_it_passes_as_it_stands_without_secrets() -> None:
    assert read(without_secrets=True).warnings == ()


def test_it_names_every_secret_that_is_missing() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read()
    missing = " ".join(problem.message for problem in caught.value.problems)
    assert all(name in missing for name in (*SECRETS, "anticaptcha"))


def test_a_credential_of_the_unit_is_a_warning_where_it_may_be() -> None:
    read_ = read_configuration([EXAMPLE], load_plugins(), environ=SECRETS, unit_only_is_warning=True)
    assert [warning.message for warning in read_.warnings] == [
        "only the systemd unit can read the credential 'anticaptcha'"
    ]


def test_it_holds_the_four_rules_of_the_mission() -> None:
    assert [rule.name for rule in read(without_secrets=True).rules] == [
        "refill-partial-orders",
        "cancel-stuck-orders",
        "payout-when-due",
        "coupon-activated",
    ]


def test_it_holds_an_account_of_each_kind_and_two_sinks() -> None:
    configuration = read(without_secrets=True)
    assert {account.provider.name for account in configuration.accounts.values()} == {
        "smm",
        "anticaptcha",
        "premium_exchanger",
    }
    assert set(configuration.sinks) == {"ops", "book"}


def test_the_schema_is_a_sound_one() -> None:
    Draft202012Validator.check_schema(configuration_schema(load_plugins()))


def test_the_example_meets_the_schema_for_editors_too() -> None:
    from bursar.settings.document import read_documents
    from bursar.settings.schema_errors import find_faults

    document = read_documents([EXAMPLE]).document
    assert find_faults(document, configuration_schema(load_plugins())) == []


def test_every_plugin_of_ours_is_loaded() -> None:
    ours = {report.name: report.error for report in load_plugins().plugins if report.distribution == "bursar"}
    assert ours == dict.fromkeys(("smm", "premium_exchanger", "anticaptcha", "webhook", "log", "prove"))
