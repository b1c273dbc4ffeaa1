"""A folder that the caller may not enter is a sentence, not a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commands import Command

HERE = Path.exists


@pytest.mark.parametrize("words", [("status",), ("actions",), ("pause",), ("doctor",)])
def test_what_the_user_may_not_read_is_named(
    alone: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str]
) -> None:
    def forbidden(path: Path, **how: bool) -> bool:
        if path.name in ("journal.db", "bursar.sock", "journal.db.lock"):
            raise PermissionError(13, "Permission denied", str(path))
        return HERE(path, **how)

    monkeypatch.setattr(Path, "exists", forbidden)
    said = alone(*words)
    assert said.code == 1
    assert "Traceback" not in said.err
    assert "the daemon runs as, or root" in said.err + said.out
