"""Configurations for these tests, put together from a head and rules."""

from __future__ import annotations


def account(name: str = "panel", port: int = 1, key: str = "KEY", more: str = "") -> str:
    """Return an account of the provider `toy`; the port stands for the site."""
    url, rest = f"http://127.0.0.1:{port}/api", f", {more}" if more else ""
    return f"{name}: {{provider: toy, url: '{url}', key: {{env: {key}}}, currency: USD{rest}}}"


PANEL = account()


def config(rules: str = "", *, settings: str = "", accounts: str = PANEL, events: str = "") -> str:
    """Return a configuration: the account `panel`, the sink `ops`, and these rules, one to a line in YAML's flow style."""
    listed = "\n".join(f"  - {line.strip()}" for line in rules.strip().splitlines() if line.strip())
    return f"""
settings: {{state: ./journal.db{", " + settings if settings else ""}}}
accounts: {{{accounts}}}
sinks:
  ops: {{type: box, events: [{events}]}}
rules:{chr(10) + listed if listed else " []"}
"""
