"""Finds in the source of a test what makes it depend on the machine's speed or its zone, or throw away what it makes.

Names are read as the file imports them: `from time import sleep as nap` is `time.sleep`. What is written out is found;
what comes out of a call or a parameter is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.process_time",
    "time.thread_time",
    "time.clock_gettime",
    "time.sleep",
    "timeit.timeit",
    "timeit.repeat",
    "timeit.default_timer",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "loop.time",
    "get_running_loop.time",
    "RealClock.now",
    "RealClock.monotonic",
    "RealClock.sleep",
}
ZONES = {"time.localtime", "time.strftime", "time.ctime", "time.asctime", "time.mktime", "time.tzset"}
LIMITS = {
    "timeout",
    "timeout_s",
    "within_s",
    "total",
    "sock_read",
    "sock_connect",
    "shutdown_timeout",
    "deadline",
    "delay",
}
"""Names of arguments that are seconds of real time."""
WAITERS = {
    "timeout",
    "timeout_at",
    "wait_for",
    "wait",
    "join",
    "select",
    "acquire",
    "result",
    "communicate",
    "settimeout",
    "create_connection",
    "call_later",
    "call_at",
    "Timer",
    "alarm",
    "ClientTimeout",
    "to_thread",
    "asyncio.sleep",
    "ask_daemon",
}
"""Calls whose number is one."""
KNOWN = {"WAIT_S", "LEAP_S"}
"""The limits that there are: see `support.limits`."""


class Faults:
    """The faults of one file.

    Args:
        source: Its text.
    """

    def __init__(self, source: str) -> None:
        self._nodes = list(ast.walk(ast.parse(source)))
        self._imported = dict(pair for node in self._nodes for pair in _imports(node))
        self._named = dict(_constants(self._nodes))
        self._hypothetical = any(name.startswith("hypothesis") for name in self._imported.values())

    def __iter__(self) -> Iterator[str]:
        """Name every fault."""
        for node in self._nodes:
            if isinstance(node, ast.Call):
                yield from self._of_call(node)
            elif isinstance(node, ast.Attribute) and self._name(node).endswith("mark.timeout"):
                yield "a time limit of its own: the mark `timeout`"
            elif isinstance(node, ast.ImportFrom) and node.module == "conftest":
                yield "imports from a conftest: which one, the order decides"
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_property(node):
                yield from (f"{node.name} returns early" for part in ast.walk(node) if isinstance(part, ast.Return))

    def _of_call(self, node: ast.Call) -> Iterator[str]:
        name = self._name(node.func)
        last = name.rpartition(".")[2]
        if any(name == clock or name.endswith("." + clock) for clock in CLOCKS):
            yield f"the machine's clock: {name}"
        if name in ZONES or (last == "astimezone" and not node.args) or _is_naive(last, node):
            yield f"the machine's zone: {last}"
        if _has_no_encoding(last, node):
            yield f"the machine's encoding: {last}"
        if (last == "filter" and "." in name) or (self._hypothetical and last in ("assume", "reject")):
            yield f"throws away what it made: {last}"
        if name == "hypothesis.settings":
            yield "settings of its own"
        if last in ("run", "Popen", "create_subprocess_exec") and _runs_sleep(node):
            yield "the machine's clock: runs `sleep`"
        yield from self._limits(node, name, last)

    def _limits(self, node: ast.Call, name: str, last: str) -> Iterator[str]:
        limits = LIMITS | {"patience_s"} if last == "VirtualClock" else LIMITS
        for word in node.keywords:
            if word.arg in limits and (told := self._written(word.value)) is not None:
                yield f"a limit of its own: {word.arg}={told}"
        for value in node.args if {last, name} & WAITERS or _waits_in_get(last, node) else ():
            if (told := self._written(value)) is not None:
                yield f"a limit of its own: {last}({told})"

    def _name(self, node: ast.expr) -> str:
        """Return the dotted name of what is called, as the file imports it."""
        parts, inner = list[str](), node
        while isinstance(inner, ast.Attribute | ast.Call):
            if isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            else:
                inner = inner.func
        if isinstance(inner, ast.Name):
            parts.append(self._imported.get(inner.id, inner.id))
        return ".".join(reversed(parts))

    def _written(self, node: ast.expr) -> str | None:
        """Return the number that is written out, also as a `timedelta`, a constant's name or a sum; None: there is none."""
        if isinstance(node, ast.Name):
            return node.id if node.id not in KNOWN and node.id in self._named else None
        if isinstance(node, ast.Constant):
            plain = isinstance(node.value, int | float) and not isinstance(node.value, bool)
            return f"{node.value:g}" if plain and node.value else None
        if isinstance(node, ast.BinOp):
            parts = [self._written(part) for part in (node.left, node.right) if not isinstance(part, ast.List)]
            parts = parts if len(parts) == 2 else []
            return ast.unparse(node) if any(part is not None for part in parts) else None
        if isinstance(node, ast.Call) and self._name(node.func).endswith("timedelta"):
            values = [*node.args, *(word.value for word in node.keywords)]
            return next(filter(None, map(self._written, values)), None)
        return None


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Name what an import brings, by the name that it goes under."""
    if isinstance(node, ast.Import):
        for one in node.names:
            yield (one.asname, one.name) if one.asname else (one.name.partition(".")[0], one.name.partition(".")[0])
    elif isinstance(node, ast.ImportFrom):
        for one in node.names:
            yield one.asname or one.name, f"{node.module}.{one.name}"


def _constants(nodes: list[ast.AST]) -> Iterator[tuple[str, None]]:
    """Name what a number other than zero is given to."""
    for node in nodes:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, int | float)
        ):
            yield from (
                (target.id, None) for target in node.targets if isinstance(target, ast.Name) and node.value.value
            )


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("given" in ast.unparse(one).split("(")[0] for one in node.decorator_list)


def _is_naive(last: str, node: ast.Call) -> bool:
    return last == "fromtimestamp" and len(node.args) < 2 and not any(word.arg == "tz" for word in node.keywords)


def _has_no_encoding(last: str, node: ast.Call) -> bool:
    words = {word.arg: word.value for word in node.keywords}
    if last in ("read_text", "write_text"):
        return "encoding" not in words and len(node.args) < (1 if last == "read_text" else 2)
    text = words.get("text")
    return last in ("run", "Popen", "check_output") and isinstance(text, ast.Constant) and text.value is True


def _runs_sleep(node: ast.Call) -> bool:
    words = [part for value in node.args for part in (value.elts if isinstance(value, ast.List) else [value])]
    return any(isinstance(word, ast.Constant) and word.value == "sleep" for word in words[:1])


def _waits_in_get(last: str, node: ast.Call) -> bool:
    """Return whether it is `queue.get(True, 5)`, and not a mapping's `get`."""
    first = node.args[0] if node.args else None
    return last in ("get", "put") and isinstance(first, ast.Constant) and first.value is True


def faults(source: str) -> set[str]:
    """Return every fault of a file."""
    return set(Faults(source))
