"""Asking a person: every question has a number and an amount, and is told; all past the ceiling are one question."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bursar.domain.ids import AccountName
from bursar.domain.intent import Intent, State
from bursar.domain.values import Json, to_public
from bursar.domain.verdict import Question, RequireApproval
from bursar.journal import audit, intents, questions
from bursar.pipeline.events import emit_core
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

CEILING = "ceiling:"
"""Before an account's name: what stands for everything of the account that waits to go past the ceiling."""


def ask(uow: UnitOfWork, intent: Intent, wanted: RequireApproval, about: questions.Suspicion | None = None) -> Intent:
    """Ask a person about an intent that awaits approval, under a new number; the deadline runs from the first that
    nobody has answered.

    A question of another kind (past the ceiling, say) has its own time, and shortens none.
    """
    past_ceiling = wanted.question is Question.CEILING
    if wanted.beside:
        about = questions.beside(wanted.beside)
    before = questions.unanswered(uow.tx, intent.id)
    # From the first unanswered one: asked anew at each growth of a balance, a question would never run out.
    until = (before[0].at if before else uow.now) + wanted.within
    asked = questions.ask(uow.tx, intent, wanted.reason, until, past_ceiling=past_ceiling, now=uow.now, about=about)
    detail: dict[str, Json] = {"question": asked.question, "amount": shown_amount(asked.cost), "reason": wanted.reason}
    audit.add(uow.tx, "bursar", "intent.question", intent.id, detail, uow.now)
    if past_ceiling:
        uow.past_ceiling.add(intent.account)
        return asked
    links = uow.config.links.of(asked) if uow.config.links is not None else {}
    emit_core(uow, "approval.wanted", intent.account, _question(uow, asked, wanted.reason), intent.subject, {**links})
    return asked


def _question(view: ReadView, intent: Intent, reason: str) -> dict[str, Json]:
    """Return what a question carries: what is asked, about how much, and until when."""
    until = intent.question_until or view.now
    return {
        "id": intent.shown_id,
        "intent": str(intent.id),
        "action": intent.action,
        "rule": intent.rule,
        "reason": reason,
        "params": dict(intent.params),
        "amount": shown_amount(intent.cost),
        "currency": intent.currency,
        "until": to_public(until + view.ahead),
    }


def tell_ceilings(uow: UnitOfWork) -> None:
    """Tell, once a commit, of each account whose actions wait to go past the ceiling: their number and their sum."""
    for account in sorted(uow.past_ceiling):
        waiting = past_ceiling(uow, account)
        if not waiting:
            continue
        data: dict[str, Json] = {
            "id": f"{CEILING}{account}",
            "number": len(waiting),
            "amount": shown_amount(total(waiting)),
            "currency": waiting[0].currency,
            "reason": f"{len(waiting)} actions wait: settings.ceiling is {uow.config.ceiling} effects in ten minutes",
        }
        emit_core(uow, "ceiling.reached", account, data)
    uow.past_ceiling.clear()


def past_ceiling(view: ReadView, account: AccountName) -> list[Intent]:
    """Return what of an account waits to go past the ceiling, and is still good for a yes."""
    found = intents.in_state(view.tx, (State.AWAITING_APPROVAL,), account)
    return [one for one in found if one.past_ceiling and (one.due_at is None or one.due_at > view.now)]


def total(waiting: Iterable[Intent]) -> Decimal | None:
    """Return what several intents would move together; None: of one of them it is not known."""
    amounts = [one.cost for one in waiting]
    # A sum that leaves out what is not known would look smaller than what a yes lets go.
    return None if any(amount is None for amount in amounts) else sum((a for a in amounts if a is not None), Decimal(0))


def shown_amount(amount: Decimal | None) -> str | None:
    """Write an amount, as a string with all its digits."""
    return None if amount is None else format(amount, "f")


def changed_words(intent: Intent, before: Decimal | None) -> str:
    """Return the sentence that what was asked about has changed: both amounts, or why, and how to answer anew."""
    if before == intent.cost:
        anew = f"say `bursar actions approve {intent.shown_id}` if that is meant"
        return f"intent {intent.id} was asked about anew: {intent.reason}; {anew}"
    unit = f" {intent.currency}" if intent.currency is not None else ""
    was, now = (shown_amount(amount) or "an amount not known" for amount in (before, intent.cost))
    return (
        f"intent {intent.id} was asked about {was}{unit}, and it is {now}{unit} now: "
        f"say `bursar actions approve {intent.shown_id}` if that is meant"
    )
