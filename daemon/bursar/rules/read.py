"""YAML in, compiled rules out.

Comes in: the list of rules as plain data, and what it is checked against. Goes out: the rules that are sound, and every
problem of the others, each at its place. It never raises, whatever the list holds, and reads nothing else. Each rule
is read to its end: one fault does not hide another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from bursar.api.function import Function
from bursar.api.provider import Provider
from bursar.diagnostics.collector import Collector, short, sort_of
from bursar.diagnostics.problem import KeyPath, Place, Problem
from bursar.domain.ids import AccountName, RuleName
from bursar.domain.rule import Act, Approve, Budget, Limit, Mode, Rule, Step
from bursar.rules.conditions import CompiledCondition, compile_condition
from bursar.rules.errors import ConditionError
from bursar.rules.fingerprint import fingerprint, meaning, trigger
from bursar.rules.names import Names
from bursar.rules.steps import StepReader, plain_name
from bursar.rules.triggers import Listening, listen
from bursar.rules.world import ConfiguredAccount, ResolveSecret, World

KEYS = (
    "name",
    "on",
    "when",
    "for",
    "do",
    "accounts",
    "limit",
    "cooldown",
    "mode",
    "approve",
    "budget",
    "severity",
    "was",
)
NOT_BUILT = ("count", "absent", "group", "once_within", "unless", "silence")
RULE = "a rule: a mapping with name, on and do"
LIMIT = "a limit such as {per: order, max: 3, every: 24h}"
APPROVE = "an approval such as {above: 500, within: 12h}"
BUDGET = "a budget such as {payout: {max: 2000, every: 24h}}"


def compile_rules(
    raw: object,
    at: Callable[[KeyPath], Place],
    accounts: Mapping[AccountName, ConfiguredAccount],
    providers: Mapping[str, Provider],
    sinks: Collection[str],
    functions: Mapping[str, Function],
    resolve_secret: ResolveSecret,
) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Compile the rules of a configuration.

    Args:
        raw: The value of `rules:`; numbers as `int` or `Decimal`. None is no rule.
        at: Gives the place of a value from its path in the list, such as `(0, "limit", "max")`; for one that is not
            there, the place of what it is missing from.
        accounts: The configured accounts.
        providers: Every installed provider, by name; for better suggestions.
        sinks: The names of the configured sinks.
        functions: What plugins let conditions call, by name without the `$`.
        resolve_secret: Gives the secret that a parameter names; a `ValueError` of it becomes a problem.

    Returns:
        The sound rules, in their order, and all problems.
    """
    problems = Collector(at)
    world = World(accounts, providers, sinks, functions, resolve_secret)
    if raw is not None and not isinstance(raw, list):
        problems.add((), f"expected a list of rules, not {sort_of(raw)}")
        raw = []
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for index, each in enumerate(raw or []):
        before = len(problems.found)
        rule = RuleReader((index,), world, problems).read(each, seen)
        if rule is not None and len(problems.found) == before:
            rules.append(rule)
    _check_former_names(raw or [], seen, problems)
    return tuple(rules), problems.found


def _check_former_names(raw: list[object], names: Mapping[str, int], problems: Collector) -> None:
    """A rule takes over what another did under its name: that one must be gone, and no other rule may take it over."""
    first: dict[str, int] = {}
    for index, each in enumerate(raw):
        was = each.get("was") if isinstance(each, dict) else None
        if not isinstance(was, str):
            continue
        if was in names:
            problems.add((index, "was"), f"there is still a rule {short(was)}: `was` names one that is gone")
        elif first.setdefault(was, index) != index:
            place = problems.at((first[was], "was"))
            problems.add((index, "was"), f"the rule at {place.file}:{place.line} takes over {short(was)} already")


class RuleReader:
    """Reads one rule.

    Args:
        path: The rule's path.
        world: What it is checked against.
        problems: Where faults are noted.
    """

    def __init__(self, path: tuple[int], world: World, problems: Collector) -> None:
        self._path = path
        self._world = world
        self._problems = problems

    def read(self, raw: object, seen: dict[str, int]) -> Rule | None:
        """Read a rule; None when it cannot be used, with the reasons noted.

        Args:
            raw: What YAML had.
            seen: The names of the rules before it, with their positions.
        """
        if not isinstance(raw, dict):
            self._problems.add(self._path, f"expected {RULE}, not {sort_of(raw)}")
            return None
        self._check_keys(raw)
        name = self._name(raw, seen)
        listening = listen(raw, self._path, self._world, self._problems)
        names = listening.names()
        steps = self._steps(raw, listening, names)
        when = self._when(raw, names)
        severity = self._optional(raw, "severity", StepReader(listening, names, self._world, self._problems).severity)
        approve = self._optional(raw, "approve", self._approve)
        if approve is not None and approve.above is not None:
            asks = "it would always ask: leave `above` out"
            self._check_costs((*self._path, "approve", "above"), steps, listening, asks)
        return Rule(
            name=RuleName(name),
            do=steps,
            fingerprint=fingerprint(listening.on, listening.watches, when, steps),
            trigger=trigger(listening.on, listening.watches, when),
            meaning=meaning(listening.on, listening.watches, steps),
            was=self._optional(raw, "was", self._was),
            on=listening.on,
            watches=listening.watches,
            when=when,
            hold_for=self._hold(raw, listening),
            accounts=listening.accounts,
            limit=self._optional(raw, "limit", lambda value, path: self._limit(value, path, listening)),
            cooldown=self._optional(raw, "cooldown", self._problems.duration),
            mode=self._optional(raw, "mode", self._mode) or Mode.LIVE,
            approve=approve,
            budget=self._optional(raw, "budget", lambda value, path: self._budget(value, path, steps, listening)) or (),
            severity=severity,
        )

    def _optional(self, raw: dict[str, Any], key: str, read: Callable[[Any, KeyPath], Any]) -> Any:
        return read(raw[key], (*self._path, key)) if key in raw else None

    def _check_keys(self, raw: dict[str, Any]) -> None:
        for key in raw:
            if key in NOT_BUILT:
                self._problems.add((*self._path, key), f"{key!r} is not built yet")
            elif key not in KEYS:
                self._problems.unknown((*self._path, key), "key", str(key), KEYS)

    def _name(self, raw: dict[str, Any], seen: dict[str, int]) -> str:
        if "name" not in raw:
            self._problems.add(self._path, f"'name' is missing: expected {RULE}")
            return ""
        name, path = raw["name"], (*self._path, "name")
        if not isinstance(name, str) or not plain_name(name):
            self._problems.add(path, "expected a name of letters, digits, '-', '_' and '.'")
            return ""
        if name in seen:
            first = self._problems.at((seen[name], "name"))
            self._problems.add(path, f"duplicate name {short(name)}: it is already at {first.file}:{first.line}")
        seen.setdefault(name, self._path[0])
        return name

    def _was(self, raw: Any, path: KeyPath) -> RuleName | None:
        """Read the name that the rule had before."""
        if isinstance(raw, str) and plain_name(raw):
            return RuleName(raw)
        self._problems.add(path, "expected the name that the rule had before")
        return None

    def _steps(self, raw: dict[str, Any], listening: Listening, names: Names) -> tuple[Step, ...]:
        if "do" not in raw:
            self._problems.add(self._path, f"'do' is missing: expected {RULE}")
            return ()
        return StepReader(listening, names, self._world, self._problems).read(raw["do"], (*self._path, "do"))

    def _when(self, raw: dict[str, Any], names: Names) -> CompiledCondition | None:
        path = (*self._path, "when")
        text = self._problems.text(raw["when"], path, "a condition") if "when" in raw else None
        try:
            return compile_condition(text, names, self._world.functions) if text is not None else None
        except ConditionError as error:
            self._problems.add(path, str(error))
            return None

    def _hold(self, raw: dict[str, Any], listening: Listening) -> Any:
        if "for" in raw and listening.watches is None and listening.whole:
            why = "`for` is for rules that watch a state, as with `on: order`: an event holds no time"
            self._problems.add((*self._path, "for"), why)
        return self._optional(raw, "for", self._problems.duration)

    def _mode(self, raw: Any, path: KeyPath) -> Mode | None:
        modes = [mode.value for mode in Mode]
        if isinstance(raw, str) and raw in modes:
            return Mode(raw)
        if isinstance(raw, str):
            self._problems.unknown(path, "mode", raw, modes)
        else:
            self._problems.add(path, f"expected {' or '.join(modes)}, not {sort_of(raw)}")
        return None

    def _limit(self, raw: Any, path: KeyPath, listening: Listening) -> Limit | None:
        keys = ("per", "max", "every")
        given = self._problems.mapping(raw, path, LIMIT, keys, keys)
        if given is None or any(key not in given for key in keys):
            return None
        per = self._per(given["per"], (*path, "per"), listening)
        most = self._whole_number(given["max"], (*path, "max"))
        every = self._problems.duration(given["every"], (*path, "every"))
        return Limit(per, most, every) if per is not None and most is not None and every is not None else None

    def _per(self, raw: Any, path: KeyPath, listening: Listening) -> str | None:
        known = [*(listening.subjects if listening.core or not listening.whole else listening.about), "account", "rule"]
        if isinstance(raw, str) and raw in known:
            return raw
        if isinstance(raw, str):
            self._problems.add(path, f"a limit counts per {' or '.join(known)}, not per {short(raw)}")
        else:
            self._problems.add(path, f"expected {' or '.join(known)}, not {sort_of(raw)}")
        return None

    def _whole_number(self, raw: Any, path: KeyPath) -> int | None:
        if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1:
            return raw
        self._problems.add(path, "expected a whole number of at least 1")
        return None

    def _approve(self, raw: Any, path: KeyPath) -> Approve | None:
        given = self._problems.mapping(raw, path, APPROVE, ("above", "within"), ("within",))
        if given is None or "within" not in given:
            return None
        above = self._problems.number(given["above"], (*path, "above"), least=0) if "above" in given else None
        within = self._problems.duration(given["within"], (*path, "within"))
        return Approve(above, within) if within is not None else None

    def _check_costs(self, path: KeyPath, steps: Iterable[Step], listening: Listening, otherwise: str) -> None:
        """Refuse to depend on the cost of an action that cannot be known."""
        done = {step.action for step in steps if isinstance(step, Act)}
        for provider in listening.providers:
            for action in provider.actions:
                if action.name in done and action.cost is None:
                    why = f"nobody can know what {action.name} costs at {provider.name}: {otherwise}"
                    self._problems.add(path, why)
                    return

    def _budget(self, raw: Any, path: KeyPath, steps: tuple[Step, ...], listening: Listening) -> tuple[Budget, ...]:
        if not isinstance(raw, dict) or not raw:
            self._problems.add(path, f"expected {BUDGET}, not {sort_of(raw) if raw != {} else 'an empty one'}")
            return ()
        done = {name for step in steps if (name := getattr(step, "action", None)) is not None}
        budgets = [self._window(str(action), value, (*path, action), done) for action, value in raw.items()]
        for action in raw:
            acts = [step for step in steps if isinstance(step, Act) and step.action == action]
            self._check_costs((*path, action), acts, listening, "no budget could ever allow it")
        return tuple(budget for budget in budgets if budget is not None)

    def _window(self, action: str, raw: Any, path: KeyPath, done: set[str]) -> Budget | None:
        if action not in done:
            self._problems.unknown(path, "action of this rule", action, done)
        given = self._problems.mapping(raw, path, BUDGET, ("max", "every"), ("max", "every"))
        if given is None or "max" not in given or "every" not in given:
            return None
        most = self._problems.number(given["max"], (*path, "max"), above=0)
        every = self._problems.duration(given["every"], (*path, "every"))
        return Budget(action, most, every) if most is not None and every is not None else None
