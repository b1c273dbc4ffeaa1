"""Configurations for these tests, put together from a head and rules."""

from __future__ import annotations

ACCOUNT = "{provider: toy, url: 'http://127.0.0.1:1/api', key: {env: KEY}, currency: USD}"


def config(rules: str = "", *, settings: str = "", accounts: str = f"panel: {ACCOUNT}", events: str = "") -> str:
    """Give a configuration: the account `panel`, the sink `ops`, and these rules, one to a line in YAML's flow style."""
    listed = "\n".join(f"  - {line.strip()}" for line in rules.strip().splitlines() if line.strip())
    return f"""
settings: {{state: ./journal.db{', ' + settings if settings else ''}}}
accounts: {{{accounts}}}
sinks:
  ops: {{type: box, events: [{events}]}}
rules:{chr(10) + listed if listed else ' []'}
"""
