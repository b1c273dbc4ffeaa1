"""What waits at a provider beside what a rule would take from an account's balance.

It may be the same money: bursar's own payout, of a journal that is not there any more (its volume was not mounted, it
was restored, somebody has moved it), or a person's. A site that debits only when a payout is done shows the balance
until then. Where the account says `debits_at_once` nothing is asked: no look tells it for certain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import Consent, Cost
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import Intent
from bursar.domain.ledger import Entry, Post
from bursar.domain.observation import Snapshot
from bursar.domain.permission import RESTORED_WITHIN
from bursar.domain.subject import SubjectType
from bursar.domain.verdict import BlockReason, HoldBack, Question, RequireApproval
from bursar.journal import events, intents, ledger, questions, references, streams, subjects
from bursar.journal.questions import Beside
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.left_out import is_left_out
from bursar.pipeline.unit_of_work import ReadView

SETTLES = 3
"""So many times `settle` the balance may show what is listed as over: a quarter of an hour, unless `settle` is set."""
UNPOLLED_FOR = timedelta(hours=1)
"""So long another poll is waited for, where none succeeds."""
LOOKED_AGAIN = timedelta(minutes=1)
SEEN_WITHIN = timedelta(minutes=15)
"""So long what is ready waits for the first look at what waits at the provider."""
UNSEEN = "?"
"""Stands for what nobody has seen, among what a person said yes to."""
SHOWN = 3
OF_INTENT = "of intent "
"""Begins what stands for something of ours whose number nobody knows."""
WAITS = "waits there, and this journal does not know what it took"
GONE = "was listed as waiting, and no list has shown its end"
NEVER_SHOWN = "was accepted, and nothing has shown that it was taken"
ANSWERS = "if it is the same money, deny; a yes pays beside it"


def unfamiliar(
    view: ReadView, spec: AccountSpec, candidate: Candidate, entries: Sequence[Entry], cost: Cost
) -> HoldBack | RequireApproval | None:
    """Return what to do about what a rule would take beside others that wait; None: there is nothing to it.

    A person's yes is to what was shown: to something else that waits there, and to more, he is asked anew.

    Args:
        view: What is known.
        spec: The account.
        candidate: The action.
        entries: What was taken before, newest first.
        cost: What would leave.
    """
    action = candidate.action
    if action is None or candidate.rule is None or not action.takes_balance:
        return None
    if (wait := _just_over(view, spec, candidate, action)) is not None:
        return wait
    before = [one for one in entries if one.action == action.name]
    doubted = _doubted(view, spec, candidate, action)
    waiting = _waiting(view, spec, candidate, action, before)
    foreign = {id_ for id_ in waiting or () if not _is_ours(view, spec, action, id_)}
    beside = sorted(id_ for id_ in foreign | doubted if not _said_yes(view, spec, candidate, action, id_, cost))
    if beside:
        return _question(view, spec, candidate, action, beside, foreign - doubted)
    return _unlooked(view, spec, candidate, action, before) if waiting is None else None


def _just_over(view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType) -> HoldBack | None:
    """Wait for what was just listed as over: for three times `settle`, and another poll, the balance may show it still.

    A site may list a payout as done minutes before it leaves the balance, or for once by a slip.
    """
    if spec.debits_at_once or action.settled_by is None:
        return None
    kind = spec.kinds[action.settled_by[0]]
    row, polled = streams.load(view.tx, spec.name, kind.stream), spec.looks_at(kind.stream)
    if polled and candidate.intent is not None and _is_unpolled(view, candidate.intent, row):
        news = {id_ for id_, waits in _read(candidate).items() if not waits}.intersection(_listed(view, spec, kind))
        if news:  # since when it is over, the next poll tells
            words = f"{kind.name}/{min(news)} is over, and no poll has shown it yet"
            return HoldBack(BlockReason.STALE, words, brief=True)
    ends = (events.last(view.tx, spec.kinds, spec.name, f"{kind.name}.{state}") for state in kind.terminal)
    last = max(filter(None, ends), key=lambda one: one.at, default=None)
    # What the first poll lists as over may have been so for years (`baseline: events` tells it all the same).
    if last is None or (row.baselined_at is not None and last.at <= row.baselined_at):
        return None
    until = view.measured.after(last.at, SETTLES * spec.settle, view.now)
    seen_again = not polled or (row.ok_at is not None and row.ok_at > last.at)
    # A stream that fails from then on must not keep the money for ever: what is read before sending tells it, too.
    if until <= view.now and (seen_again or until + UNPOLLED_FOR <= view.now):
        return None
    words = f"{last.subject} was listed as over a short while ago: the balance may show it still"
    return HoldBack(BlockReason.UNSETTLED, words, max(until, view.now + LOOKED_AGAIN), brief=True)


def _is_unpolled(view: ReadView, intent: Intent, row: streams.StreamRow) -> bool:
    """Return whether no good poll has come since an intent was ready; a while that is waited for."""
    return view.now - intent.ready_at < SEEN_WITHIN and (row.ok_at is None or row.ok_at <= intent.ready_at)


def _question(
    view: ReadView,
    spec: AccountSpec,
    candidate: Candidate,
    action: ActionType,
    beside: Sequence[str],
    strangers: Collection[str],
) -> RequireApproval:
    """Return the question: what is there, how much it took if that is listed, and what a yes and a no do."""
    named = [_named(view, spec, action, id_) for id_ in beside[:SHOWN]]
    more = f" and {len(beside) - SHOWN} more" if len(beside) > SHOWN else ""
    made = action.settled_by[0] if action.settled_by is not None else action.name
    unknown = [id_ for id_ in beside if id_ in strangers]
    gone = all(_is_gone(view, spec, candidate, action, id_) for id_ in unknown)
    how = (GONE if gone else WAITS) if unknown else NEVER_SHOWN
    words = f"{made} {', '.join(named)}{more} {how}: {ANSWERS}"
    return RequireApproval(words, RESTORED_WITHIN, Question.RESTORED, tuple(beside))


def _is_gone(view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, id_: str) -> bool:
    """Return whether no list has any more what was listed as waiting: none just read, and none that a poll brought."""
    if action.settled_by is None or id_.startswith(OF_INTENT) or id_ in _read(candidate):
        return False
    kind = spec.kinds[action.settled_by[0]]
    known = view.subject(spec.name, SubjectRef(kind.name, id_))
    if spec.looks_at(kind.stream):
        return known is not None and is_left_out(known)
    return candidate.evidence is not None and action.evidence_lists is not None


def _named(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> str:
    """Name what waits, with what it took as far as that is listed."""
    if action.settled_by is None or id_.startswith(OF_INTENT):
        return id_
    made, amount = action.settled_by
    known = view.subject(spec.name, SubjectRef(made, id_))
    took = known.fields.get(amount) if known is not None else None
    return id_ if took is None else f"{id_} ({took})"


def _waiting(
    view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, before: Sequence[Entry]
) -> set[str] | None:
    """Return what waits at the provider, by what was just read for it and by what polls have shown; None: nobody has
    looked in this run."""
    if spec.debits_at_once or action.settled_by is None:
        return set()
    kind = spec.kinds[action.settled_by[0]]
    polled = set(_listed(view, spec, kind)) if spec.looks_at(kind.stream) else set()
    if action.evidence_lists is None:
        return polled if _is_seen(view, spec, kind) else None
    if candidate.evidence is None:  # at the plan: an old list may show what is over by now, and a new one is read soon
        # What waits may be what one of these in doubt made: that is looked for just before sending.
        in_doubt = any(one.in_doubt or one.outcome is Post.REFUSED for one in before)
        return polled if not in_doubt and _is_seen(view, spec, kind, SEEN_WITHIN) else None
    read = _read(candidate)
    # One list that leaves a row out, or is empty for once, does not
    # outweigh all the polls: only one that shows it as over does.
    return {id_ for id_, waits in read.items() if waits} | {id_ for id_ in polled if read.get(id_, True)}


def _unlooked(
    view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, before: Sequence[Entry]
) -> HoldBack | RequireApproval | None:
    """Return what to do where nobody has looked yet at what waits there."""
    # At the plan only before the first: after that the list that is read just before sending tells it.
    if action.evidence_lists is not None or action.settled_by is None or (candidate.intent is None and before):
        return None
    polled = spec.looks_at(spec.kinds[action.settled_by[0]].stream)
    if not polled and any(_is_known(one) for one in before):
        return None
    return _unseen(view, spec, action, candidate.intent)


def _read(candidate: Candidate) -> dict[str, bool]:
    """Return what the evidence just read lists, by id, and whether it waits."""
    lists = candidate.action.evidence_lists if candidate.action is not None else None
    rows = lists(candidate.evidence) if lists is not None and candidate.evidence is not None else {}
    return {str(id_): bool(waits) for id_, waits in rows.items()}


def _doubted(view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType) -> set[str]:
    """Return what of ours was told as never shown, as far as it is asked about now."""
    polled = action.settled_by is not None and spec.looks_at(spec.kinds[action.settled_by[0]].stream)
    # Where only the list that is read just before sending can show its end, that is waited for.
    if candidate.intent is None and action.evidence_lists is not None and not polled:
        return set()
    subject = candidate.subject or SubjectRef(action.subject, "")
    return _never_shown(view, spec, action, subject, _read(candidate))


def _never_shown(
    view: ReadView, spec: AccountSpec, action: ActionType, subject: SubjectRef, read: Mapping[str, bool]
) -> set[str]:
    """Return what of ours was accepted, and told as never shown: it may yet be taken, also where no list has it.

    Until a list shows it as over, or a person says that it happened: a week of silence is no sign that it did.
    """
    found: set[str] = set()
    for entry in ledger.never_shown(view.tx, spec.name, subject, action.name):
        intent = intents.load(view.tx, entry.id)
        reference = intent.reference if intent is not None else None
        if reference is None:
            found.add(f"{OF_INTENT}{entry.id}")
        elif not _is_over(view, spec, action, reference) and read.get(reference, True):
            found.add(reference)
    return found


def _is_over(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> bool:
    """Return whether polls have shown the end of something that an action makes."""
    if action.settled_by is None:
        return False
    kind = spec.kinds[action.settled_by[0]]
    known = view.subject(spec.name, SubjectRef(kind.name, id_))
    return known is not None and known.known_state in kind.terminal


def _is_known(entry: Entry) -> bool:
    """Return whether an effect makes an account familiar: it was made by this journal, or may have been."""
    return entry.done or entry.in_doubt or (entry.open and entry.sent_at is not None)


def _is_seen(view: ReadView, spec: AccountSpec, kind: SubjectType, within: timedelta | None = None) -> bool:
    """Return whether all that the provider lists was read, in this run: before, others may have acted there."""
    row = streams.load(view.tx, spec.name, kind.stream)
    if not spec.looks_at(kind.stream) or row.ok_at is None or row.baselined_at is None:
        return False
    if within is not None and row.ok_at < view.now - within:
        return False
    return view.settled_since is None or row.ok_at >= view.settled_since


def no_longer_waits(
    view: ReadView, account: AccountName, action: ActionType, subject: SubjectRef, beside: Collection[str]
) -> bool:
    """Return whether nothing waits any more of what a yes was wanted beside, by what polls show."""
    spec = view.config.accounts[account]
    if _never_shown(view, spec, action, subject, {}).intersection(beside):
        return False
    if spec.debits_at_once or action.settled_by is None:
        return True
    kind = spec.kinds[action.settled_by[0]]
    if not _is_seen(view, spec, kind):
        return False
    shown = [id_ for id_ in beside if id_ != UNSEEN and not id_.startswith(OF_INTENT)]
    others = [id_ for id_ in shown if not _is_ours(view, spec, action, id_)]  # a person may have settled ours
    named = [view.subject(spec.name, SubjectRef(kind.name, id_)) for id_ in others]
    if any(one is None or (one.known_state not in kind.terminal and one.vanished_at is None) for one in named):
        return False
    return UNSEEN not in beside or all(_is_ours(view, spec, action, id_) for id_ in _listed(view, spec, kind))


def _listed(view: ReadView, spec: AccountSpec, kind: SubjectType) -> list[str]:
    """Return what waits at the provider by what polls have shown."""
    return [made.ref.id for made in subjects.load_unfinished(view.tx, spec.name, kind)]


def _unseen(
    view: ReadView, spec: AccountSpec, action: ActionType, intent: Intent | None
) -> HoldBack | RequireApproval | None:
    """Return what to do while no poll has shown what waits there: a while it is waited for, then a person is asked."""
    if intent is None or action.settled_by is None or questions.said_yes_unseen(view.tx, intent.id, UNSEEN):
        return None
    stream = spec.kinds[action.settled_by[0]].stream
    polled = spec.looks_at(stream)
    if polled and view.now - intent.ready_at < SEEN_WITHIN:
        return HoldBack(BlockReason.STALE, f"its {stream} are looked at first", brief=True)
    why = "could not be read" if polled else "are not polled"
    words = f"its {stream} {why}, and one may wait there already that this journal does not know of"
    return RequireApproval(words, RESTORED_WITHIN, Question.RESTORED, (UNSEEN,))


def _is_ours(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> bool:
    """Return whether the journal knows what something that waits took: it made it, and has not given up waiting."""
    # What was over, and waits by the list just read, is another one: a site that was set up anew counts from 1.
    if _is_over(view, spec, action, id_):
        return False
    intent = references.by_reference(view.tx, spec.name, action.name, id_)
    entry = ledger.load(view.tx, intent) if intent is not None else None
    return entry is not None and entry.effect is not Post.UNCONFIRMED


def _said_yes(
    view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, id_: str, cost: Cost
) -> bool:
    """Return whether a person has said yes to so much of this beside something, or had it sent once more beside it."""
    intent = candidate.intent
    again = intent is not None and intent.again and id_ in (intent.suspect or "").split(", ")
    if again and intent is not None and Consent(True, intent.cost, currency=intent.currency).shows(cost):
        return True
    subject = candidate.subject or SubjectRef(action.subject, "")
    given = questions.said_yes_beside(view.tx, spec.name, action.name, subject)
    return any(_covers(view, spec, candidate, action, one, id_, cost) for one in given)


def _covers(
    view: ReadView,
    spec: AccountSpec,
    candidate: Candidate,
    action: ActionType,
    given: Beside,
    id_: str,
    cost: Cost,
) -> bool:
    """Return whether a yes is to something that waits, and to what would leave beside it."""
    # The yes was to another wallet: of this one nobody has said anything.
    if id_ not in given.ids or (given.params, given.sealed) != (candidate.params, candidate.sealed):
        return False
    if action.settled_by is not None and not id_.startswith(OF_INTENT):
        known = view.subject(spec.name, SubjectRef(action.settled_by[0], id_))
        # It was over, or waits since later: another one has been given its number.
        if _is_over(view, spec, action, id_) or (known is not None and _entered_since(known, given.asked_at)):
            return False
        # What no list shows any more grows no more: asked about each greater amount, it would never come to an end. But
        # one list may leave a row out: only a yes that was said to just that counts for any amount.
        if GONE in given.reason and _is_gone(view, spec, candidate, action, id_):
            return True
        # At the plan there is no list yet: how much may leave is asked once it is read.
        if candidate.intent is None and action.evidence_lists is not None:
            return True
    # That 101 is not the same 400 says nothing of 5000, which may be it, and what has come in since.
    return given.yes.shows(cost)


def _entered_since(known: Snapshot, asked_at: datetime) -> bool:
    """Return whether something entered its state after an instant, and not by being seen for the first time."""
    since, first = known.state_since, known.first_seen_at
    return since is not None and since > asked_at and (first is None or since > first)
