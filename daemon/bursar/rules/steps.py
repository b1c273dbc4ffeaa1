"""The `do` of a rule: actions with their parameters, and texts for sinks, checked and compiled.

Comes in: the list as YAML had it. Goes out: steps. An action must be one of every account that the rule can fire for,
its subject must follow from what the rule listens to, and its parameters must be those that it declares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bursar.api.secret import Secret
from bursar.diagnostics.collector import Collector, short, sort_of
from bursar.diagnostics.problem import KeyPath
from bursar.domain.action import ActionType, Param
from bursar.domain.ids import SinkName
from bursar.domain.rule import Act, Notify, Step, Template
from bursar.domain.values import FieldKind, number
from bursar.rules.errors import TemplateError
from bursar.rules.formatter import KINDS
from bursar.rules.names import Names
from bursar.rules.templates import Fixed, SecretTemplate, compile_parameter, compile_text
from bursar.rules.triggers import Listening, about_subjects
from bursar.rules.world import World

DO = "a list of actions, such as [refill]"
NOTIFY = "notify"
MASK = "***"
SECRET_SOURCES = ("env", "file", "credential")
_SEVERITY = re.compile(r"\w[\w-]{0,31}")


@dataclass(frozen=True, slots=True)
class StepReader:
    """Reads the steps of one rule.

    Attributes:
        listening: What the rule listens to.
        names: What its texts and parameters can name.
        world: What it is checked against.
        problems: Where faults are noted.
    """

    listening: Listening
    names: Names
    world: World
    problems: Collector

    def read(self, raw: object, path: KeyPath) -> tuple[Step, ...]:
        """Read `do`."""
        items = enumerate(self.problems.items(raw, path, DO))
        steps = [self._step(item, (*path, index)) for index, item in items]
        return tuple(step for step in steps if step is not None)

    def severity(self, raw: object, path: KeyPath) -> str | None:
        """Read a severity: a word of the user's own."""
        if isinstance(raw, str) and _SEVERITY.fullmatch(raw):
            return raw
        self.problems.add(path, "expected a severity: one word, such as info, warning or critical")
        return None

    def _step(self, raw: object, path: KeyPath) -> Step | None:
        if isinstance(raw, str):
            return self._act(raw, None, path, path)
        if not isinstance(raw, dict) or len(raw) != 1:
            what = f"a mapping of {len(raw)} keys" if isinstance(raw, dict) else sort_of(raw)
            self.problems.add(path, f"expected an action, or one with its parameters, not {what}")
            return None
        name, value = next(iter(raw.items()))
        if name == NOTIFY:
            return self._notify(value, (*path, NOTIFY))
        return self._act(str(name), value, path, (*path, name))

    def _notify(self, raw: object, path: KeyPath) -> Notify | None:
        expected = "{sink: …, text: …}"
        given = self.problems.mapping(raw, path, expected, ("sink", "text", "severity"), ("sink", "text"))
        if given is None:
            return None
        severity = self.severity(given["severity"], (*path, "severity")) if "severity" in given else None
        sink = self._sink(given["sink"], (*path, "sink")) if "sink" in given else None
        text = self._text(given["text"], (*path, "text")) if "text" in given else None
        return Notify(sink, text, severity) if sink is not None and text is not None else None

    def _sink(self, raw: object, path: KeyPath) -> SinkName | None:
        name = self.problems.text(raw, path, "the name of a sink")
        if name is None or name in self.world.sinks:
            return SinkName(name) if name is not None else None
        self.problems.unknown(path, "sink", name, self.world.sinks)
        return None

    def _text(self, raw: object, path: KeyPath) -> Template | None:
        if isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
            return Fixed(str(raw))
        text = self.problems.text(raw, path, "a text")
        try:
            return compile_text(text, self.names) if text is not None else None
        except TemplateError as error:
            self.problems.add(path, str(error))
            return None

    def _act(self, name: str, raw: object, path: KeyPath, at_params: KeyPath) -> Act | None:
        if name == NOTIFY:
            self.problems.add(path, "notify needs a sink and a text: {notify: {sink: …, text: …}}")
            return None
        actions = self._actions(name, path)
        if not actions:
            return None
        for action in actions:
            if (objection := self._unreachable(action)) is not None:
                self.problems.add(path, objection)
                break
        return self._with_params(name, raw, at_params, actions)

    def _actions(self, name: str, path: KeyPath) -> list[ActionType]:
        """Return the action of each provider that the rule can fire for, and report those that have none."""
        providers = self.listening.providers
        found = [action for provider in providers for action in provider.actions if action.name == name]
        if not found:
            self.problems.unknown(path, "action", name, [a.name for p in providers for a in p.actions] + [NOTIFY])
        lacking = {provider.name for provider in providers if name not in {each.name for each in provider.actions}}
        if found and lacking and self.listening.whole:
            accounts = [
                f"{account.facts.name} ({account.provider.name})"
                for account in self.listening.chosen
                if account.provider.name in lacking
            ]
            who = ", ".join(accounts) or ", ".join(sorted(lacking))
            self.problems.add(path, f"the rule is also for {who}, without an action {name!r}: narrow `accounts`")
        return found

    def _unreachable(self, action: ActionType) -> str | None:
        """Return why an action's subject does not follow from the rule's events; see `target` in domain/plan."""
        if action.creates or action.subject_id is not None or not self.listening.whole:
            return None
        for name in self.listening.about:
            kinds = self.listening.subjects.get(name, ())
            if name != action.subject and not all(action.subject in kind.fields for kind in kinds):
                return f"{action.name} is done to {action.subject}, and this rule is about {name}"
        if self.listening.core and not about_subjects(self.listening):
            return f"{action.name} is done to {action.subject}, and not all events of this rule are about one"
        return None

    def _with_params(self, name: str, raw: object, path: KeyPath, actions: list[ActionType]) -> Act | None:
        if raw is not None and not isinstance(raw, dict):
            self.problems.add(path, f"expected the parameters of {name} as a mapping, not {sort_of(raw)}")
            return None
        given: Mapping[str, Any] = raw or {}
        declared = {key: param for action in actions for key, param in action.params.items()}
        for key in given:
            if not all(key in action.params for action in actions):
                self.problems.unknown((*path, key), f"parameter of {name}", str(key), declared)
        for key, param in declared.items():
            if param.required and key not in given:
                self.problems.add(path, f"{name} needs the parameter {key!r}" + _described(param))
        params = {
            key: template
            for key, value in given.items()
            if key in declared and (template := self._param(value, declared[key], (*path, key))) is not None
        }
        secret = {key for key, template in params.items() if isinstance(template, SecretTemplate)}
        return Act(name, params, frozenset(secret | {key for key in params if declared[key].secret}))

    def _param(self, raw: object, param: Param, path: KeyPath) -> Template | None:
        """Read one parameter. No problem shows its value."""
        if isinstance(raw, dict):
            return self._secret(raw, path)
        if isinstance(raw, str):
            return self._written(raw, param, path)
        if isinstance(raw, bool):
            template = Fixed(raw) if param.kind is FieldKind.BOOLEAN else None
        elif isinstance(raw, (int, Decimal)) and param.kind in (FieldKind.NUMBER, FieldKind.TEXT):
            template = Fixed(Decimal(raw) if param.kind is FieldKind.NUMBER else str(raw))
        else:
            template = None
        if template is None:
            self.problems.add(path, f"expected {KINDS[param.kind]}, not {sort_of(raw)}")
        return template

    def _written(self, raw: str, param: Param, path: KeyPath) -> Template | None:
        try:
            template = compile_parameter(raw, self.names)
        except TemplateError as error:
            self.problems.add(path, str(error))
            return None
        if isinstance(template, Fixed) and param.secret:
            return self._written_secret(str(template.value), path)
        if isinstance(template, Fixed) and param.kind is FieldKind.NUMBER:
            value = number(template.value)
            if value is None:
                self.problems.add(path, "expected a number, not text")
            return Fixed(value) if value is not None else None
        if isinstance(template, Fixed) and param.kind is FieldKind.BOOLEAN:
            self.problems.add(path, "expected true or false, not text")
            return None
        return template

    def _written_secret(self, text: str, path: KeyPath) -> Template | None:
        """Keep a secret that is written out from being shown by the rule."""
        if not text.strip():
            self.problems.add(path, "expected a value or a secret, not an empty text")
            return None
        return SecretTemplate(MASK, Secret(text))

    def _secret(self, raw: Mapping[Any, Any], path: KeyPath) -> Template | None:
        source, name = next(iter(raw.items()), (None, None))
        if len(raw) != 1 or source not in SECRET_SOURCES or not isinstance(name, str) or not name:
            self.problems.add(path, "expected a value or a secret: {env: NAME}, {file: path} or {credential: NAME}")
            return None
        try:
            secret = self.world.resolve_secret({source: name}, path)
        except ValueError as error:
            self.problems.add(path, str(error))
            secret = Secret("")
        return SecretTemplate(f"{{{source}: {name}}}", secret)


def _described(param: Param) -> str:
    return f": {param.description}" if param.description else f", {KINDS[param.kind]}"


def plain_name(raw: object) -> bool:
    """Return whether something can be the name of a rule."""
    return isinstance(raw, str) and re.fullmatch(r"\w[\w.-]{0,63}", raw) is not None and short(raw) == repr(raw)
