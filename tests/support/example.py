"""The example plugin as a stranger would have it: built in a folder of its own, installed beside bursar, offline."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "bursar-parcel"


@dataclass(frozen=True)
class Installed:
    """The installed example.

    Attributes:
        source: A copy of its folder.
        environ: The environment in which it is installed.
        folder: Where commands run; nothing of the source tree is there.
    """

    source: Path
    environ: Mapping[str, str]
    folder: Path

    def run(self, *words: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Python there."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=cwd or self.folder,
            env={**self.environ, **variables},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
