"""Runs one command after the other in one process, so that not each pays for the start: words in, what it said out.

Each line of the standard input is a JSON list of words; each line of the standard output what that command printed.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from bursar.cli import execute


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            code = execute(json.loads(line))
        print(json.dumps(f"{printed.getvalue()}\nexit code {code}"), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
