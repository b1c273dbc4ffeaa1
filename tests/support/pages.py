"""The pages, and the fenced fragments in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
    + list((ROOT / "docs").rglob("*.md"))
    + list((ROOT / "examples").rglob("*.md"))
)
_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fragment:
    """One fenced fragment; `kind` is its whole info string, such as `yaml rules`."""

    page: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def page(name: str) -> str:
    """Return the text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def fragments(language: str, *pages: Path) -> Iterator[Fragment]:
    """Return the fragments of a language, of all pages or of some."""
    for path in pages or PAGES:
        text = path.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            if found[2].split(" ")[0] == language:
                lines = [line.removeprefix(found[1]) for line in found[3].splitlines()]
                yield Fragment(path, text.count("\n", 0, found.start()) + 1, found[2], "\n".join(lines) + "\n")


def program(name: str, kind: str = "python") -> str:
    """Return the fragments of a page that are of a kind, as one program."""
    return "\n\n".join(fragment.text for fragment in fragments("python", ROOT / name) if fragment.kind == kind)
