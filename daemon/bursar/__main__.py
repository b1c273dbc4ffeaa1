"""`python -m bursar`: the command line, where no script is on the PATH."""

from __future__ import annotations

from bursar.cli import main

main()
