"""From events and observed subjects to matches: the rules that listen are asked, and their answers are written.

What an event says of earlier effects is read first, so that rules are asked about a ledger that knows it. A plugin's
function that raises here costs the one match that it was asked for, never the rest of the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bursar.domain.evaluate import Match, evaluate, evaluate_state
from bursar.domain.event import Event
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Rule, Scope
from bursar.domain.subject import Coverage
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import matches, verdicts
from bursar.journal.errors import JournalError, of_database
from bursar.journal.matches import MatchRow
from bursar.journal.verdicts import NOTHING
from bursar.pipeline.approvals import tell_ceilings
from bursar.pipeline.dispatch import apply_match, fail
from bursar.pipeline.effects.later_states import read_event
from bursar.pipeline.events import NOBODY
from bursar.pipeline.match_facts import RULE_GONE, recall
from bursar.pipeline.reload.edited_rules import ask_anew, end_held
from bursar.pipeline.reload.former_entries import stood_before
from bursar.pipeline.unit_of_work import MAX_DEPTH, QueuedEvent, UnitOfWork

UNSEEN_PAUSE = timedelta(minutes=1)
log = structlog.get_logger("bursar")


def process_events(uow: UnitOfWork) -> None:
    """Ask the rules about all events of this commit, and about those that come of it."""
    while uow.queue or uow.past_ceiling or uow.ended:
        ask_anew(uow)
        if not uow.queue and uow.past_ceiling:
            tell_ceilings(uow)
        if not uow.queue:
            continue
        queued = uow.queue.popleft()
        # Two rules that answer each other would otherwise never let the commit end, and order for each other meanwhile.
        if queued.depth > MAX_DEPTH:
            continue
        uow.depth = queued.depth
        _answer(uow, queued)


def _answer(uow: UnitOfWork, queued: QueuedEvent) -> None:
    """Have one event followed up; what fails there costs that, never the fact that it follows."""

    def follow_up() -> None:
        read_event(uow, queued.event)
        ask_event_rules(uow, queued.event, queued.snapshot)

    def unanswered(_error: Exception) -> None:
        log.error("event.unanswered", type=queued.event.type, id=queued.event.id)

    isolated(uow, follow_up, unanswered)


def ask_event_rules(uow: UnitOfWork, event: Event, snapshot: Snapshot | None) -> None:
    """Put an event to the rules that listen to it, once each."""
    facts = uow.config.facts(event.account)
    for rule in uow.config.rules.for_event(event.type, facts):
        verdict = evaluate(rule, event, facts, snapshot, uow.now, uow.ahead)
        verdicts.note(uow.tx, rule, event.account, event.subject, verdict, event, uow.now)
        if isinstance(verdict, Match):
            match = matches.add(uow.tx, rule, event.account, event.subject, event, verdict.reason, uow.now)
            _apply(uow, rule, match, Scope(facts, uow.now, snapshot, event, uow.ahead))


def ask_state_rules(
    uow: UnitOfWork, before: Snapshot | None, snapshot: Snapshot, asked_at: datetime, *, news: bool
) -> None:
    """Put a subject that was just observed to the state rules that watch its type.

    Args:
        uow: The unit of work.
        before: The subject as it was known before.
        snapshot: The subject as the observation left it.
        asked_at: When the observation was asked for.
        news: Its first sight, if this is it, counts as an entry; a baseline does not.
    """
    facts = uow.config.facts(snapshot.account)
    scope = Scope(facts, uow.now, snapshot, None, uow.ahead)
    for rule in uow.config.rules.for_subject(snapshot.ref.type, facts):
        since = verdicts.rule_since(uow.tx, rule, uow.now)
        held = verdicts.standing(uow.tx, rule, snapshot.account, snapshot.ref)
        stood = held.standing if held is not None else stood_before(uow, rule, before, snapshot, asked_at)
        # A rule that is first noted in this very commit is itself what is new: it must not act on an import.
        entry = news and snapshot.first_seen_at == uow.now and since < uow.now
        after, verdict = evaluate_state(rule, scope, stood, asked_at, entry=entry)
        if held is None or after != stood or (verdicts.word(verdict), verdict.reason) != (held.verdict, held.reason):
            verdicts.stand(uow.tx, rule, snapshot.account, snapshot.ref, uow.now, after, verdict)
        if isinstance(verdict, Match):
            match = matches.add(uow.tx, rule, snapshot.account, snapshot.ref, None, verdict.reason, uow.now)
            _apply(uow, rule, match, scope)


def retry_held_back(uow: UnitOfWork, account: AccountName, ref: SubjectRef, snapshot: Snapshot | None) -> None:
    """What held matches back has ended, and their subject was just observed: have them asked once more.

    One whose rule says yes to an event of the same sight is not asked besides: that takes its place.
    """
    held = matches.held_of(uow.tx, account, ref, uow.now)
    news = [one for one in uow.queue if held and (one.event.account, one.event.subject) == (account, ref)]
    facts = uow.config.facts(account)
    heard = [(rule, one) for one in news for rule in uow.config.rules.for_event(one.event.type, facts)]
    # Both would ask for one balance: the one that waited, and the one of the event that came anew in this sight.
    newer = {rule.name for rule, one in heard if _says_yes(uow, rule, one)}
    for match in held:
        if match.rule not in newer:
            _retry(uow, match, snapshot)


def _says_yes(uow: UnitOfWork, rule: Rule, queued: QueuedEvent) -> bool:
    """Return whether a rule will match an event that is still to be put to it."""
    facts = uow.config.facts(queued.event.account)
    try:
        verdict = evaluate(rule, queued.event, facts, queued.snapshot, uow.now, uow.ahead)
    except Exception:  # noqa: BLE001 - a plugin's function: that is told when the event is put to the rule
        return False
    return isinstance(verdict, Match)


def _retry(uow: UnitOfWork, match: MatchRow, snapshot: Snapshot | None) -> None:
    rule = uow.config.active_rule(match.rule)
    if rule is None:
        end_held(uow, [(match, RULE_GONE)])
        return
    scope = Scope(uow.config.facts(match.account), uow.now, snapshot, recall(uow, match), uow.ahead)
    _apply(uow, rule, match, scope)


def retry_unobserved(uow: UnitOfWork) -> None:
    """Ask once more what no poll will ever show: events without a subject, or of one that never came to be; and what is
    about a subject that is not looked at any more."""
    for account in (*uow.config.accounts, NOBODY):
        due = matches.due_subjects(uow.tx, account, uow.now)
        unseen = _unseen(uow, account, due) if due else {}
        for ref in due:
            # No poll will ever show these, so that waiting for a look would be waiting for ever.
            if ref == NOTHING or ref.id.startswith("+"):
                retry_held_back(uow, account, ref, None)
            elif ref in unseen:
                _end_unseen(uow, account, ref, *unseen[ref])


def _unseen(uow: UnitOfWork, account: AccountName, refs: Sequence[SubjectRef]) -> dict[SubjectRef, tuple[str, bool]]:
    """Return those subjects that no poll will show, each with why, and whether that is for good.

    A stream that is off may be on again at the next reload.
    """
    spec = uow.config.accounts.get(account)
    if spec is None:
        return {}
    found: dict[SubjectRef, tuple[str, bool]] = {}
    for type_ in {ref.type for ref in refs}:
        kind = spec.kinds.get(type_)
        if kind is None or not spec.looks_at(kind.stream):
            why = f"{account} has no {type_}" if kind is None else f"{kind.stream} is off"
            found.update((ref, (why, kind is None)) for ref in refs if ref.type == type_)
        elif spec.streams[kind.stream].coverage is Coverage.TRACKED:
            unwatched = matches.due_unwatched(uow.tx, account, type_, uow.now)
            found.update((ref, (f"{ref} is not under watch", True)) for ref in unwatched)
    return found


def _end_unseen(uow: UnitOfWork, account: AccountName, ref: SubjectRef, why: str, for_good: bool) -> None:
    """End what is held back about a subject that is not looked at: nothing is done on facts that cannot be seen anew.

    A text about an event is still true: it goes out by what is known. An action waits on for a stream that is off.
    """
    for match in matches.held_of(uow.tx, account, ref, uow.now):
        rule = uow.config.active_rule(match.rule)
        tells = rule is not None and rule.watches is None and not rule.acts()
        if tells:
            _retry(uow, match, uow.subject(account, ref))
        elif not for_good:
            # A reload may turn the stream on again: a payout that waited
            # must not be dropped for a `poll: off` of an hour.
            waits = HoldBack(BlockReason.STALE, f"nobody looks at it: {why}", uow.now + UNSEEN_PAUSE)
            matches.hold_back(uow.tx, match, waits, match.acts_planned)
            continue
        after = matches.load(uow.tx, match.id)
        if not tells or (after is not None and (after.state, after.block) == ("held", BlockReason.LAPSED)):
            matches.drop(uow.tx, match.id, f"nobody can tell how it stands: {why}", uow.now)


def _apply(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope) -> None:
    """Carry one match out; if a plugin's function fails in it, nothing of it happened but that this is told."""
    isolated(uow, lambda: apply_match(uow, rule, match, scope), lambda error: _failed(uow, match, error))


def _failed(uow: UnitOfWork, match: MatchRow, error: Exception) -> None:
    reason = f"a plugin's function failed ({type(error).__name__})"
    matches.drop(uow.tx, match.id, reason, uow.now)
    fail(uow, match, reason)


def isolated(uow: UnitOfWork, work: Callable[[], None], otherwise: Callable[[Exception], None]) -> None:
    """Do something that may fail alone: then what it wrote and queued is undone, and something else is done.

    Raises:
        JournalError: the database failed, not the work.
    """
    queued, wake, effects, ceilings = len(uow.queue), set(uow.wake), dict(uow.effects), set(uow.past_ceiling)
    ended = len(uow.ended)
    try:
        with uow.tx.attempt():
            work()
    # A commit that cannot be written fails as a whole; told as a plugin's fault it would cost matches on a full disk.
    except JournalError:
        raise
    except Exception as error:
        if of_database(error):
            raise
        log.exception("plugin.function_failed", error=type(error).__name__)
        # What memory has of the undone part goes with it: an event that was rolled back must not be answered.
        while len(uow.queue) > queued:
            uow.queue.pop()
        del uow.ended[ended:]
        uow.wake, uow.effects, uow.past_ceiling = wake, effects, ceilings
        # Entries that were rolled back would go on counting in budgets.
        uow.forget_counting()
        otherwise(error)
