"""What a provider calls what it made: one name stands for one effect, whatever an answer or a look says."""

from __future__ import annotations

from bursar.domain.intent import CannotTell, Finding, Happened, Intent, Lost, LostReply, Outcome, Succeeded
from bursar.journal import references
from bursar.pipeline.unit_of_work import ReadView


def made_now(view: ReadView, intent: Intent, outcome: Outcome, lost_reply: LostReply) -> Outcome:
    """Return an outcome, unless the provider names what it made for another intent: an answer may come twice.

    What can be repeated is not asked: panels give every refill the same id.
    """
    reference = outcome.reference if isinstance(outcome, Succeeded) else None
    if reference is None or lost_reply is LostReply.REPEATABLE:
        return outcome
    other = references.made_for(view.tx, intent, reference)
    return outcome if other is None else Lost(f"the provider names {reference}, which intent {other} had made")


def believed(view: ReadView, intent: Intent, finding: Finding) -> Finding:
    """Return a finding, unless what was found was made for another intent: evidence may have been read stale."""
    reference = finding.success.reference if isinstance(finding, Happened) else None
    other = references.made_for(view.tx, intent, reference) if reference is not None else None
    if other is None:
        return finding
    # Not *did not*: a site that was set up anew gives an old id once more, and it may be the lost one's now.
    return CannotTell(f"{reference} is what intent {other} had made", suspect=reference)
