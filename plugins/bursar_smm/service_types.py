"""What `add` takes, per type of service (docs/providers.md).

Comes in: parameters by name, as text or numbers. Goes out: nothing, or a `ValueError` with one sentence. A type that is
not known (panels have types of their own) may take every parameter that any type takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from bursar.api import FieldKind, Json, Param, Value, number

_N, _T = FieldKind.NUMBER, FieldKind.TEXT
PARAMS: Mapping[str, Param] = {
    "service": Param(_T, required=True, description="The service's id."),
    "link": Param(_T, description="The page's address."),
    "quantity": Param(_N, description="How many; of a drip-feed, how many a run."),
    "runs": Param(_N, description="Drip-feed: how many runs."),
    "interval": Param(_N, description="Drip-feed: minutes between runs."),
    "keywords": Param(_T, description="Keywords, one per line."),
    "comments": Param(_T, description="Comments, one per line; their number is the quantity."),
    "usernames": Param(_T, description="User names, one per line."),
    "hashtags": Param(_T, description="Hashtags, one per line."),
    "hashtag": Param(_T, description="The hashtag whose users are mentioned."),
    "username": Param(_T, description="A user name, or the address of a profile."),
    "media": Param(_T, description="The address of a post whose likers are mentioned."),
    "answer_number": Param(_T, description="Which answer of the poll."),
    "groups": Param(_T, description="Groups, one per line."),
    "min": Param(_N, description="Subscription: least quantity per post."),
    "max": Param(_N, description="Subscription: greatest quantity per post."),
    "posts": Param(_N, description="Subscription: how many new posts."),
    "old_posts": Param(_N, description="Subscription: how many existing posts."),
    "delay": Param(_N, description="Subscription: delay in minutes."),
    "expiry": Param(_T, description="Subscription: last day, d/m/Y."),
    "country": Param(_T, description="Web traffic: the country's code."),
    "device": Param(_T, description="Web traffic: the device."),
    "type_of_traffic": Param(_T, description="Web traffic: where visitors come from."),
    "google_keyword": Param(_T, description="Web traffic: the keyword searched for."),
    "referring_url": Param(_T, description="Web traffic: the referring address."),
}

TYPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    name: (tuple(needs.split()), tuple(may.split()))
    for name, needs, may in (
        ("default", "link quantity", "runs interval"),
        ("package", "link", ""),
        ("seo", "link quantity keywords", ""),
        ("custom_comments", "link comments", "quantity"),
        ("custom_comments_package", "link comments", "quantity"),
        ("mentions_with_hashtags", "link quantity usernames hashtags", ""),
        ("mentions_custom_list", "link usernames", ""),
        ("mentions_hashtag", "link quantity hashtag", ""),
        ("mentions_user_followers", "link quantity username", ""),
        ("mentions_media_likers", "link quantity media", ""),
        ("comment_likes", "link quantity username", ""),
        ("comment_replies", "link username comments", ""),
        ("poll", "link quantity answer_number", ""),
        ("invites_from_groups", "link quantity groups", ""),
        ("subscriptions", "username min max delay", "posts old_posts expiry"),
        ("web_traffic", "link quantity country device type_of_traffic", "google_keyword referring_url"),
    )
}
"""By normalised type: what it needs besides `service`, and what it may have."""

_EXPIRY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")


def normal(type_: str) -> str:
    """Return a type's name in lower case with `_` for spaces."""
    return "_".join(type_.lower().split())


def check(params: Mapping[str, Json], type_: str | None = None) -> None:
    """Check the parameters of an order.

    Args:
        params: By name, `service` among them.
        type_: The service's type as the panel spells it, where it is known.

    Raises:
        ValueError: one sentence: what is missing, not known, or makes no sense.
    """
    for name in params:
        if name not in PARAMS:
            raise ValueError(f"add has no parameter {name!r}")
    needs, may = TYPES.get(normal(type_ or ""), ((), tuple(PARAMS)))
    for name in ("service", *needs):
        if _blank(params.get(name)):
            raise ValueError(f"add needs {name}" + (f" for a service of type {type_}" if name in needs else ""))
    if _blank(params.get("link")) and _blank(params.get("username")):
        raise ValueError("add needs link, or username for a subscription")
    for name, value in params.items():
        if name != "service" and name not in needs and name not in may:
            raise ValueError(f"a service of type {type_} takes no {name}")
        _check_value(name, value)


def ordered_quantity(params: Mapping[str, Json]) -> Decimal | None:
    """Return how many were ordered in all: the lines of comments, or the quantity of all runs; None: it is open."""
    if _blank(params.get("quantity")) and (counted := lines(params.get("comments"))) is not None:
        return counted
    quantity, runs = number(params.get("quantity")), number(params.get("runs"))
    return quantity * runs if quantity is not None and runs else quantity


def lines(text: Json) -> Decimal | None:
    """Return how many lines of a text say something; None: there is no text."""
    return Decimal(sum(1 for line in text.splitlines() if line.strip())) if isinstance(text, str) else None


def _check_value(name: str, value: Json) -> None:
    if PARAMS[name].kind is FieldKind.NUMBER:
        read = number(value)
        if read is None or read != read.to_integral_value() or read < (1 if name == "quantity" else 0):
            raise ValueError(f"{name} must be a whole number, not {value!r}")
    if name == "expiry" and not _EXPIRY.fullmatch(str(value)):
        raise ValueError(f"expiry must be a day such as 31/12/2027, not {value!r}")


def _blank(value: Json) -> bool:
    return value is None or not str(value).strip()


def ordered(params: Mapping[str, Json]) -> dict[str, Value | None]:
    """Return what is known of an order by what was ordered."""
    link = params.get("link") or params.get("username")
    return {
        "service": str(params["service"]),
        "link": None if link is None else str(link),
        "quantity": ordered_quantity(params),
    }
