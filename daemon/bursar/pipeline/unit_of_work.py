"""What one commit works with: `ReadView` is what it may look at, `UnitOfWork` what it writes into, besides."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.ledger import Entry
from bursar.domain.lineage import Lineage
from bursar.domain.observation import Snapshot
from bursar.domain.timeline import Measured
from bursar.domain.values import Json
from bursar.journal import clock, held, ledger, subjects
from bursar.journal.matches import MatchRow
from bursar.journal.writer import Tx
from bursar.pipeline.config_snapshot import AccountSpec, ConfigSnapshot

CURRENCY = "currency"
"""The field by which a balance says its currency, where the configuration does not name the account's."""

MAX_DEPTH = 4
"""How far rules may answer, within one commit, to what rules did."""


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event that rules have yet to be asked about. `depth`: how many rules led to it in this commit."""

    event: Event
    snapshot: Snapshot | None
    depth: int


class Counting(NamedTuple):
    """Which entries of the ledger are counted: of an account (or of several), a rule, an action; None: of any."""

    account: AccountName | None = None
    rule: Lineage | None = None
    action: str | None = None
    accounts: tuple[AccountName, ...] | None = None

    def covers(self, entry: Entry) -> bool:
        """Return whether an entry is one of these."""
        return (
            self.account in (None, entry.account)
            and (self.rule is None or self.rule.covers(entry))
            and self.action in (None, entry.action)
            and (self.accounts is None or entry.account in self.accounts)
        )


@dataclass(slots=True)
class ReadView:
    """One transaction as deciders see it.

    Attributes:
        tx: The transaction.
        config: What is configured.
        now: The instant of all that is decided in it, on the journal's timeline.
        ahead: By how much the wall clock is ahead of the timeline.
        steady: The wall clock can be believed.
        fresh_since: Facts that were asked for before are too old to act on.
        settled_since: From when on `settle` counts at the earliest: the run's start, or the last jump of the clock.
        displaced: Why nothing may be sent any more: the journal's files are not where they were.
        secret_params: Secret parameters that a person gave in this run, by intent: the journal has only their masks.
    """

    tx: Tx
    config: ConfigSnapshot
    now: datetime
    ahead: timedelta = timedelta(0)
    steady: bool = True
    fresh_since: datetime | None = None
    settled_since: datetime | None = None
    displaced: str | None = None
    secret_params: Mapping[int, Mapping[str, Json]] = field(default_factory=dict)
    _measured: Measured | None = None
    _held: dict[AccountName, Mapping[IntentId, datetime]] = field(default_factory=dict)
    _counting: dict[tuple[datetime, Counting], tuple[int, dict[int, Entry]]] = field(default_factory=dict)

    @property
    def wall(self) -> datetime:
        """Return what the wall clock says."""
        return self.now + self.ahead

    @property
    def measured(self) -> Measured:
        """Return the timeline as what protects money counts it."""
        if self._measured is None:
            self._measured = clock.measured(self.tx)
        return self._measured

    def counting(self, since: datetime, what: Counting) -> list[Entry]:
        """Return the entries of the ledger that something became of since an instant, and those that are open.

        A commit that plans many actions asks this again and again; only what it has posted meanwhile is read anew.
        """
        seen, found = self._counting.get((since, what), (0, None))
        if found is None:
            found = {one.id: one for one in ledger.counting(self.tx, since, *what)}
        elif news := set(self.tx.posted[seen:]):
            found.update((one.id, one) for one in ledger.of_ids(self.tx, news) if what.covers(one))
        self._counting[since, what] = len(self.tx.posted), found
        return list(found.values())

    def forget_counting(self) -> None:
        """What was posted is undone: everything is read anew."""
        self._counting.clear()

    def shown_by_held(self, account: AccountSpec) -> Mapping[IntentId, datetime]:
        """Return the intents whose effect a held observation of an account shows, each with when that was asked for.

        Read once in a transaction: what that holds itself says nothing to what it decides.
        """
        if account.name not in self._held:
            self._held[account.name] = held.shows(self.tx, account.name, account.digest)
        return self._held[account.name]

    def subject(self, account: AccountName, ref: SubjectRef | None) -> Snapshot | None:
        """Return what is known of a subject of a configured account."""
        spec = self.config.accounts.get(account)
        return None if spec is None or ref is None else subjects.find(self.tx, account, spec.kinds, ref)

    def currency_of(self, spec: AccountSpec) -> str | None:
        """Return the account's currency, in capitals: what the configuration names, else what its balance says."""
        if spec.facts.currency is not None:
            # In one case, here and where it is listed: "usd" and "USD" are one budget.
            return spec.facts.currency.upper()
        for kind in spec.kinds.values():
            if kind.name == "balance" and CURRENCY in kind.fields:
                known = self.subject(spec.name, SubjectRef(kind.name, kind.name))
                said = known.fields.get(CURRENCY) if known is not None else None
                return str(said).upper() if said is not None else None
        return None


@dataclass(slots=True)
class UnitOfWork(ReadView):
    """One transaction under way.

    Attributes:
        depth: The depth of the event that is being answered.
        queue: Events that rules have yet to be asked about.
        wake: Which loops have something to do once it is committed.
        effects: How many effects each account has caused within the ceiling's window, those of this commit included.
        past_ceiling: Accounts of which something waits for a yes to go past the ceiling.
        ended: Matches that ended with their rule's text: what would not come anew is asked once more.
    """

    depth: int = 0
    queue: deque[QueuedEvent] = field(default_factory=deque)
    wake: set[str] = field(default_factory=set)
    effects: dict[AccountName, int] = field(default_factory=dict)
    past_ceiling: set[AccountName] = field(default_factory=set)
    ended: list[MatchRow] = field(default_factory=list)
