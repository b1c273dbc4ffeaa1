"""Which refill to ask the panel about, when its refill ids collide.

Comes in: the refills under watch (ids `ORDER.INTENT`) with what is known of them. Goes out: the panel's ids, each with
the one refill that its status speaks of. Some panels answer the order's own id for every refill of it: then the newest
is meant. Where one id stands for refills of several orders (a constant 1), its status speaks of none of them.
"""

from __future__ import annotations

from bursar.api import PollRequest

NO_ID = "the panel gave the refill no id that could be asked for"
AMBIGUOUS = "the panel gives several orders the same refill id; only the order's status tells"


def panel_ids(request: PollRequest) -> tuple[dict[str, str], dict[str, str]]:
    """Return our id of the refill by the panel's id, and the problems of those that cannot be asked about."""
    wanted: dict[str, str] = {}
    problems: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for id_ in request.ids:
        panel_id = request.known.get(id_, {}).get("panel_id")
        if panel_id is None:
            problems[id_] = NO_ID
        else:
            groups.setdefault(str(panel_id), []).append(id_)
    for panel_id, ids in groups.items():
        # A constant 1 for every refill: its "completed" would confirm all of them.
        if len({_order(id_) for id_ in ids}) > 1:
            problems.update(dict.fromkeys(ids, AMBIGUOUS))
        else:
            wanted[panel_id] = max(ids, key=_age)
    return wanted, problems


def _order(id_: str) -> str:
    return id_.rpartition(".")[0]


def _age(id_: str) -> int:
    number = id_.rpartition(".")[2]
    return int(number) if number.isdigit() else 0
