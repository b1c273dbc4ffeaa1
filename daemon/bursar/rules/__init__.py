"""Rules: YAML in, compiled and indexed rules out.

`read` takes the list that YAML had and tells every problem of it at once; `triggers` and `steps` read the parts of a
rule. A `when` goes through `lexer` (the door), `syntax` and `ast` (the checked tree), `compiler` (closures) and
`time_triggers` (when time changes the answer) to `conditions`; texts and parameters through `templates` and its
`sandbox`. `index` finds the rules of an event. Nothing here does anything: no I/O, no clock.
"""
