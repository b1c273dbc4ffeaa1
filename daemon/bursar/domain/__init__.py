"""The nouns of bursar and the pure functions that decide: no I/O, no clock, no asyncio, no logging.

The path, in the order in which it is walked: `subject` (what can be watched) → `observation` (what one poll saw) →
`detect` (events) → `rule` and `evaluate` (matches) → `plan` and `permission` (intents) → `intent` (attempts and
outcomes) → `route` (deliveries).
"""
