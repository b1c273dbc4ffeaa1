"""The ledger of effects: how an entry stands after what was posted to it, and what limits and budgets count of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.ids import IntentId, RuleName, SubjectRef
from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import TRANSITIONS
from bursar.domain.ledger import EFFECTS, POST_OF, Entry, Post, Posting, Refusals, fold, refused_in_a_row
from support.domain import PANEL, T0, after

BLANK = Entry(
    IntentId(1), PANEL, "payout", SubjectRef("balance", "balance"), T0, Post.PLANNED, RuleName("r"), "",
    SubjectRef("order", "1"), "USD", Decimal(100),
)  # fmt: skip
AMOUNT = Decimal("98.50")
ADDING = {*EFFECTS, Post.SETTLED, Post.UNDONE, Post.REDONE, Post.FORGIVEN, Post.RETRIED, Post.UNREAD}
"""What says nothing of how an entry went, and adds to it."""
OUTCOMES = set(Post) - ADDING - {Post.PLANNED}


def posted(*posts: Post | tuple[Post, Decimal]) -> Entry:
    """Fold postings, the first at minute 0, the next at minute 1, and so on."""
    steps = [post if isinstance(post, tuple) else (post, None) for post in posts]
    return fold(BLANK, [Posting(what, after(minute), amount) for minute, (what, amount) in enumerate(steps)])


def sent(*posts: Post | tuple[Post, Decimal]) -> Entry:
    """Fold postings that follow a sending: planned at minute 0, sent at minute 1."""
    return posted(Post.PLANNED, Post.SENT, *posts)


def test_what_is_posted_changes_nothing_of_what_was_planned() -> None:
    entry = sent((Post.SUCCEEDED, AMOUNT), Post.UNDONE)
    kept = ("id", "account", "action", "subject", "planned_at", "rule", "asked", "currency")
    assert [getattr(entry, name) for name in kept] == [getattr(BLANK, name) for name in kept]


def test_what_was_redone_moves_what_is_said_of_it_and_not_the_nothing_of_its_undoing() -> None:
    undone = (Post.UNDONE, Decimal(0))
    assert sent(Post.SUCCEEDED, undone, (Post.REDONE, AMOUNT)).spends == AMOUNT
    assert sent(Post.SUCCEEDED, undone, Post.REDONE).spends is None


def test_an_entry_without_postings_is_planned() -> None:
    assert posted() == BLANK


@pytest.mark.parametrize("what", sorted(OUTCOMES))
def test_the_last_outcome_is_how_it_stands(what: Post) -> None:
    assert sent(what).outcome is what


@pytest.mark.parametrize("what", sorted(ADDING))
def test_what_is_no_outcome_leaves_it(what: Post) -> None:
    assert sent(Post.ACCEPTED, what).outcome is Post.ACCEPTED


@pytest.mark.parametrize(
    ("entry", "open_"),
    [
        (posted(Post.PLANNED), True),
        (sent(), True),
        (sent(Post.UNSENT), True),
        (sent(Post.LOST), True),
        (posted(Post.PLANNED, Post.DISMISSED), False),
        (sent(Post.ACCEPTED), False),
        (sent(Post.SUCCEEDED), False),
        (sent(Post.REFUSED), False),
        (sent(Post.LOST, Post.DID_NOT), False),
        (sent(Post.LOST, Post.SUCCEEDED), False),
    ],
)
def test_it_is_open_while_it_may_happen_or_nobody_can_tell(entry: Entry, open_: bool) -> None:
    assert entry.open is open_


@pytest.mark.parametrize(
    "posts", [(Post.PLANNED,), (Post.PLANNED, Post.DISMISSED), (Post.PLANNED, Post.SENT, Post.UNSENT)]
)
def test_what_never_left_counts_from_nothing(posts: tuple[Post, ...]) -> None:
    assert posted(*posts).counts_from is None


@pytest.mark.parametrize("what", [Post.ACCEPTED, Post.SUCCEEDED, Post.REFUSED])
def test_what_was_answered_counts_from_its_answer(what: Post) -> None:
    assert (sent(what).sent_at, sent(what).ended_at, sent(what).counts_from) == (after(1), after(2), after(2))


def test_what_is_under_way_counts_from_its_sending() -> None:
    assert (sent().sent_at, sent().ended_at, sent().counts_from) == (after(1), None, after(1))


def test_what_a_person_says_of_a_lost_one_is_its_end() -> None:
    entry = sent(Post.LOST, Post.DID_NOT)
    assert (entry.outcome, entry.sent_at, entry.counts_from) == (Post.DID_NOT, after(1), after(3))


def test_what_is_found_of_a_lost_one_is_its_end() -> None:
    assert sent(Post.LOST, Post.SUCCEEDED).counts_from == after(3)


def test_what_was_sent_again_counts_from_its_last_sending() -> None:
    entry = sent(Post.UNSENT, Post.SENT, Post.SUCCEEDED)
    assert (entry.outcome, entry.sent_at, entry.ended_at) == (Post.SUCCEEDED, after(3), after(4))


def test_what_was_sent_again_after_a_loss_has_not_ended() -> None:
    entry = sent(Post.LOST, Post.SENT)
    assert (entry.outcome, entry.sent_at, entry.ended_at) == (Post.SENT, after(3), None)


def test_what_was_put_off_and_then_given_up_never_left() -> None:
    assert sent(Post.UNSENT, Post.DISMISSED).counts_from is None


def test_an_attempt_that_was_lost_counts_though_a_later_one_was_put_off() -> None:
    assert sent(Post.LOST, Post.SENT, Post.UNSENT).counts_from == after(1)


@pytest.mark.parametrize("what", [Post.LOST, Post.ACCEPTED, Post.SUCCEEDED, Post.REFUSED])
def test_what_a_restored_journal_does_not_know_to_be_sent_counts_from_what_it_learned(what: Post) -> None:
    assert posted(Post.PLANNED, what).sent_at == after(1)


def test_what_a_restored_journal_took_for_lost_ends_as_a_person_says() -> None:
    entry = posted(Post.PLANNED, Post.LOST, Post.DID_NOT)
    assert (entry.sent_at, entry.ended_at, entry.counts_from) == (after(1), after(2), after(2))


def test_what_was_dismissed_without_a_sending_has_no_sending() -> None:
    assert posted(Post.PLANNED, Post.DISMISSED).sent_at is None


def test_it_counts_from_its_undoing_where_that_is_later() -> None:
    assert sent(Post.SUCCEEDED, Post.UNDONE).counts_from == after(3)


def test_an_accepted_one_is_busy() -> None:
    assert sent(Post.ACCEPTED).busy


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_an_accepted_one_is_busy_until_something_is_known_of_its_effect(effect: Post) -> None:
    entry = sent(Post.ACCEPTED, effect)
    assert (entry.busy, entry.effect, entry.outcome) == (False, effect, Post.ACCEPTED)


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_what_is_known_of_an_effect_does_not_move_when_it_counts_from(effect: Post) -> None:
    assert sent(Post.ACCEPTED, effect).counts_from == after(2)


@pytest.mark.parametrize("what", sorted(OUTCOMES - {Post.ACCEPTED}))
def test_others_are_not_busy(what: Post) -> None:
    assert not sent(what).busy


def test_it_moves_what_was_planned() -> None:
    assert posted(Post.PLANNED).amount == 100


def test_it_moves_what_the_guards_allowed_last() -> None:
    entry = posted(Post.PLANNED, (Post.SENT, Decimal(90)), Post.UNSENT, (Post.SENT, Decimal(110)))
    assert (entry.amount, entry.settled) == (110, False)


def test_an_amount_that_is_not_posted_stays_what_it_was() -> None:
    assert sent(Post.SUCCEEDED).amount == 100


@pytest.mark.parametrize("what", [Post.SETTLED, Post.SUCCEEDED, Post.ACCEPTED])
def test_what_the_provider_lists_settles_the_amount(what: Post) -> None:
    entry = posted(Post.PLANNED, Post.SENT, (what, AMOUNT))
    assert (entry.amount, entry.settled) == (AMOUNT, True)


@pytest.mark.parametrize("what", [Post.SUCCEEDED, Post.ACCEPTED])
def test_an_answer_without_an_amount_settles_nothing(what: Post) -> None:
    assert not sent(what).settled


def test_what_is_listed_later_gives_nothing_back() -> None:
    entry = sent((Post.SUCCEEDED, AMOUNT), (Post.SETTLED, Decimal(7)))
    assert (entry.amount, entry.settled) == (AMOUNT, True)


def test_more_that_is_listed_later_counts() -> None:
    entry = sent((Post.SETTLED, Decimal("0.01")), (Post.SETTLED, AMOUNT), (Post.SETTLED, Decimal(1)))
    assert (entry.amount, entry.settled) == (AMOUNT, True)


def test_a_refund_gives_nothing_back() -> None:
    assert sent(Post.SUCCEEDED, (Post.SETTLED, AMOUNT), (Post.SETTLED, Decimal(0))).spends == AMOUNT


def test_it_spends_what_it_moves() -> None:
    assert (posted(Post.PLANNED).spends, sent().spends, sent(Post.SUCCEEDED).spends) == (100, 100, 100)


def test_a_lost_one_spends_what_it_may_have_moved() -> None:
    assert sent(Post.LOST).spends == 100


def test_what_nobody_knows_the_amount_of_spends_nobody_knows_how_much() -> None:
    unknown = Entry(IntentId(1), PANEL, "add", SubjectRef("order", "+1"), T0, Post.PLANNED)
    assert fold(unknown, [Posting(Post.SENT, T0), Posting(Post.SUCCEEDED, after(1))]).spends is None


@pytest.mark.parametrize("posts", [(Post.REFUSED,), (Post.LOST, Post.DID_NOT), (Post.UNSENT, Post.DISMISSED)])
def test_what_had_no_effect_spends_nothing(posts: tuple[Post, ...]) -> None:
    assert sent(*posts).spends == 0


def test_what_ended_unsent_after_a_loss_spends_what_that_may_have_moved() -> None:
    assert sent(Post.LOST, Post.DISMISSED).spends == 100


def test_what_was_undone_spends_nothing_whatever_was_listed() -> None:
    assert sent((Post.SUCCEEDED, AMOUNT), Post.UNDONE).spends == 0


def test_what_was_undone_stays_a_success() -> None:
    entry = sent(Post.SUCCEEDED, Post.UNDONE)
    assert (entry.outcome, entry.undone_at, entry.open) == (Post.SUCCEEDED, after(3), False)


def test_a_person_forgives_a_refusal() -> None:
    assert (sent(Post.REFUSED).forgiven, sent(Post.REFUSED, Post.FORGIVEN).forgiven) == (False, True)


def test_a_refusal_after_it_was_forgiven_counts_anew() -> None:
    assert not sent(Post.REFUSED, Post.FORGIVEN, Post.SENT, Post.REFUSED).forgiven


@pytest.mark.parametrize("state", sorted(POST_OF))
def test_the_step_into_each_state_posts_what_leaves_the_entry_as_open_as_the_intent(state: State) -> None:
    assert sent(POST_OF[state]).open is (state in OPEN)


def test_only_what_waits_to_be_sent_posts_nothing() -> None:
    assert set(State) - set(POST_OF) == {State.AWAITING_APPROVAL, State.READY}


STEPS = {
    state: sorted((after_, cause) for (before, cause), after_ in TRANSITIONS.items() if before is state)
    for state in (None, *State)
}


@given(st.lists(st.integers(0, 100), max_size=12))
def test_through_its_whole_life_an_entry_is_open_while_its_intent_is(choices: list[int]) -> None:
    state: State | None = None
    postings = []
    for minute, choice in enumerate(choices):
        if not STEPS[state]:
            break
        following = STEPS[state][choice % len(STEPS[state])][0]
        if following in POST_OF and following is not state:
            postings.append(Posting(POST_OF[following], after(minute)))
        state = following
        assert fold(BLANK, postings).open is (state in OPEN)


OF_ANY = st.lists(st.tuples(st.sampled_from(sorted(Post)), st.none() | st.integers(0, 9).map(Decimal)), max_size=8)


@given(OF_ANY)
def test_no_posting_moves_an_entry_that_counts_back_in_time(posts: list[tuple[Post, Decimal | None]]) -> None:
    counted: datetime | None = None
    for length in range(len(posts) + 1):
        found = posted(*posts[:length]).counts_from  # type: ignore[arg-type]
        if counted is not None and found is not None:
            assert found >= counted
        counted = found


@given(OF_ANY, OF_ANY, st.integers(0, 9).map(Decimal))
def test_once_settled_no_posting_lowers_the_amount(
    before: list[tuple[Post, Decimal | None]], later: list[tuple[Post, Decimal | None]], amount: Decimal
) -> None:
    settled = posted(*before, (Post.SETTLED, amount)).amount  # type: ignore[arg-type]
    after = posted(*before, (Post.SETTLED, amount), *later).amount  # type: ignore[arg-type]
    assert settled is not None
    assert after is not None
    assert after >= settled


REFUSED, SUCCEEDED, DID_NOT = sent(Post.REFUSED), sent(Post.SUCCEEDED), sent(Post.LOST, Post.DID_NOT)
DISMISSED, LOST, UNDONE = sent(Post.UNSENT, Post.DISMISSED), sent(Post.LOST), sent(Post.SUCCEEDED, Post.UNDONE)
FORGIVEN, UNREAD = sent(Post.REFUSED, Post.FORGIVEN), sent(Post.REFUSED, Post.UNREAD)


def refused_at(minute: float) -> Entry:
    """Return an entry that was refused at that minute."""
    return fold(BLANK, [Posting(Post.SENT, after(minute - 1)), Posting(Post.REFUSED, after(minute))])


def test_without_entries_nothing_was_refused() -> None:
    assert refused_in_a_row([]) == Refusals()


def test_refusals_in_a_row_are_counted_up_to_a_success() -> None:
    assert refused_in_a_row([REFUSED, REFUSED, SUCCEEDED, REFUSED]).count == 2


def test_the_last_refusal_is_the_newest() -> None:
    assert refused_in_a_row([refused_at(9), refused_at(5), refused_at(1)]) == Refusals(3, after(9))


def test_a_refusal_that_nobody_can_read_stays_so_after_one_that_can_be_read() -> None:
    assert refused_in_a_row([refused_at(9), UNREAD]).unread


@pytest.mark.parametrize("after_it", [SUCCEEDED, sent(Post.REFUSED, Post.UNREAD, Post.FORGIVEN)])
def test_a_refusal_that_nobody_can_read_counts_until_a_success_or_a_person(after_it: Entry) -> None:
    assert not refused_in_a_row([after_it, UNREAD]).unread


def test_a_success_ends_a_row() -> None:
    assert refused_in_a_row([SUCCEEDED, REFUSED]) == Refusals()


def test_an_accepted_one_ends_a_row() -> None:
    assert refused_in_a_row([sent(Post.ACCEPTED), REFUSED]) == Refusals()


@pytest.mark.parametrize("between", [DID_NOT, DISMISSED, LOST], ids=["did not", "dismissed", "lost"])
def test_what_was_no_refusal_and_no_success_neither_counts_nor_ends_a_row(between: Entry) -> None:
    assert refused_in_a_row([between, refused_at(9), between, refused_at(5)]) == Refusals(2, after(9))


def test_what_a_person_has_had_tried_again_does_not_count() -> None:
    assert refused_in_a_row([FORGIVEN, REFUSED]) == Refusals()


def test_refusals_after_a_person_had_it_tried_again_count() -> None:
    assert refused_in_a_row([refused_at(9), FORGIVEN, FORGIVEN]) == Refusals(1, after(9))


def test_what_was_undone_rests_as_a_refusal_and_is_none() -> None:
    assert refused_in_a_row([UNDONE, REFUSED]) == Refusals(0, after(3))


def test_refusals_after_an_undoing_are_counted_up_to_it() -> None:
    assert refused_in_a_row([refused_at(9), UNDONE, REFUSED]) == Refusals(1, after(9))


def test_an_undoing_that_a_person_has_had_tried_again_does_not_rest() -> None:
    assert refused_in_a_row([sent(Post.SUCCEEDED, Post.UNDONE, Post.FORGIVEN)]) == Refusals()
