"""What a look at the provider shows of lost attempts, written down: of an unknown one, of one that is about to be made
again, and of one that had ended in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from bursar.domain.ids import IntentId
from bursar.domain.intent import OPEN, CannotTell, Finding, Happened, Intent, State
from bursar.domain.intent_states import LOOKS_APART, Cause, settle_with, step, too_old
from bursar.domain.ledger import MAX_REFUSALS, Entry, Post
from bursar.domain.permission import RESTORED_WITHIN
from bursar.domain.verdict import BlockReason, HoldBack, RequireApproval
from bursar.journal import intents, questions
from bursar.pipeline.approvals import ask
from bursar.pipeline.effects.references import believed
from bursar.pipeline.intent_facts import held_until, is_over, listed, quiet_since, second_of
from bursar.pipeline.intent_transitions import take_step, tell
from bursar.pipeline.outcomes import go_on, late_success
from bursar.pipeline.unit_of_work import Counting, ReadView, UnitOfWork

LANDS_WITHIN = timedelta(days=7)
"""What came of a lost request is looked for, beside the next one, for so long."""
MAX_DOUBTS = 50


def record_finding(uow: UnitOfWork, id_: IntentId, fence: int, finding: Finding, asked_at: datetime) -> Intent | None:
    """Write what a look at an unknown attempt showed; it counts from when it was begun."""
    intent = intents.load(uow.tx, id_)
    # A look at an attempt that has been made again since says nothing of the newer one.
    if intent is None or intent.fence != fence:
        return intent
    # Evidence may have been read stale: what another intent had made looks new then.
    finding = believed(uow, intent, finding)
    if intent.state is not State.UNKNOWN:  # a person has said something else while it was looked for
        if not isinstance(finding, Happened):
            return intent
        return late_success(uow, intent, finding.success, _had_happened(finding))
    _note_suspect(uow, intent, finding)
    account = uow.config.accounts[intent.account]
    taken = settle_with(intent, finding, account.settle, quiet_since(uow, intent), asked_at, uow.now)
    # The site had said no, in words like "request #101 created": not there
    # after two looks, its no stands, and is not asked again at once.
    if taken.cause is Cause.DID_NOT and (no := intents.said_no(uow.tx, intent)) is not None:
        taken = step(intent, Cause.NO_STANDS, no)
    return take_step(uow, intent, taken, success=finding.success if isinstance(finding, Happened) else None)


def record_evidence(uow: UnitOfWork, id_: IntentId, fence: int, finding: Finding) -> Intent | None:
    """Write what a look before a new attempt shows of the lost one: it happened, that cannot be told, or it did not."""
    intent = intents.load(uow.tx, id_)
    if intent is None or intent.state is not State.READY or intent.fence != fence:
        return intent
    finding = believed(uow, intent, finding)
    if isinstance(finding, Happened):
        reason = finding.reason or "found at the provider"
        return take_step(uow, intent, step(intent, Cause.HAPPENED, reason), success=finding.success)
    _note_suspect(uow, intent, finding)
    if isinstance(finding, CannotTell) and not intent.again:
        return take_step(uow, intent, step(intent, Cause.CANNOT_TELL, finding.reason, uow.now + LOOKS_APART))
    # A person's *did not, again* covers what was there then, not what has turned up since.
    known = finding.suspect if isinstance(finding, CannotTell) else None
    if known is not None and known != intent.suspect:  # new since a person has said that it did not
        words = f"it may have happened after all: {finding.reason}"
        if suspects(uow, intent, questions.Suspicion(intent.id, known), words):
            return intents.load(uow.tx, id_)
    # Only now, after the look: let go of before, what had landed would not have been found.
    taken = too_old(intent, uow.now, held_until(uow, intent))
    return intent if taken is None else take_step(uow, intent, taken)


def _note_suspect(uow: UnitOfWork, intent: Intent, finding: Finding) -> None:
    """Note, and tell, what is suspected before a person says that it did not happen: it is said in view of that."""
    # Told once for each suspect, not at each look.
    if not isinstance(finding, CannotTell) or finding.suspect in (None, intent.suspect) or intent.again:
        return
    intents.suspected(uow.tx, intent.id, finding.suspect)
    tell(uow, "action.unknown", intent, f"it may have happened: {finding.reason}")


def suspects(uow: UnitOfWork, intent: Intent, suspicion: questions.Suspicion, words: str) -> bool:
    """Ask a person before an intent is sent beside what may be a lost one; return whether one has yet to say yes."""
    # By the suspect's id, not by the words of a question: a yes to one new payout is none to the next.
    if questions.said_yes_to(uow.tx, suspicion):
        return False
    asked = take_step(uow, intent, step(intent, Cause.SUSPECTED, words))
    ask(uow, asked, RequireApproval(words, RESTORED_WITHIN), suspicion)
    return True


def _had_happened(finding: Happened) -> str:
    return f"it had happened: {finding.reason or 'found at the provider'}"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What ended without an effect that is known, and may have had one.

    Attributes:
        intent: The intent.
        refused: Nothing of it was lost, but a provider that says no may do it all the same.
    """

    intent: Intent
    refused: bool


def in_doubt(view: ReadView, intent: Intent) -> list[Doubt]:
    """Return others of the same action that ended without an effect and may have had one, the newest first."""
    since = view.measured.before(view.now, LANDS_WITHIN)
    entries = view.counting(since, Counting(intent.account, action=intent.action))
    others = [entry for entry in reversed(entries) if entry.id != intent.id]
    # What was done under a number that nobody gave would be found for what was refused before it.
    since_nameless = takewhile(lambda entry: not (entry.done and _is_nameless(view, entry)), others)
    refused = [entry.id for entry in since_nameless if entry.outcome is Post.REFUSED and not entry.in_doubt]
    refused = refused[:MAX_REFUSALS]
    loaded = (intents.load(view.tx, entry.id) for entry in others if entry.in_doubt or entry.id in refused)
    found = (one for one in loaded if one is not None and one.evidence is not None and one.state not in OPEN)
    return [Doubt(one, one.id in refused) for one in islice(found, MAX_DOUBTS)]


def _is_nameless(view: ReadView, entry: Entry) -> bool:
    intent = intents.load(view.tx, entry.id)
    return intent is not None and intent.reference is None


def record_landed(uow: UnitOfWork, id_: IntentId, finding: Finding, beside: IntentId) -> bool:
    """Write that one which ended in doubt is found after all.

    The one that would be sent beside it ends, unless what was found is over by what is listed (a payout that is done):
    then it took what was there at its time, and there is something new to take. Its match is asked once more, and waits
    as long as what was found keeps the balance busy; one of the same match has done what it was for.

    Where something new may be it, and the look cannot tell, a person says so before the other one is sent.

    Returns:
        Whether the other one is not sent now.
    """
    doubt, intent = intents.load(uow.tx, id_), intents.load(uow.tx, beside)
    finding = believed(uow, doubt, finding) if doubt is not None else finding
    if doubt is not None and isinstance(finding, CannotTell):
        return _may_have_landed(uow, doubt, finding, intent)
    if doubt is None or not isinstance(finding, Happened):
        return False
    # Not that one: it is judged below, by whether what was found is over.
    doubt = late_success(uow, doubt, finding.success, _had_happened(finding), but=beside)
    if (
        intent is None
        or intent.state is not State.READY
        # A lost payout that is done has left the balance: what is there now is new money, and may be taken.
        or any(is_over(uow, doubt, made) for made, _ in listed(uow, doubt))
    ):
        return False
    words = second_of(doubt.id)
    take_step(uow, intent, step(intent, Cause.STALE, words), held=HoldBack(BlockReason.LAPSED, words, uow.now))
    if intent.match is not None and intent.match == doubt.match:
        go_on(uow, doubt.id)
    return True


def _may_have_landed(uow: UnitOfWork, doubt: Intent, finding: CannotTell, intent: Intent | None) -> bool:
    """Have a person say what became of one that may be what is new at the provider, before the next one is sent."""
    # A look that shows nothing new stops nothing: else each payout of a week would wait for a person.
    if finding.suspect is None or intent is None or intent.state is not State.READY:
        return False
    words = (
        f"it may be the second: nobody can tell what became of intent {doubt.id}, and {finding.reason}; look at the "
        f"site: approve, if {doubt.id} did not happen; else deny, and `bursar actions resolve {doubt.id} --happened`"
    )
    return suspects(uow, intent, questions.Suspicion(doubt.id, finding.suspect), words)
