"""Where a daemon's requests are answered: the one object behind the socket, the page and the commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from bursar.control.calls import amounts_shown, checked_method, cost_streams, plan_call, quote, read_method, wanted_of
from bursar.control.commands import COMMANDS, UNCOUNTED
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.queries import QUERIES, known_account, text
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import OPEN, Intent
from bursar.domain.values import Json
from bursar.host.registry import Registry
from bursar.journal import audit, intents, meta, streams, views
from bursar.journal.errors import JournalError
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.supervisor import Supervisor
from bursar.pipeline.account_identity import quarantine_words
from bursar.pipeline.approval_links import ApprovalLinks
from bursar.pipeline.intent_transitions import OPERATOR
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.reload.ending import Ending
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.model import Account, Configuration

WAIT_S = 60.0


class Controller:
    """Answers for a running daemon.

    Args:
        context: What the loops share.
        registry: What plugins brought.
        supervisor: The loops; a reload puts new ones here.
        reload: Checks the configuration and has it taken on; gives every problem, or what it ends.
    """

    def __init__(
        self,
        context: RuntimeContext,
        registry: Registry,
        supervisor: Supervisor,
        reload: Callable[[], Awaitable[tuple[list[str], Ending | None]]] | None,
    ) -> None:
        self._context = context
        self._registry = registry
        self.supervisor = supervisor
        self._reload = reload

    @property
    def links(self) -> ApprovalLinks | None:
        """The signed links of approvals, if they are configured."""
        return self._context.config.links

    async def action(self, id_: IntentId) -> dict[str, Json] | None:
        """Return one intent as commands show it."""
        rows = await self._context.journal.read(lambda tx: views.actions(tx, None, None, [id_]))
        return rows[0] if rows else None

    async def intent(self, id_: IntentId) -> Intent | None:
        """Return an intent as it is now."""
        return await self._context.journal.read(lambda tx: intents.load(tx, id_))

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        """Answer one question.

        Raises:
            RequestRejected: it cannot be done; one sentence.
        """
        configuration = self.supervisor.configuration
        try:
            if verb in QUERIES:
                found = await self._context.journal.read(lambda tx: QUERIES[verb](tx, configuration, params))
                return {"problem": self._problem(), **found} if verb == "status" and isinstance(found, dict) else found
            if verb in COMMANDS:
                return await self._decide(verb, configuration, params)
        except ActionRejected as unwanted:
            await self._note_attempt(verb, params, str(unwanted))
            raise RequestRejected(str(unwanted)) from None
        except JournalError as error:
            raise RequestRejected(str(error), ErrorCode.FAILED) from None
        if verb in LOOP_REQUESTS:
            return await LOOP_REQUESTS[verb](self, params)
        raise RequestRejected(f"the daemon does not know {verb!r}; is it an older one?")

    async def _decide(self, verb: str, configuration: Configuration, params: dict[str, Json]) -> Json:
        """Do what a person has decided, and count it beside the journal.

        Raises:
            RequestRejected: nothing that is said now would be kept.
        """
        self._context.check_files()
        if self._context.displaced is not None:
            raise RequestRejected(f"{self._context.displaced}; nothing was done", ErrorCode.FAILED)
        # Read before the commit: counting in it would hide that the journal is behind.
        beside = self._context.journal.send_counter.read()

        def decide(uow: UnitOfWork) -> tuple[Json, bool]:
            # a restored journal that no daemon has recognized yet must not catch up by what is said on it
            counts = verb not in UNCOUNTED and not meta.restored(uow.tx, beside)
            if counts:
                # A no counts like a sending: a journal from before it would
                # have the payout leave that a person has denied.
                meta.count_sending(uow.tx)
            return COMMANDS[verb](uow, configuration, params), counts

        answer, counts = await self._context.commit(decide)
        if verb == "pause":
            # After the commit: what the gate let through before the pause
            # is kept back at the last moment before its first byte.
            self._context.call_off(text(params, "account"), "it was paused before it left")
        if counts:
            count = await self._context.journal.read(meta.send_count)
            with suppress(OSError):  # the decision stands; while this file cannot be written nothing is sent either
                self._context.journal.send_counter.raise_to(count)
        return answer

    def _problem(self) -> str | None:
        """Return why the daemon cannot do its work, in a sentence."""
        return self._context.displaced or self._context.journal.broken

    async def _note_attempt(self, verb: str, params: dict[str, Json], reason: str) -> None:
        """What a person asked for in vain is in the audit trail, too."""
        asked: dict[str, Json] = {name: value for name, value in params.items() if name in {"id", "ids", "account"}}
        await self._context.commit(
            lambda uow: audit.add(uow.tx, OPERATOR, f"declined.{verb}", None, {**asked, "reason": reason}, uow.now)
        )

    async def reload(self, _params: Mapping[str, Json]) -> Json:
        """Have the configuration read again; return what that ends.

        Raises:
            RequestRejected: the old configuration stays; each problem is a line.
        """
        if self._reload is None:
            raise RequestRejected("no daemon runs here: there is nothing to reload", ErrorCode.FAILED)
        # A reload that could not be written would leave memory and journal with two configurations.
        problem = self._problem()
        if problem is not None:
            raise RequestRejected(f"{problem}; the old configuration stays", ErrorCode.FAILED)
        problems, ends = await self._reload()
        if ends is None:
            raise RequestRejected("\n".join([*problems, "the old configuration stays"]), ErrorCode.BAD_CONFIGURATION)
        actions: list[Json] = [{"id": intent.shown_id, "reason": reason} for intent, reason in ends.intents]
        held: list[Json] = [
            {
                "rule": match.rule,
                "account": match.account,
                "subject": None if match.subject is None else str(match.subject),
                "reason": why,
            }
            for match, why in ends.matches
        ]
        others: list[Json] = [f"{name}: {quarantine_words(name)}" for name in ends.accounts]
        return {"reloading": True, "ends": {"actions": actions, "matches": held}, "quarantined": others}

    async def quote(self, params: Mapping[str, Json]) -> Json:
        """Return what a call would cost; what shows it is looked at first, unless a recent look has shown it."""
        account = known_account(self.supervisor.configuration, text(params, "account"))
        method, given = checked_method(account, params)
        wanted = wanted_of(method, given) if method.intents is not None else []
        # The amount that is shown is what the yes is for: it must not be of yesterday.
        await self._look_unless_known(account, cost_streams(account, wanted))
        return {"costs": await quote(self._context, account, wanted)}

    async def call(self, params: Mapping[str, Json]) -> Json:
        """Call a method: what reads is asked at once, what acts goes through the gate and is waited for.

        Raises:
            RequestRejected: there is no such method, or it may not be called so.
        """
        account = known_account(self.supervisor.configuration, text(params, "account"))
        method, given = checked_method(account, params)
        adapter = self.supervisor.adapters[account.name]
        if method.intents is None:
            return await read_method(adapter, method, given)
        wanted = wanted_of(method, given)
        shown = amounts_shown(params, wanted)
        budgeted = {budget.action for budget in (*account.budgets, *self._context.config.budgets)}
        await self._look_unless_known(account, cost_streams(account, [one for one in wanted if one.action in budgeted]))
        ids = await plan_call(self._context, account, wanted, shown)
        wait_s = WAIT_S if params.get("wait_s") is None else float(str(params["wait_s"]))
        return {"intents": await self._settled(account.name, ids, wait_s)}

    async def _look_unless_known(self, account: Account, streams_within: Mapping[str, timedelta]) -> None:
        """Look at streams whose last good poll is older than they may be."""
        poller = self.supervisor.pollers[account.name]
        for stream, within in streams_within.items():
            row = await self._context.journal.read(lambda tx, s=stream: streams.load(tx, account.name, s))  # type: ignore[misc]
            if stream in poller.streams and (row.ok_at is None or self._context.now() - row.ok_at > within):
                await poller.look_now(stream)

    async def _settled(self, account: AccountName, ids: Sequence[int], wait_s: float) -> list[Json]:
        """Wait until each intent has its first outcome, or the time is over; return them, and what they wait for."""
        clock, limiter = self._context.clock, self.supervisor.limiters[account]
        until_s = clock.monotonic() + wait_s
        while True:
            rows = await self._context.journal.read(lambda tx: views.actions(tx, None, None, list(ids)))
            left_s, paused_s = until_s - clock.monotonic(), limiter.paused_s()
            if all(row["state"] not in WAITING for row in rows) or left_s <= 0 or paused_s > left_s:
                return [_with_wait(row, paused_s) for row in rows]
            await clock.sleep(0.1)


LOOP_REQUESTS: Mapping[str, Callable[[Controller, Mapping[str, Json]], Awaitable[Json]]] = {
    "quote": Controller.quote,
    "call": Controller.call,
    "reload": Controller.reload,
}
"""What needs the loops: they look, send, and go on under another configuration."""

WAITING = {str(state) for state in OPEN} - {"unknown", "awaiting_approval", "deferred"}
"""States in which an intent has no outcome yet."""


def _with_wait(row: dict[str, Json], paused_s: float) -> Json:
    """Return what an intent that was not sent yet waits for."""
    if row["state"] != "ready" or paused_s <= 0:
        return row
    return {**row, "reason": f"waits: the provider asked to be left alone for {paused_s:.0f} s more"}
