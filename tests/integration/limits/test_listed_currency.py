"""What a provider lists as moved settles a budget only in the account's own currency."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bursar.api import Observation, Observed, SubjectRef, Succeeded
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.ledger import listed_amount
from bursar.host.plugins import load_plugins
from bursar.journal import ledger
from bursar.journal.writer import Journal
from bursar.loops.clock import RealClock
from bursar.loops.startup import open_context
from bursar.pipeline.dispatch import claim
from bursar.pipeline.ingest import Poll, ingest
from bursar.pipeline.outcomes import record_outcome
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.read import read_configuration

CONFIG = """
settings: {state: ./journal.db}
accounts:
  exchange: {provider: premium_exchanger, url: 'http://127.0.0.1:1/api.html', key: k1, currency: USD}
rules:
  - {name: pay, on: balance.passed_min_payout, do: [{payout: {method: "7", account: T-wallet-1}}]}
"""
EXCHANGE, BALANCE = AccountName("exchange"), SubjectRef("balance", "balance")


@pytest.mark.parametrize("first", ["the yes", "the list"])
@pytest.mark.parametrize(
    ("listed", "currency", "counts"),
    [("0.012", "BTC", "900"), ("880", "USD", "880"), ("880", "usd", "880"), ("880", None, "880")],
)
async def test_what_is_listed_settles_the_budget_in_its_own_currency(
    tmp_path: Path, listed: str, currency: str | None, counts: str, first: str
) -> None:
    (tmp_path / "bursar.yaml").write_text(CONFIG, encoding="utf-8")
    configuration = read_configuration([tmp_path / "bursar.yaml"], load_plugins(), environ={})
    journal = Journal.open(configuration.settings.state)
    context = await open_context(configuration, journal, RealClock())

    def look(uow: UnitOfWork) -> None:
        seen = Observed(BALANCE, {"amount": Decimal(900), "min_payout": Decimal(50), "currency": "USD"})
        ingest(uow, uow.config.accounts[EXCHANGE], Observation("info", (seen,)), Poll(uow.now, (BALANCE,), first=True))

    def list_nothing(uow: UnitOfWork) -> None:
        ingest(uow, uow.config.accounts[EXCHANGE], Observation("payouts", ()), Poll(uow.now, first=True))

    def send(uow: UnitOfWork) -> None:
        claim(uow, [IntentId(1)], {"payouts": [], "balance": "900"})

    def say_yes(uow: UnitOfWork) -> None:
        record_outcome(uow, IntentId(1), 1, Succeeded(reference="41"), uow.now)

    def list_it(uow: UnitOfWork) -> None:
        fields = {"method": "7", "amount": Decimal(listed), "currency": currency}
        row = Observed(SubjectRef("payout", "41"), fields, "done")
        ingest(uow, uow.config.accounts[EXCHANGE], Observation("payouts", (row,)), Poll(uow.now, first=True))

    for step in (list_nothing, look, send, *((say_yes, list_it) if first == "the yes" else (list_it, say_yes))):
        await context.commit(step)
    entry = await journal.read(lambda tx: ledger.load(tx, IntentId(1)))
    journal.close()
    assert entry is not None
    assert entry.spends == Decimal(counts)


@pytest.mark.parametrize("said", [Decimal(-1), Decimal("NaN"), Decimal("Infinity"), "5", None])
def test_what_is_no_amount_settles_nothing(said: object) -> None:
    assert listed_amount({"amount": said}, "amount", "USD") is None
