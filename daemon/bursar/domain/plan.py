"""From a match to what will be done: frozen intents, texts for sinks, or a match that is held back.

Pure. A match fires as a whole: its texts go out once, at its first firing; its actions follow one another, since a
subject has at most one open intent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bursar.domain.action import ActionType
from bursar.domain.guard import Asks, HeldBack, History, Obstacle, guard_action, guard_firing
from bursar.domain.ids import MatchId, SubjectRef, digest
from bursar.domain.intent import PlannedIntent
from bursar.domain.rule import Act, Notify, Rule, Scope, TemplateFailed
from bursar.domain.values import Json, to_public

MASK = "***"


@dataclass(frozen=True, slots=True)
class Note:
    """A text owed to a sink. `position` tells it from the other texts of the same match."""

    sink: str
    text: str
    position: int
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a match leads to now.

    Attributes:
        notes: Texts to deliver.
        intent: The action to do.
        held: What holds the rest of the match back; None when it is done.
        acts_planned: How many of the rule's actions have been planned, this one included.
    """

    notes: tuple[Note, ...] = ()
    intent: PlannedIntent | None = None
    held: HeldBack | None = None
    acts_planned: int = 0


Seal = Callable[[str], str]
"""Makes the keyed digest of a secret value."""


def seal_with(key: bytes) -> Seal:
    """Give the function that stands for secret values under this journal's key."""
    return lambda text: hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def plan(
    rule: Rule,
    match: MatchId,
    scope: Scope,
    actions: Mapping[str, ActionType],
    history: Callable[[ActionType | None, SubjectRef | None], History],
    seal: Seal,
    *,
    acts_planned: int = 0,
    told: bool = False,
) -> Plan:
    """Say what a match leads to at `scope.now`.

    Args:
        rule: The rule that matched.
        match: The journal's id of the match.
        scope: What the condition was true of.
        actions: What the account's provider can do.
        history: Gathers what the guards need; asked once for the firing (None) and once for the action.
        seal: Stands for secret parameters.
        acts_planned: How many actions of this match were planned before.
        told: It has fired before, and its texts have gone out.
    """
    acts = rule.acts()
    goes_on = told or acts_planned > 0
    firing = guard_firing(rule, history(None, None), scope.now, acts=bool(acts), goes_on=goes_on)
    if isinstance(firing, HeldBack):
        return Plan(held=firing, acts_planned=acts_planned)
    try:
        if acts_planned >= len(acts):
            return Plan(notes=() if goes_on else _notes(rule, scope), acts_planned=acts_planned)
        decided = _act(rule, match, scope, actions, history, seal, acts[acts_planned], acts_planned)
        if decided.intent is None or goes_on:
            return decided
        return replace(decided, notes=_notes(rule, scope))
    except TemplateFailed as failed:
        return Plan(held=HeldBack(Obstacle.FAILED, str(failed)), acts_planned=acts_planned)


def _act(
    rule: Rule,
    match: MatchId,
    scope: Scope,
    actions: Mapping[str, ActionType],
    history: Callable[[ActionType | None, SubjectRef | None], History],
    seal: Seal,
    act: Act,
    position: int,
) -> Plan:
    if act.action not in actions:
        raise TemplateFailed(f"{scope.account.provider} has no action {act.action!r}")
    action = actions[act.action]
    subject = target(action, scope, f"{match}.{position}")
    params, sealed = freeze(act, scope, seal)
    cost = action.cost(params, scope.subject) if action.cost is not None else None
    verdict = guard_action(rule, action, cost, history(action, subject), scope.now)
    if isinstance(verdict, HeldBack):
        return Plan(held=verdict, acts_planned=position)
    asks = verdict if isinstance(verdict, Asks) else None
    planned = PlannedIntent(
        account=scope.account.name,
        action=action.name,
        subject=subject,
        params=params,
        sealed=sealed,
        cost=cost,
        rule=rule.name,
        match=match,
        reason=asks.reason if asks is not None else "",
        asks=asks.reason if asks is not None else None,
        within=asks.within if asks is not None else None,
    )
    more = position + 1 < len(rule.acts())
    held = HeldBack(Obstacle.OPEN_INTENT, f"waits for its {action.name}") if more else None
    return Plan((), planned, held, position + 1)


def target(action: ActionType, scope: Scope, key: str) -> SubjectRef:
    """Say what the action is done to.

    Raises:
        TemplateFailed: the event has no subject of the action's type.
    """
    if action.creates:
        return SubjectRef(action.subject, f"+{digest(key)[:10]}")
    if action.subject_id is not None:
        return SubjectRef(action.subject, action.subject_id)
    event = scope.event
    ref = scope.subject.ref if scope.subject is not None else event.subject if event is not None else None
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
        if value is None or not hmac.compare_digest(seal(str(value)), expected):
            raise TemplateFailed(f"the secret parameter {name!r} resolves to something else than when it was planned")
        params[name] = value
    return params


def _notes(rule: Rule, scope: Scope) -> tuple[Note, ...]:
    return tuple(
        Note(step.sink, str(to_public(step.text.render(scope))), position, step.severity or rule.severity)
        for position, step in enumerate(rule.do)
        if isinstance(step, Notify)
    )
