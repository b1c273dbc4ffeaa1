"""The demo as it is told: every new event, action and message as a line, and what has not happened yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from bursar.cli.demo.receiver import Receiver
from bursar.cli.output import cell
from bursar.domain.rule import Notify, Rule

Row = Mapping[str, Any]
MAX_NAMED = 6


@dataclass(slots=True)
class Progress:
    """What the journal and the receiver showed so far.

    Attributes:
        rules: The rules whose firing ends the demo.
        receiver: Where the signed messages arrive.
        events: By id, as the journal lists them.
        actions: The same.
    """

    rules: Sequence[Rule]
    receiver: Receiver
    events: dict[str, Row] = field(default_factory=dict)
    actions: dict[str, Row] = field(default_factory=dict)
    _told: int = 0

    def take(self, events: Iterable[Row], actions: Iterable[Row]) -> list[str]:
        """Take what the journal lists now, oldest first, and tell what is new in it."""
        return [*self._new_events(events), *self._moved_actions(actions), *self._new_messages()]

    def missing(self) -> list[str]:
        """Return what has not happened yet; nothing is left when the demo is over."""
        waits = [self._waits_for(rule) for rule in self.rules]
        if not self.receiver.verified:
            waits.append("no signed message was verified by the receiver")
        return [wait for wait in waits if wait is not None]

    def done(self, rule: Rule) -> int:
        """Count how often a rule's work was done: actions that succeeded, messages that were verified."""
        succeeded = sum(1 for row in self.decided(rule) if row.get("state") == "succeeded")
        return succeeded if rule.acts() else self.receiver.told_by(rule.name)

    def decided(self, rule: Rule) -> list[Row]:
        """Return the actions that a rule decided."""
        return [row for row in self.actions.values() if row.get("rule") == rule.name]

    def seen(self, rule: Rule) -> int:
        """Count the events that an event rule listens to."""
        types = [str(row.get("type")) for row in self.events.values()]
        return sum(1 for type_ in types if any(fnmatchcase(type_, glob) for glob in rule.on))

    def _waits_for(self, rule: Rule) -> str | None:
        if rule.acts() and not self.done(rule):
            return f"the rule {rule.name} has done nothing yet"
        if any(isinstance(step, Notify) for step in rule.do) and not self.receiver.told_by(rule.name):
            return f"the rule {rule.name} has told nobody yet"
        return None

    def _new_events(self, rows: Iterable[Row]) -> list[str]:
        new = {str(row["id"]): row for row in rows if str(row["id"]) not in self.events}
        self.events |= new
        told = [
            (f"{row.get('account')}: {row.get('type')}", row.get("subject"))
            for row in new.values()
            if not _is_plain(str(row.get("type")))
        ]
        return [f"event     {what} {subjects}" for what, subjects in _together(told)]

    def _new_messages(self) -> list[str]:
        messages = list(self.receiver.verified.values())[self._told :]
        self._told += len(messages)
        told = [(str(body.get("data", {}).get("text", "")), body) for body in messages]
        news = [(str(body.get("type")), body.get("subject")) for text, body in told if not text]
        lines = [*(text for text, _ in told if text), *(f"{what} {subjects}" for what, subjects in _together(news))]
        return [f"told      {cell(line)}  (signature verified)" for line in lines]

    def _moved_actions(self, rows: Iterable[Row]) -> list[str]:
        lines = []
        for row in rows:
            before = self.actions.get(str(row["id"]))
            self.actions[str(row["id"])] = row
            if before is None or before.get("state") != row.get("state"):
                why = f" by {cell(row['rule'])}" if row.get("rule") and before is None else ""
                lines.append(
                    f"action    {cell(row.get('account'))}: {cell(row.get('action'))} {cell(row.get('subject'))}{why}: "
                    f"{cell(row.get('state'))}"
                )
        return lines


def _is_plain(type_: str) -> bool:
    """Return whether an event is not told: there are too many of it, or another line says the same."""
    return type_.endswith((".changed", ".appeared")) or type_.startswith("action.")


def _together(news: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """Put what is said of many subjects into one line."""
    about: dict[str, list[str]] = {}
    for what, subject in news:
        about.setdefault(cell(what), []).append(cell(subject))
    return [
        (what, " ".join(subjects[:MAX_NAMED]) + (f" … ({len(subjects)})" if len(subjects) > MAX_NAMED else ""))
        for what, subjects in about.items()
    ]
