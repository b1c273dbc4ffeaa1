"""Read the configuration: files in, a `Configuration` out, or every problem with its place.

The way: files → one document (`document`) → checked against the schema (`schema_errors`) → values (`values`,
`secrets`) → compiled rules (`bursar.rules`). Nothing is used before everything was checked; what is wrong in one place
does not hide what is wrong in another. It opens the configuration's files and its secrets, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bursar.api.provider import AccountSettings, Provider
from bursar.api.secret import Secret
from bursar.api.sink import SinkSettings
from bursar.diagnostics.problem import KeyPath, Problem
from bursar.diagnostics.suggestion import suggest
from bursar.domain.durations import parse_duration
from bursar.domain.event import CORE_EVENTS
from bursar.domain.ids import AccountName, RuleName, SinkName
from bursar.domain.rule import Mode, Rule
from bursar.host.registry import Registry
from bursar.logs import tokens_of
from bursar.rules.read import compile_rules
from bursar.rules.templates import SecretTemplate
from bursar.settings.document import read_documents
from bursar.settings.formats import is_exposed, read_url
from bursar.settings.identity import identity
from bursar.settings.locations import default_paths
from bursar.settings.messages import did_you_mean, quoted
from bursar.settings.model import Account, Configuration, ConfigurationError, ConfiguredSink, Settings
from bursar.settings.partial import sound_parts
from bursar.settings.rule_places import rule_places
from bursar.settings.schema import configuration_schema, rule_schema
from bursar.settings.schema_errors import find_faults
from bursar.settings.secrets import SecretSource
from bursar.settings.source_map import Document
from bursar.settings.values import read_account_rate, read_budgets, read_options, read_polls, read_settings

__all__ = ["default_paths", "read_configuration"]


def read_configuration(
    paths: Sequence[Path],
    registry: Registry,
    *,
    environ: Mapping[str, str],
    without_secrets: bool = False,
    unit_only_is_warning: bool = False,
) -> Configuration:
    """Read and check everything.

    Args:
        paths: Files and directories, in order.
        registry: What the plugins brought.
        environ: The environment: for `{env: …}`, `~` and `$CREDENTIALS_DIRECTORY`.
        without_secrets: Resolve no secret; each is a placeholder. Such a configuration is for looking at only.
        unit_only_is_warning: A credential that only the systemd unit can read is a warning.

    Raises:
        ConfigurationError: with every problem, sorted by place.
    """
    reading = read_documents(paths)
    schema = configuration_schema(registry)
    faults = [fault for fault in find_faults(reading.document, schema) if fault.path[:1] != ("rules",)]
    problems = [*reading.problems, *(fault.problem for fault in faults)]
    if not reading.whole:
        raise ConfigurationError(sorted(set(problems)))
    source = SecretSource(environ, absent=without_secrets, unit_only_is_warning=unit_only_is_warning)
    sound = sound_parts(reading.document.value, [fault.path for fault in faults])
    reader = _Reader(reading.document, registry, source, sound, problems)
    accounts, sinks = reader.accounts(), reader.sinks()
    rules = reader.rules(accounts)
    settings = reader.settings(paths)
    problems += source.problems
    if problems:
        raise ConfigurationError(sorted(set(problems)))
    warnings = tuple(sorted({*reading.warnings, *reader.warnings, *source.warnings}))
    secrets = {*source.texts, *_written_out(rules), *_in_addresses(settings, accounts.values(), sinks.values())}
    return Configuration(settings, accounts, sinks, rules, frozenset(secrets), warnings)


@dataclass(slots=True)
class _Reader:
    """Reads the parts of one document.

    Attributes:
        sound: The document's data without what the schema found faulty.
        problems: Grows while reading.
    """

    document: Document
    registry: Registry
    source: SecretSource
    sound: Mapping[str, Any]
    problems: list[Problem]
    warnings: list[Problem] = field(default_factory=list)

    def settings(self, paths: Sequence[Path]) -> Settings:
        self._check_shared_budgets()
        beside = Path(self.document.at(("settings", "state")).file).parent
        return read_settings(self.sound["settings"], paths, beside, self.source.environ, self._secret)

    def accounts(self) -> dict[AccountName, Account]:
        """Read the accounts whose provider is known."""
        accounts = {}
        for name, raw in self.sound["accounts"].items():
            provider = self.registry.providers.get(raw.get("provider"))
            if provider is not None:
                accounts[AccountName(name)] = self._account(name, raw, provider)
        self._refuse_doubles(accounts)
        return accounts

    def rules(self, accounts: Mapping[AccountName, Account]) -> tuple[Rule, ...]:
        """Compile the rules."""
        unread = self._unread_accounts(accounts)
        rules, problems = compile_rules(
            self.document.value.get("rules", []),
            rule_places(self.document, rule_schema(self.registry)),
            {**accounts, **unread},
            self.registry.providers,
            frozenset(self.document.value.get("sinks", {})),
            self.registry.functions,
            lambda raw, path: self._secret(dict(raw), ("rules", *path)),
        )
        lost = [repr(str(name)) for name in self.document.value.get("accounts", {}) if name not in {*accounts, *unread}]
        self.problems += [each for each in problems if not any(name in each.message for name in lost)]
        if not problems:
            self._warn_of_twins(rules, accounts)
        return rules

    def _warn_of_twins(self, rules: Sequence[Rule], accounts: Mapping[AccountName, Account]) -> None:
        """Warn of two live rules that do the same at the same account: both ask for it."""
        facts = [account.facts for account in accounts.values()]
        seen: dict[tuple[str, str, AccountName], RuleName] = {}
        for number, rule in enumerate(rules):
            if not rule.acts() or rule.mode is not Mode.LIVE:
                continue
            where = [one.name for one in facts if rule.accounts.include(one)]
            twins = [name for name in where if (rule.trigger, rule.meaning, name) in seen]
            for name in twins[:1]:
                other = seen[rule.trigger, rule.meaning, name]
                words = f"does what {other} does at {name}: both ask for it, each with its own cooldown and budget"
                self.warnings.append(self.document.at(("rules", number)).problem(words))
            seen |= {(rule.trigger, rule.meaning, name): rule.name for name in where if name not in twins}

    def _unread_accounts(self, read: Mapping[AccountName, Account]) -> dict[AccountName, Account]:
        """Return the accounts whose provider is mistyped with the one that was probably meant, to check rules with."""
        unread = {}
        for name, raw in self.document.value.get("accounts", {}).items():
            written = raw.get("provider") if isinstance(raw, dict) else None
            meant = suggest(written, self.registry.providers) if isinstance(written, str) else None
            if name not in read and meant is not None:
                provider = self.registry.providers[meant]
                labels = self.sound["accounts"].get(name, {}).get("labels", {})
                settings = AccountSettings(name, "", Secret(""), labels=labels)
                unread[AccountName(name)] = Account(settings, provider, {}, provider.default_rate)
        return unread

    def _account(self, name: str, raw: Mapping[str, Any], provider: Provider) -> Account:
        path: KeyPath = ("accounts", name)
        self._check_budgets(path, provider)
        self._warn_of_exposure((*path, "url"), raw.get("url"))
        settings = AccountSettings(
            name=name,
            url=raw.get("url", provider.default_url or ""),
            key=self._secret(raw["key"], (*path, "key")) if "key" in raw else Secret(""),
            timeout=parse_duration(raw["timeout"]) if "timeout" in raw else provider.default_timeout,
            settle=parse_duration(raw.get("settle", "5m")),
            debits_at_once=raw.get("debits_at_once", False),
            currency=raw.get("currency"),
            labels=raw.get("labels", {}),
            options=read_options(provider.settings, raw, path, self._secret),
        )
        self._warn_of_settle(path, settings)
        rate = read_account_rate(raw.get("rate"), provider)
        return Account(
            settings, provider, read_polls(raw.get("poll", {}), provider), rate, read_budgets(raw.get("budget", {}))
        )

    def _secret(self, raw: Any, path: KeyPath) -> Secret:
        return self.source.resolve(raw, self.document.at(path))

    def _check_budgets(self, path: KeyPath, provider: Provider) -> None:
        known = [action.name for action in provider.actions]
        written = self.document.value["accounts"][path[1]].get("budget")
        for action in written if isinstance(written, dict) else ():
            if action not in known:
                text = f"{provider.name} has no action {quoted(action)}{did_you_mean(action, known)}"
                self.problems.append(self.document.key((*path, "budget", action)).problem(text))
            elif not _costs(provider, action):
                text = f"nobody can know what {action} costs at {provider.name}: no budget could ever allow it"
                self.problems.append(self.document.key((*path, "budget", action)).problem(text))

    def _check_shared_budgets(self) -> None:
        """Check that what is in `settings.budget` is an action of some provider, and that its cost can be known."""
        settings = self.document.value.get("settings")
        written = settings.get("budget") if isinstance(settings, dict) else None
        providers = self.registry.providers.values()
        known = sorted({action.name for provider in providers for action in provider.actions})
        for index, each in enumerate(written if isinstance(written, list) else ()):
            for action in each if isinstance(each, dict) else ():
                place = self.document.key(("settings", "budget", index, action))
                if action not in known:
                    self.problems.append(
                        place.problem(f"no provider has an action {quoted(action)}{did_you_mean(action, known)}")
                    )
                elif not any(_costs(provider, action) for provider in providers):
                    self.problems.append(
                        place.problem(f"nobody can know what {action} costs: no budget could ever allow it")
                    )

    def _warn_of_settle(self, path: KeyPath, settings: AccountSettings) -> None:
        if settings.settle < settings.timeout:
            place = self.document.key((*path, "settle" if "settle" in self.sound["accounts"][path[1]] else "timeout"))
            warning = "settle is shorter than timeout: a lost request may land until timeout is over, so timeout counts"
            self.warnings.append(place.problem(warning))

    def _warn_of_exposure(self, path: KeyPath, url: str | None) -> None:
        if url is not None and is_exposed(read_url(url)):
            warning = "http:// sends the key unencrypted: use https://"
            self.warnings.append(self.document.at(path).problem(warning))

    def _refuse_doubles(self, accounts: Mapping[AccountName, Account]) -> None:
        """Refuse two names for one account: each would undo the other's limits, and pay twice. Warn if it may be."""
        first: dict[tuple[str, str, str], AccountName] = {}
        keys: dict[tuple[str, str], AccountName] = {}
        for name, account in accounts.items():
            if not account.settings.key or not account.settings.url:
                continue
            of = identity(account)
            other, alike = first.setdefault(of, name), keys.setdefault((of[0], of[2]), name)
            place = self.document.key(("accounts", name))
            if other != name:
                where = self.document.key(("accounts", other))
                text = f"{name!r} is the same account as {other!r} at {where}: provider, url and key are equal"
                self.problems.append(place.problem(text))
            elif alike != name:  # www or not, http and https: no address tells whether it is one site
                text = f"{name!r} has the key of {alike!r}: if it is one site, all that rules do there is done twice"
                self.warnings.append(place.problem(text))

    def sinks(self) -> dict[SinkName, ConfiguredSink]:
        """Read the sinks whose type is known."""
        sinks = {}
        for name, raw in self.sound["sinks"].items():
            path: KeyPath = ("sinks", name)
            kind = self.registry.sinks.get(raw.get("type"))
            self._check_globs((*path, "events"))
            if kind is not None:
                options = read_options(kind.settings, raw, path, self._secret)
                settings = SinkSettings(name, options)
                sinks[SinkName(name)] = ConfiguredSink(SinkName(name), kind, settings, tuple(raw.get("events", ())))
        return sinks

    def _check_globs(self, path: KeyPath) -> None:
        globs = self.document.value["sinks"][path[1]].get("events", ())
        known = self._event_names()
        for index, glob in enumerate(globs if isinstance(globs, list) else ()):
            if isinstance(glob, str) and not any(fnmatchcase(name, glob) for name in known):
                place = self.document.at((*path, index))
                self.problems.append(place.problem(f"no event is called {quoted(glob)}{_guess(glob, known)}"))

    def _event_names(self) -> set[str]:
        subjects = (subject for provider in self.registry.providers.values() for subject in provider.subjects)
        return {*CORE_EVENTS, *(name for subject in subjects for name in subject.event_names())}


def _costs(provider: Provider, name: str) -> bool:
    """Return whether a provider has an action whose cost can be known."""
    return any(action.name == name and action.cost is not None for action in provider.actions)


def _written_out(rules: Iterable[Rule]) -> Iterator[str]:
    """Return the secret parameters of rules, those that are written out, too."""
    templates = (template for rule in rules for act in rule.acts() for template in act.params.values())
    return (template.secret.reveal() for template in templates if isinstance(template, SecretTemplate))


def _in_addresses(settings: Settings, accounts: Iterable[Account], sinks: Iterable[ConfiguredSink]) -> Iterator[str]:
    """Return what addresses carry besides their place: they are no secrets, and often hold one."""
    options = (value for sink in sinks for value in sink.settings.options.values() if isinstance(value, str))
    for address in (settings.heartbeat or "", *(account.settings.url for account in accounts), *options):
        yield from tokens_of(address)


def _guess(glob: str, known: set[str]) -> str:
    """Return what was probably meant, a whole group of events included."""
    groups = {f"{name.partition('.')[0]}.*" for name in known}
    meant = suggest(glob, sorted(groups) if "*" in glob else sorted(known | groups))
    return f" (did you mean {meant!r}?)" if meant is not None else ""
