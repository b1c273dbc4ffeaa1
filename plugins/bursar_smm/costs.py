"""What an order costs: the service's rate, which is the price of 1000, times the quantity that the panel will count.

Pure. Comes in: the parameters of `add`, and the service as the last good `services` poll showed it. Goes out: an amount
in the account's currency, or None where it cannot be worked out (docs/providers.md). Of an unknown type it is not known
what the panel counts: then it is the most that it can come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bursar.api import CostFacts, Json, SubjectRef, number
from bursar_smm.service_types import TYPES, lines, normal

THOUSAND = Decimal(1000)
PACKAGES = frozenset({"package", "custom_comments_package"})
"""Types whose rate is the price of the whole."""
BY_LINES = {"custom_comments": "comments", "comment_replies": "comments", "mentions_custom_list": "usernames"}
"""Types of which the panel counts the lines of a parameter, and not `quantity`."""


def service_of(params: Mapping[str, Json]) -> Sequence[SubjectRef]:
    """Return the service whose rate must be known."""
    return [SubjectRef("service", str(params.get("service", "")).strip())]


def of_add(facts: CostFacts) -> Decimal | None:
    """Return what an order costs; None: the service, its rate or the quantity is not known."""
    service = facts.related.get(service_of(facts.params)[0])
    rate = service.fields.get("rate") if service is not None else None
    # A rate that went from 1.00 to "1,500" leaves the old one standing:
    # at that, a budget of 5 lets out what costs fifteen hundred.
    if service is None or service.problem is not None or not isinstance(rate, Decimal) or rate < 0:
        return None
    type_ = normal(str(service.fields.get("type") or ""))
    if type_ in PACKAGES:
        return rate
    if type_ not in TYPES:
        return _most(facts.params, type_, rate)
    count = _count(facts.params, type_)
    return None if count is None else rate * count / THOUSAND


def _count(params: Mapping[str, Json], type_: str) -> Decimal | None:
    """Return how many the panel will count."""
    if type_ == "subscriptions":
        return _of_subscription(params)
    by_lines = BY_LINES.get(type_)
    quantity, runs = number(params.get("quantity")), number(params.get("runs"))
    if by_lines is not None:  # a panel that counts `quantity` all the same is not held to less
        counted = lines(params.get(by_lines))
        # The greater of the two: a budget may be held to too much, never to less than is charged.
        return counted if counted is None or quantity is None else max(counted, quantity * (runs or 1))
    if quantity is None:
        return lines(params.get("comments")) or lines(params.get("usernames"))
    # A drip-feed's quantity is per run.
    return quantity * runs if runs else quantity


def _most(params: Mapping[str, Json], type_: str, rate: Decimal) -> Decimal | None:
    """Return the most that an order of a type which is not known can cost.

    The panel may count the quantity, the lines or the posts; where the type's name has to do with packages, the rate
    may be the price of the whole. What would have to be counted and cannot be leaves the cost unknown.
    """
    counts = [number(params.get("quantity")), *(lines(params.get(name)) for name in set(BY_LINES.values()))]
    counted = [count * (number(params.get("runs")) or 1) for count in counts if count is not None]
    if "max" in params or "posts" in params:
        posts = _of_subscription(params)
        counted = [] if posts is None else [*counted, posts]
    if not counted:
        return None
    return max([rate * count / THOUSAND for count in counted] + ([rate] if "package" in type_ else []))


def _of_subscription(params: Mapping[str, Json]) -> Decimal | None:
    """Return the most that a subscription can come to: all its posts, each with the greatest quantity."""
    most, posts = number(params.get("max")), number(params.get("posts"))
    if most is None or not posts:
        return None
    return most * (posts + (number(params.get("old_posts")) or 0))
