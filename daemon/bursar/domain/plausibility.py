"""Is a poll believable? One in which implausibly much changed or vanished at once is held and reported, not believed.

Pure. More than half of more than 20 subjects must have entered another state or vanished; or more than half of however
many have become others, by their identity fields (another currency). Progress within a state (fewer `remains`) is what
orders do, and never implausible. What bursar has done itself is no reason for doubt; whether too much else moved is
asked of the others alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from bursar.domain.detect import Change
from bursar.domain.ids import SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.subject import SubjectType

MANY = 20
RECENT = timedelta(hours=1)


def implausible(
    kinds: dict[str, SubjectType],
    steps: Sequence[tuple[Snapshot, Change]],
    looked_at: int,
    vanishing: int,
    known: int,
    since_last: timedelta | None,
    own: Collection[SubjectRef] = (),
) -> str | None:
    """Return what is implausible about a poll; None when nothing is.

    Args:
        kinds: The subject types, by name.
        steps: The snapshot before and the sight after, of every subject that was known and is seen changed.
        looked_at: How many known subjects the poll showed, changed or not.
        vanishing: How many known subjects a complete listing does not show any more, for the first time.
        known: How many subjects the stream knew.
        since_last: How long ago the last good poll was; after a long absence many may well have changed.
        own: Subjects that entered a state which something that was done to them leads to.
    """
    # An empty list from a site that restarts must not tell that every payout is gone.
    if known > MANY and vanishing * 2 > known:
        return f"{vanishing} of {known} vanished at once"
    foreign = sum(1 for before, sight in steps if _identity_changed(kinds[before.ref.type], before, sight))
    # However few: one balance in another currency is a whole stream, and the amount of a payout.
    if foreign and foreign * 2 > looked_at:
        return f"{foreign} of {looked_at} are not what they were (another currency, another kind of thing)"
    # One that only now gets its first state is no change: forty
    # orders that were just put under watch are news, not a slip.
    entered = [one for one, sight in steps if one.known_state is not None and one.state != sight.snapshot.state]
    # 25 orders that one `cancel` has canceled: held, the very poll that shows it would have them canceled again.
    moved = sum(1 for before in entered if before.ref not in own)
    others = looked_at - (len(entered) - moved)
    among = others if others > MANY else looked_at  # what was done to most hides nothing about the rest
    # After a night without the daemon most orders have moved on;
    # holding that poll would be refills missed because of a restart.
    recent = since_last is not None and since_last <= RECENT
    if recent and among > MANY and moved * 2 > among:
        return f"{moved} of {among} changed their state at once"
    return None


def _identity_changed(kind: SubjectType, before: Snapshot, sight: Change) -> bool:
    return any(
        spec.identity and before.fields.get(name) is not None and before.fields[name] != sight.snapshot.fields.get(name)
        for name, spec in kind.fields.items()
    )
