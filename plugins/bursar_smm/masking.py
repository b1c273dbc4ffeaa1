"""What people may see of an answer: the key never. Pure."""

from __future__ import annotations

from bursar.api import Json

MAX_DEPTH = 60


def masked(answer: Json, secret: str, depth: int = 0) -> Json:
    """Return an answer without the key that some panels echo, and without what lies deeper than any panel goes."""
    if isinstance(answer, str):
        return answer.replace(secret, "***") if secret else answer
    if depth > MAX_DEPTH and isinstance(answer, (list, dict)):
        return "…"
    if isinstance(answer, list):
        return [masked(part, secret, depth + 1) for part in answer]
    if isinstance(answer, dict):
        return {str(masked(name, secret)): masked(part, secret, depth + 1) for name, part in answer.items()}
    return answer
