"""Secrets: from how the configuration names them to what they are.

`{env: NAME}` is a variable of the environment, `{file: path}` a file, `{credential: NAME}` one that systemd hands to
the unit, and a literal is allowed and warned about. What cannot be had is a problem at its place. No problem ever
shows a value, nor a name that does not look like one (it may be the secret itself, put in the wrong place).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bursar.api.secret import Secret
from bursar.diagnostics.problem import Place, Problem
from bursar.settings.formats import read_path

MAX_BYTES = 64 * 1024
PLACEHOLDER = Secret("")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_.@-]{0,254}")


class Missing(Exception):
    """A secret cannot be had; the text says why."""

    def __init__(self, reason: str, *, only_for_unit: bool = False) -> None:
        super().__init__(reason)
        self.only_for_unit = only_for_unit


@dataclass(slots=True)
class SecretSource:
    """Resolves secrets and remembers what it found.

    Attributes:
        environ: The environment.
        absent: Resolve nothing; every secret is a placeholder.
        unit_only_is_warning: A credential that only the unit can read is a warning.
        texts: Every secret that was resolved.
        problems: What could not be had.
        warnings: What is legal and unwise.
    """

    environ: Mapping[str, str]
    absent: bool = False
    unit_only_is_warning: bool = False
    texts: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def resolve(self, raw: Any, place: Place) -> Secret:
        """Return the secret that `raw` names; a placeholder where it cannot be had, with the problem noted.

        Args:
            raw: A text, or a mapping with the one key `env`, `file` or `credential`.
            place: Where it stands.
        """
        if isinstance(raw, str):
            self._warn_of_literal(place)
            return self._known(raw)
        if self.absent:
            return PLACEHOLDER
        try:
            return self._known(self._look_up(raw, place))
        except Missing as error:
            noted = self.warnings if error.only_for_unit and self.unit_only_is_warning else self.problems
            noted.append(place.problem(str(error)))
            return PLACEHOLDER

    def _warn_of_literal(self, place: Place) -> None:
        warning = "a secret in plain text: better {env: NAME}, {file: path} or {credential: NAME}"
        self.warnings.append(place.problem(warning))

    def _known(self, text: str) -> Secret:
        self.texts.add(text)
        return Secret(text)

    def _look_up(self, raw: Mapping[str, str], place: Place) -> str:
        [(source, name)] = raw.items()
        if source == "env":
            return self._from_environment(name)
        if source == "credential":
            return self._from_credential(name)
        return _from_file(read_path(name, Path(place.file).parent, self.environ))

    def _from_environment(self, name: str) -> str:
        if not _VARIABLE.fullmatch(name):
            # Without the name: people put the key itself here, and the message goes into logs.
            raise Missing("env: expected the name of an environment variable")
        text = self.environ.get(name, "").strip()
        if not text:
            how = "is empty" if name in self.environ else "is not set"
            raise Missing(f"the environment variable {name} {how}")
        return text

    def _from_credential(self, name: str) -> str:
        if not _CREDENTIAL.fullmatch(name):
            raise Missing("credential: expected a name without slashes")
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise Missing(f"only the systemd unit can read the credential {name!r}", only_for_unit=True)
        path = Path(folder, name)
        if not path.exists():
            raise Missing(f"the unit has no credential {name!r}: add LoadCredential={name}:… to it")
        return _from_file(path)


def _from_file(path: Path) -> str:
    """Read a secret's file, without the line's end that editors add."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        # An editor's line end would be part of the key: the account would be rejected, and the address banned.
        text = raw.decode("utf-8").strip()
    except OSError as error:
        raise Missing(f"the secret's file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Missing(f"the secret's file {path} is not UTF-8 text") from None
    if not text:
        raise Missing(f"the secret's file {path} is empty")
    if len(raw) > MAX_BYTES:
        raise Missing(f"the secret's file {path} is larger than {MAX_BYTES // 1024} KiB")
    return text
