"""docs/walk.md, run from its first line to its last; its `assert`s are the test."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from docs_pages import ROOT, fragments, program


async def test_the_walk_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [configuration] = fragments("yaml", ROOT / "docs" / "walk.md")
    walked: dict[str, Any] = {"CONFIGURATION": configuration.text}
    walk = eval(compile(program("docs/walk.md"), "docs/walk.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), walked)
    assert inspect.isawaitable(walk)
    await walk
    assert len(walked["received"]) == 1
