"""What a person asked for, and the state of things does not allow."""

from __future__ import annotations


class ActionRejected(Exception):
    """It cannot be done; one sentence that says why, and what to do first. Nothing was changed."""
