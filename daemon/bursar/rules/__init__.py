"""Rules: YAML in, compiled and indexed rules out.

`read` takes the list that YAML had and tells every problem of it at once; `listening` and `steps` read the parts of a
rule. A `when` goes through `tokens` (the door), `syntax` (the checked tree), `judge` (closures) and `crossing` (when
time changes the answer) to `conditions`; texts and parameters through `templates` and its `sandbox`. `book` finds the
rules of an event. Nothing here does anything: no I/O, no clock.
"""
