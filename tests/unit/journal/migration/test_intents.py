"""A journal of the first version: open intents, lost attempts, questions and yeses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.domain.ids import IntentId, MatchId, RuleName, SubjectRef
from bursar.domain.intent import Intent, State
from bursar.domain.ledger import Post
from bursar.journal import intents, questions
from bursar.journal.questions import Asked
from bursar.journal.writer import read_once
from support.domain import PANEL, after
from support.old_journal import PAST_CEILING, PERSON, OldJournal, entry_after, updated, us

BALANCE = SubjectRef("balance", "balance")


def intent_after(path: Path, fill: Callable[[OldJournal], int]) -> Intent:
    """Return the one intent that is written, as it is then."""
    made: list[int] = []
    updated(path, lambda journal: made.append(fill(journal)))
    found = read_once(path, lambda tx: intents.load(tx, IntentId(made[0])))
    assert found is not None
    return found


LOST = {"sent": 1, "ended": 2, "outcome": "lost"}
"""An attempt that was lost."""
PUT_OFF = {"sent": 1, "ended": 2, "outcome": "later"}
"""An attempt that was put off."""


def test_an_open_intent_is_whole(old: Path) -> None:
    found = intent_after(
        old,
        lambda journal: journal.intent(
            "unknown", id_=41, sent=1, ended=2, outcome="lost", evidence='{"known":["1"]}', looked_at=us(7),
            due_at=us(9), match_id=3, reference="23501",
        ),
    )  # fmt: skip
    assert found == Intent(
        id=IntentId(41), account=PANEL, action="payout", subject=BALANCE, params={}, state=State.UNKNOWN,
        created_at=after(0), ready_at=after(0), cost=Decimal(100), rule=RuleName("r"), match=MatchId(3), reason="so",
        fence=1, attempts=1, evidence={"known": ["1"]}, due_at=after(9), sent_at=after(1), request_ended_at=after(2),
        looked_at=after(7), reference="23501", lost=True, consent_amount=Decimal(100),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "more", "lost"),
    [
        ("unknown", LOST, True),
        ("ready", LOST, True),
        ("ready", PUT_OFF, False),
        ("ready", {}, False),
        ("deferred", {"sent": 1, "ended": 2, "outcome": "notsent"}, False),
        ("succeeded", LOST, False),
    ],
)
def test_an_attempt_that_was_lost_stays_in_mind(old: Path, state: str, more: dict[str, object], lost: bool) -> None:
    assert intent_after(old, lambda journal: journal.intent(state, **more)).lost is lost  # type: ignore[arg-type]


def test_the_entry_of_what_is_ready_after_a_lost_attempt_says_that_nobody_can_tell(old: Path) -> None:
    found = entry_after(old, lambda journal: journal.intent("ready", **LOST))  # type: ignore[arg-type]
    assert (found.outcome, found.sent_at) == (Post.LOST, after(1))


def test_what_waits_for_a_person_is_one_question_about_what_was_planned(old: Path) -> None:
    found = intent_after(
        old, lambda journal: journal.intent("awaiting_approval", cost="600", due_at=us(720), reason="600 is above 500")
    )
    assert (found.question, found.question_until, found.due_at, found.past_ceiling) == (
        1, after(720), after(720), False,
    )  # fmt: skip
    assert read_once(old, lambda tx: questions.of_intent(tx, found.id)) == [
        Asked(1, Decimal(600), "600 is above 500", after(0))
    ]


def test_what_waits_past_the_ceiling_waits_for_that(old: Path) -> None:
    found = intent_after(old, lambda journal: journal.intent("awaiting_approval", due_at=us(1440), reason=PAST_CEILING))
    assert (found.past_ceiling, found.ceiling_consented) == (True, False)


def test_what_waits_for_nobody_was_not_asked_about(old: Path) -> None:
    found = intent_after(old, lambda journal: journal.intent("ready"))
    assert (found.question, found.question_until, found.consented, found.past_ceiling) == (0, None, False, False)
    assert read_once(old, lambda tx: questions.of_intent(tx, found.id)) == []


def test_a_persons_yes_stays_one_for_its_amount(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("ready", cost="600")
        journal.audit(PERSON, "intent.ready", intent, 5, before="awaiting_approval")
        return intent

    found = intent_after(old, fill)
    assert (found.consented, found.consent_amount, found.consent_above) == (True, Decimal(600), None)


def test_what_a_person_had_sent_again_is_no_yes_to_its_amount(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("ready", **LOST)  # type: ignore[arg-type]
        journal.audit(PERSON, "intent.ready", intent, 5, before="unknown")
        return intent

    assert not intent_after(old, fill).consented
