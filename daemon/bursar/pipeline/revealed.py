"""Intents as adapters get them: with their secret parameters, and with what the provider made for others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from bursar.domain.intent import Intent, LostReply
from bursar.domain.plan import SecretChanged, unseal
from bursar.domain.rule import Rule, TemplateFailed
from bursar.domain.values import Json
from bursar.journal import matches, references
from bursar.journal.matches import MatchRow
from bursar.pipeline.intent_facts import action_of, settle_of
from bursar.pipeline.match_facts import scope_of
from bursar.pipeline.unit_of_work import ReadView


def revealed(view: ReadView, intent: Intent) -> Intent:
    """Return an intent as adapters get it: its secret parameters filled in again.

    Raises:
        TemplateFailed: one is not known any more, or resolves to something else than when the intent was planned.
    """
    intent = _beside_others(view, intent)
    if not intent.sealed:
        return intent
    if intent.match is None:
        kept = view.secret_params.get(intent.id, {})
        # The journal has only a mask: sending that to a site would pay out to "***".
        if any(name not in kept for name in intent.sealed):
            raise TemplateFailed("its secret parameter is not known any more, since it was given to another run")
        return replace(intent, params={**intent.params, **kept})
    match, rule = matches.load(view.tx, intent.match), view.config.rules.get(intent.rule or "")
    if match is None or rule is None:
        raise TemplateFailed("its rule is gone, and its secret parameter with it")
    return replace(intent, params=_unsealed(view, intent, rule, match))


def _beside_others(view: ReadView, intent: Intent) -> Intent:
    """Return an intent with what the provider made for others since it was sent."""
    action = action_of(view, intent)
    if action is None or action.lost_reply is not LostReply.RECONCILABLE or intent.sent_at is None:
        return intent
    since = intent.sent_at - settle_of(view, intent)  # a provider may list late what it made just before
    return replace(intent, made_for_others=references.references_of_others(view.tx, intent, since))


def secret_changed(view: ReadView, intent: Intent) -> bool:
    """Return whether a secret parameter of an intent, a wallet, is another one now: no digest of a rule has it."""
    try:
        revealed(view, intent)
    except SecretChanged:
        return True
    except TemplateFailed:
        return False
    return False


def _unsealed(view: ReadView, intent: Intent, rule: Rule, match: MatchRow) -> Mapping[str, Json]:
    scope = scope_of(view, match)
    failed: TemplateFailed = SecretChanged(f"its rule does not say {intent.action} any more")
    # The rule may have the same action twice: any of them that gives the sealed value is the one.
    for act in rule.acts():
        if act.action == intent.action:
            try:
                return unseal(intent.params, intent.sealed, act, scope, view.config.seal)
            except TemplateFailed as error:
                failed = error
    raise failed


def revealed_beside(view: ReadView, doubt: Intent, intent: Intent) -> Intent:
    """Return an intent that is looked for, as adapters get it; its rule may be another by now.

    Raises:
        TemplateFailed: a secret parameter is not known any more: no rule has it, nor the intent beside it.
    """
    try:
        return revealed(view, doubt)
    except TemplateFailed:
        doubt = _beside_others(view, doubt)
        # Same digest, same wallet: the one that is about to be sent
        # lends it, so that an edited rule hides no lost payout.
        if doubt.id != intent.id and doubt.sealed == intent.sealed:
            secrets = {name: revealed(view, intent).params[name] for name in doubt.sealed}
            return replace(doubt, params={**doubt.params, **secrets})
        match = matches.load(view.tx, doubt.match) if doubt.match is not None else None
        for rule in view.config.rules.rules:
            with suppress(TemplateFailed):
                if match is not None:
                    return replace(doubt, params=_unsealed(view, doubt, rule, match))
        raise
