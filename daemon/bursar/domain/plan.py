"""From a match to what will be done: a frozen intent, or the texts for sinks.

Pure. What may stop it is asked elsewhere (`permission`); here parameters and texts are filled in, and secret ones
sealed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bursar.domain.action import ActionType
from bursar.domain.ids import UNNAMED, MatchId, SubjectRef, digest
from bursar.domain.intent import PlannedIntent
from bursar.domain.rule import Act, Notify, Rule, Scope, TemplateFailed
from bursar.domain.values import Json, to_public

MASK = "***"


@dataclass(frozen=True, slots=True)
class Notification:
    """A text owed to a sink. `position` tells it from the other texts of the same match."""

    sink: str
    text: str
    position: int
    severity: str | None = None


Seal = Callable[[str], str]
"""Makes the keyed digest of a secret value."""


def seal_with(key: bytes) -> Seal:
    """Return the function that stands for secret values under this journal's key."""
    # Keyed, so that who reads a backup cannot try known wallets against
    # it; `surrogatepass`, since half a pair must not fail a payout.
    return lambda text: hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def draft(
    rule: Rule, match: MatchId, scope: Scope, actions: Mapping[str, ActionType], position: int, seal: Seal
) -> PlannedIntent:
    """Return what one action of a rule would be, without its cost.

    Args:
        rule: The rule that matched.
        match: The journal's id of the match.
        scope: What the condition was true of.
        actions: What the account's provider can do.
        position: Which of the rule's actions.
        seal: Stands for secret parameters.

    Raises:
        TemplateFailed: the provider has no such action, it has no subject here, or a name has no value.
    """
    act = rule.acts()[position]
    # A rule for all accounts may meet one whose provider cannot do it: that is told, and stops nothing else.
    if act.action not in actions:
        raise TemplateFailed(f"{scope.account.provider} has no action {act.action!r}")
    action = actions[act.action]
    params, sealed = freeze(act, scope, seal)
    return PlannedIntent(
        account=scope.account.name,
        action=action.name,
        subject=target(action, scope, f"{match}.{position}"),
        params=params,
        sealed=sealed,
        rule=rule.name,
        fingerprint=rule.fingerprint,
        meaning=rule.meaning,
        match=match,
        act=position,
        asked=subject_of(scope),
    )


def subject_of(scope: Scope) -> SubjectRef | None:
    """Return what a rule is asked about: the subject, or what the event is about."""
    if scope.subject is not None:
        return scope.subject.ref
    return scope.event.subject if scope.event is not None else None


def notifications(rule: Rule, scope: Scope) -> tuple[Notification, ...]:
    """Return the texts of a rule, filled in.

    Raises:
        TemplateFailed: a name has no value here.
    """
    return tuple(
        Notification(step.sink, str(to_public(step.text.render(scope))), position, step.severity or rule.severity)
        for position, step in enumerate(rule.do)
        if isinstance(step, Notify)
    )


def target(action: ActionType, scope: Scope, key: str) -> SubjectRef:
    """Return what the action is done to.

    Raises:
        TemplateFailed: the event has no subject of the action's type.
    """
    if action.creates:
        # Each order to be made has a subject of its own, or two adds of one match
        # would pass for one action on one order; the same each time it is drafted.
        return SubjectRef(action.subject, f"{UNNAMED}{digest(key)[:10]}")
    if action.subject_id is not None:
        return SubjectRef(action.subject, action.subject_id)
    ref = subject_of(scope)
    if ref is not None and ref.type == action.subject:
        return ref
    if scope.subject is not None and isinstance(named := scope.subject.fields.get(action.subject), str):
        return SubjectRef(action.subject, named)
    raise TemplateFailed(f"{action.name} is done to {action.subject}, and this is about {ref or 'no subject'}")


def freeze(act: Act, scope: Scope, seal: Seal) -> tuple[dict[str, Json], dict[str, str]]:
    """Fill the parameters in; a secret one becomes a mask and a keyed digest.

    Raises:
        TemplateFailed: a name has no value here.
    """
    params: dict[str, Json] = {}
    sealed: dict[str, str] = {}
    for name, template in act.params.items():
        value = to_public(template.render(scope))
        if name in act.secret:
            params[name], sealed[name] = MASK, seal(str(value))
        else:
            params[name] = value
    return params, sealed


class SecretChanged(TemplateFailed):
    """A secret parameter is another one now: what was decided about it holds no more."""


def unseal(
    intent_params: Mapping[str, Json], sealed: Mapping[str, str], act: Act, scope: Scope, seal: Seal
) -> dict[str, Json]:
    """Fill the secret parameters of a frozen intent in again, just before it is sent.

    Raises:
        TemplateFailed: one resolves to something else than when the intent was planned.
    """
    params = dict(intent_params)
    for name, expected in sealed.items():
        value = to_public(act.params[name].render(scope)) if name in act.params else None
        # A wallet that was edited between the yes and the request: the yes was for the wallet before.
        if value is None or not hmac.compare_digest(seal(str(value)), expected):
            raise SecretChanged(f"the secret parameter {name!r} resolves to something else than when it was planned")
        params[name] = value
    return params
