"""What stands for a rule's compiled meaning: layout, and the order of what is joined by `and` or `or`, do not count.

Comes in: what a rule listens to, its condition and its steps, all compiled. Goes out: digests. `trigger` stands for
`on` and `when` (what holds for the rule ends with it), `fingerprint` for `do`, too (what was decided and not sent ends
with it), and `meaning` for `on` and what is done, whatever is told besides: a rule that appears with that of one that
disappears is the same one under another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass

from bursar.domain.ids import digest
from bursar.domain.rule import Act, Condition, Notify, Step
from bursar.rules.ast import Call, Compare, Logic, Node, Read, Within, children


def trigger(on: Iterable[str], watches: str | None, when: Condition | None) -> str:
    """Return what stands for `on` and `when`."""
    return digest("trigger", watches or "", *sorted(on), "when", _meaning_of(when))


def fingerprint(on: Iterable[str], watches: str | None, when: Condition | None, do: Sequence[Step]) -> str:
    """Return what stands for `on`, `when` and `do`."""
    return digest("rule", trigger(on, watches, when), *_steps(do))


def meaning(on: Iterable[str], watches: str | None, do: Sequence[Step]) -> str:
    """Return what stands for `on` and what is done; of a rule that only tells, for its texts."""
    # Texts do not count: an edit of what is told must not make a payout rule forget its cooldown.
    steps = [step for step in do if isinstance(step, Act)] or do
    return digest("meaning", watches or "", *sorted(on), "do", *_steps(steps))


def former_trigger(on: Iterable[str], watches: str | None, when: Condition | None) -> str:
    """Return what stood for `on` and `when` in journals of the first version."""
    return digest("on", watches or "", *on, "when", when.text if when is not None else "")


def canonical(node: Node) -> str:
    """Return a condition's tree as text, the same for all that mean the same by order alone."""
    parts = [canonical(child) for child in children(node)]
    if isinstance(node, Logic) or (isinstance(node, Compare) and node.sign in ("==", "!=")):
        # `a and b` written as `b and a` must not end what waits for a person.
        parts.sort()
    elif isinstance(node, Within):
        parts[1:] = sorted(parts[1:])
    return f"{type(node).__name__}({_own(node)}: {', '.join(parts)})"


def _own(node: Node) -> str:
    """Return what a node holds besides the nodes below it."""
    if isinstance(node, Read):
        return node.path
    if isinstance(node, Call):
        return node.function.name
    held = [getattr(node, each.name) for each in fields(node)]
    return " ".join(repr(value) for value in held if not isinstance(value, tuple) and not is_dataclass(value))


def _meaning_of(when: Condition | None) -> str:
    return "" if when is None else when.meaning


def _steps(do: Sequence[Step]) -> list[str]:
    """Return the actions in their order, and the texts, whose order says nothing."""
    acts = [_act(step) for step in do if isinstance(step, Act)]
    texts = sorted(f"{step.sink} {step.severity or ''} {step.text.text}" for step in do if isinstance(step, Notify))
    # The actions keep their order: "cancel, then add" is not "add, then cancel".
    return ["acts", *acts, "texts", *texts]


def _act(act: Act) -> str:
    return f"{act.action} " + " ".join(f"{name}={act.params[name].text!r}" for name in sorted(act.params))
