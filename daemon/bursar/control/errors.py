"""What a question to the controller is answered with when it cannot be done."""

from __future__ import annotations


class RequestRejected(Exception):
    """One sentence for the person who asked, and the exit code of the command."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
