"""What authors get wrong. Each is one edit of a right plugin: `MISTAKES` are those that types find, with what each checker
has to call them and where; `BEYOND_TYPES` are those that no type can find, with when the daemon names them, and how.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RIGHT = Path(__file__).parents[1] / "typing" / "right"


@dataclass(frozen=True)
class Edit:
    """One edit of a right plugin.

    Attributes:
        name: What is wrong.
        file: Which right plugin.
        old: What stands there, once.
        new: What the author wrote instead.
    """

    name: str
    file: str
    old: str
    new: str

    @property
    def module(self) -> str:
        """Return the name of the module that has the mistake in it."""
        return "".join(sign if sign.isalnum() else "_" for sign in self.name)

    def source(self) -> str:
        """Return the plugin with the mistake in it."""
        text = self._right()
        assert text.count(self.old) == 1, f"{self.old!r} stands {text.count(self.old)} times in {self.file}"
        return text.replace(self.old, self.new)

    def _right(self) -> str:
        return (RIGHT / f"{self.file}.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Mistake(Edit):
    """One that types find.

    Attributes:
        codes: The code of mypy's complaint and the rule of basedpyright's; an empty one: it has none.
        at: How the line of the complaint begins; empty: it is the first line of the edit.
    """

    codes: tuple[str, str]
    at: str = ""

    @property
    def line(self) -> int:
        """Return the number of the line that has to be complained about."""
        if not self.at:
            text = self._right()
            return text[: text.index(self.old)].count("\n") + 1
        lines = self.source().splitlines()
        starts = [number for number, line in enumerate(lines, 1) if line.strip().startswith(self.at)]
        assert len(starts) == 1, f"{self.at!r} begins {len(starts)} lines of {self.name!r}"
        return starts[0]


@dataclass(frozen=True)
class Beyond(Edit):
    """One that no type can find.

    Attributes:
        when: When the daemon names it: as it loads the plugin, as it opens an account, or as that is polled.
        words: With what words, in part.
    """

    when: str
    words: str


A, P, S, C = "library_adapter", "library_provider", "pager", "stamp"
ARGUMENT = ("arg-type", "reportArgumentType")
ATTRIBUTE = ("attr-defined", "reportAttributeAccessIssue")
CALL = ("call-arg", "reportCallIssue")
ENTRY = ("dict-item", "reportArgumentType")
HOOK = ("call-overload", "reportArgumentType")
HOOK_OF = ("type-var", "reportArgumentType")
OVERRIDE = ("override", "reportIncompatibleMethodOverride")
RETURN = ("return-value", "reportReturnType")
VALUE = ("assignment", "reportAssignmentType")
ABSTRACT = ("abstract", "reportAbstractUsage")

LIBRARY = "return Library(settings, context)"
MANY = "renews_many"
PAGER = "return Pager(settings, context)"
CLOSE = '    async def close(self) -> None:\n        """Nothing is held."""\n'
CALLS = "async def call(self, method: str, params: Mapping[str, str]) -> Json:"
ANSWER = "return await self._ask(method, dict(params))"
BODY = f'{CALLS}\n        """Return the library\'s own answer."""\n        {ANSWER}'
SEEN = "return Observation(request.stream, seen, complete=False, cursor=page + 1 if more else 1, more=more)"
NO = 'return Refused(str(said.get("code")), never=said.get("code") == "reserved")'
AT = "datetime.fromtimestamp(int(lent_s), timezone.utc)"
PIN = 'schema.secret("The PIN of the card.")'
HOOKS = "def bursar_providers(register: Callable[[Provider], None]) -> None:"
REGISTERS = f'{HOOKS}\n    """Register the provider `library`."""\n    register(LIBRARY)'

# fmt: off
MISTAKES = [
    Mistake("a forgotten method", A, CLOSE, "", RETURN, LIBRARY),
    Mistake("a misspelt method", A, "async def reconcile(", "async def reconsile(", RETURN, LIBRARY),
    Mistake("a misspelt method for many at once", A, "async def perform_many(", "async def perform_all(", VALUE, MANY),
    Mistake("a method that is not async", A, CLOSE, CLOSE.replace("async ", ""), RETURN, LIBRARY),
    Mistake("a call that is not async", A, BODY, BODY.replace("async ", "").replace(ANSWER, "return dict(params)"), RETURN, LIBRARY),
    Mistake("a method with one argument more", A, CALLS, CALLS.replace(") ->", ", page: int) ->"), RETURN, LIBRARY),
    Mistake("a method with one argument less", A, BODY, BODY.replace(", params: Mapping[str, str]", "").replace("dict(params)", "{}"), RETURN, LIBRARY),
    Mistake("arguments of a method under other names", A, BODY, BODY.replace("method", "name"), ("", "reportReturnType"), LIBRARY),
    Mistake("a method that wants more than it gets", A, "intents: Sequence[Intent]", "intents: list[Intent]", VALUE, MANY),
    Mistake("a method that may give nothing", A, "perform(self, intent: Intent) -> Outcome:", "perform(self, intent: Intent) -> Outcome | None:", RETURN, LIBRARY),
    Mistake("a tuple in place of an observation", A, SEEN, "return request.stream, seen, more", RETURN),
    Mistake("the subjects in place of an observation", A, SEEN, "return seen if more else ()", RETURN),
    Mistake("a list of subjects", A, "seen = tuple(loan(row) for row in rows)", "seen = [loan(row) for row in rows]", ARGUMENT, "return Observation("),
    Mistake("None in place of an outcome", A, NO, "return None", RETURN),
    Mistake("a way without an outcome", A, f"    {NO}\n", "", ("return", "reportReturnType"), "def outcome("),
    Mistake("a finding in place of an outcome", A, 'return Later("the library is closed", timedelta(hours=1))', 'return CannotTell("the library is closed")', RETURN),
    Mistake("an outcome in place of a finding", A, 'return CannotTell("', 'return Refused("', RETURN),
    Mistake("an error that is returned", A, "raise Refusal(", "return Refusal(", RETURN),
    Mistake("a forgotten await", A, 'await self._ask("loans"', 'self._ask("loans"', ARGUMENT, "rows = listed(said)"),
    Mistake("a forgotten await in an argument", A, "await self._renewals(intent.subject))", "self._renewals(intent.subject))", ARGUMENT),
    Mistake("a secret as text", A, "self._card.reveal()", "self._card", ARGUMENT, "return Request("),
    Mistake("seconds in place of a duration", A, "timeout=self._patience", "timeout=20", ARGUMENT),
    Mistake("an address in place of a request", A, "self._http.ask(self._request(method, body))", 'self._http.ask(f"{self._url}/{method}")', ARGUMENT),
    Mistake("a request that is written to", A, "page = int(str(request.cursor or 1))", "request.cursor = page = 1", ("misc", "reportAttributeAccessIssue")),
    Mistake("a setting as an attribute", A, 'settings.options["page_size"]', "settings.page_size", ATTRIBUTE),
    Mistake("a float in a field", A, 'number(row.get("fee"))', 'float(str(row.get("fee")))', ENTRY),
    Mistake("an int in a field", A, 'number(row.get("fee"))', 'int(str(row.get("fee")))', ENTRY),
    Mistake("a float as what was moved", A, 'moved=number(said.get("fee"))', "moved=1.5", ARGUMENT),
    Mistake("seconds in place of an instant", A, AT, "int(lent_s)", ARGUMENT),
    Mistake("a date in place of an instant", A, AT, f"{AT}.date()", ARGUMENT),
    Mistake("names in place of facts", A, 'facts={"asked": True}', 'facts=["asked"]', ARGUMENT),
    Mistake("a misspelt keyword of an outcome", A, "never=said", "forever=said", CALL),
    Mistake("a list of text as JSON", A, "ids: list[Json]", "ids: list[str]", ENTRY, 'answer = await self._http.send(self._request("renew", {"loans"'),
    Mistake("evidence that is taken for an object", A, 'number(evidence.get("renewals")) if isinstance(evidence, dict) else None', 'number(evidence.get("renewals"))', ("union-attr", "reportAttributeAccessIssue")),
    Mistake("a callable with too few arguments", A, "Callable[[AccountSettings, AdapterContext], BatchAdapter]", "Callable[[AccountSettings], BatchAdapter]", VALUE),

    Mistake("an interval in seconds", P, "timedelta(minutes=10)", "600", ARGUMENT),
    Mistake("a coverage as text", P, "Coverage.WINDOW", '"window"', ARGUMENT),
    Mistake("a kind of field as text", P, "FieldKind.TEXT", '"text"', ARGUMENT),
    Mistake("what a lost reply means as text", P, "LostReply.RECONCILABLE", '"reconcilable"', ARGUMENT),
    Mistake("terminal states as a set", P, 'frozenset({"returned"})', '{"returned"}', ARGUMENT),
    Mistake("states as a list", P, '("lent", "overdue", "returned")', '["lent", "overdue", "returned"]', ARGUMENT),
    Mistake("one event in place of a tuple", P, '("loan.returned",)', '("loan.returned")', ARGUMENT),
    Mistake("the check of an event that needs a before", P, "def is_due(before: Fields | None,", "def is_due(before: Fields,", ARGUMENT, "events=("),
    Mistake("the check of an event in place of the other", P, "still=is_still_due", "still=is_due", ARGUMENT),
    Mistake("an async check of an event", P, "def is_still_due", "async def is_still_due", ARGUMENT, "events=("),
    Mistake("an event without its check", P, "is_due, rearmed_by", "rearmed_by", CALL),
    Mistake("a misspelt keyword of an event", P, "rearmed_by=", "rearm_by=", CALL),
    Mistake("a kind in place of a parameter", P, 'Param(FieldKind.NUMBER, description="For how long.")', "FieldKind.NUMBER", ENTRY),
    Mistake("a float as a cost", P, "return fee if isinstance(fee, Decimal) else None", "return float(fee) if isinstance(fee, Decimal) else None", RETURN),
    Mistake("an amount in place of a cost function", P, "cost=fee_of", "cost=Decimal(1)", ARGUMENT),
    Mistake("what settles an action as text", P, 'settled_by=("loan", "fee")', 'settled_by="loan.fee"', ARGUMENT),
    Mistake("a list of actions", P, "actions=(RENEW,)", "actions=[RENEW]", ARGUMENT),
    Mistake("a forgotten comma", P, "subjects=(LOAN,)", "subjects=(LOAN)", ARGUMENT),
    Mistake("the default of a number as text", P, "default=50", 'default="50"', ARGUMENT),
    Mistake("the default of a duration as one", P, 'default="20s"', "default=timedelta(seconds=20)", ARGUMENT),
    Mistake("a default for a secret", P, PIN, PIN.replace(")", ', default="0000")'), CALL),
    Mistake("a type in place of a setting", P, PIN, "str", ENTRY),
    Mistake("a rate without its period", P, "default_rate=(20, timedelta(minutes=1))", "default_rate=20", ARGUMENT),
    Mistake("one thing wanted in place of several", P, '[Wanted("renew", {}, SubjectRef("loan", id_)) for id_ in params["loan"].split(",")]', 'Wanted("renew", {}, SubjectRef("loan", params["loan"]))', RETURN),
    Mistake("an id in place of a reference", P, 'SubjectRef("loan", id_)', "id_", ARGUMENT),

    Mistake("an async hook", P, "def bursar_providers(", "async def bursar_providers(", HOOK, "@hookimpl"),
    Mistake("a hook whose argument has another name", P, REGISTERS, REGISTERS.replace("(register", "(registre").replace(" register(", " registre("), HOOK, "@hookimpl"),
    Mistake("a hook that returns what it should register", P, REGISTERS, "def bursar_providers() -> list[Provider]:\n    return [LIBRARY]", HOOK, "@hookimpl"),
    Mistake("a hook whose register gives something", P, "Callable[[Provider], None]", "Callable[[Provider], Provider]", HOOK, "@hookimpl"),
    Mistake("a hook that registers anything", P, "Callable[[Provider], None]", "Callable[[object], None]", HOOK, "@hookimpl"),
    Mistake("a hook without types", P, HOOKS, "def bursar_providers(register):", ("no-untyped-def", "reportMissingParameterType")),
    Mistake("a subject in place of a provider", P, "register(LIBRARY)", "register(LOAN)", ARGUMENT),
    Mistake("a name in place of a provider", P, "register(LIBRARY)", 'register("library")', ARGUMENT),
    Mistake("a misspelt name of a hook", C, '"bursar_commands"', '"bursar_command"', ("call-overload", "reportCallIssue")),
    Mistake("a hook under the name of another", S, '"bursar_functions"', '"bursar_sinks"', HOOK_OF),
    Mistake("a name in place of a hook", S, "@hookimpl()", '@hookimpl("bursar_sinks")', HOOK),
    Mistake("an option that no hook has", S, "@hookimpl()", "@hookimpl(hookwrapper=True)", ("call-overload", "reportCallIssue")),
    Mistake("an async hook of an object", C, "    def commands(", "    async def commands(", HOOK_OF, "@hookimpl"),
    Mistake("a function in place of a command", C, "@click.command()\n", "", ARGUMENT, "register(stamp)"),
    Mistake("a name in place of a command", C, "register(stamp)", 'register("stamp")', ARGUMENT),

    Mistake("a forgotten method that is inherited", S, CLOSE, "", ABSTRACT, PAGER),
    Mistake("a misspelt method that is inherited", S, "async def deliver(", "async def delivre(", ABSTRACT, PAGER),
    Mistake("an inherited method that is not async", S, "async def close(", "def close(", OVERRIDE),
    Mistake("an inherited method that gives something", S, CLOSE, CLOSE.replace("None", "bool") + "        return True\n", OVERRIDE),
    Mistake("text in place of bytes", S, "text_of(delivery).encode()", "text_of(delivery)", VALUE),
    Mistake("a token as text", S, "self._token.reveal()", "self._token", ARGUMENT, "answer = await"),
    Mistake("a pause in seconds", S, "retry_after=error.retry_after", "retry_after=30", ARGUMENT),
    Mistake("a misspelt field of a delivery", S, "delivery.id", "delivery.key", ATTRIBUTE),
    Mistake("a delivery that is read without a look", S, 'delivery.body.get("data")', 'delivery.body["data"]["text"]', ("index", "reportIndexIssue")),
    Mistake("an async function that opens", S, "def open_pager(", "async def open_pager(", ARGUMENT, "open_pager,"),
    Mistake("a list of required settings", S, '("url", "token")', '["url", "token"]', ARGUMENT),
    Mistake("a sink in place of its kind", S, "register(PAGER)", "register(Pager)", ARGUMENT),
    Mistake("a function that gives an int", S, "def at_night(at: datetime) -> bool", "def at_night(at: datetime) -> int", ARGUMENT, "AT_NIGHT"),
    Mistake("an async function for conditions", S, "def at_night", "async def at_night", ARGUMENT, "AT_NIGHT"),
    Mistake("one kind in place of a tuple", S, "(FieldKind.INSTANT,)", "FieldKind.INSTANT", ARGUMENT),
    Mistake("a type in place of a kind", S, "FieldKind.BOOLEAN", "bool", ARGUMENT),
]

LOADED, OPENED, POLLED = "the plugin is loaded", "an account is opened", "a stream is polled"
BEYOND_TYPES = [
    Beyond("a misspelt hook", P, "def bursar_providers(", "def bursar_provider(", LOADED, "'bursar_provider' is not a hook (did you mean 'bursar_providers'?)"),
    Beyond("a hook without its mark", P, "@hookimpl\n", "", LOADED, "bursar_providers is not marked with hookimpl"),
    Beyond("a hook with the name of another", P, "def bursar_providers(", "def bursar_sinks(", LOADED, "bursar_sinks registers a SinkType, not a Provider"),
    Beyond("a name with a capital", P, '"library",', '"Library",', LOADED, "a name is made of small letters"),
    Beyond("another level of the interface", P, 'description="A public library.",', "api_level=2,", LOADED, "was made for level 2"),
    Beyond("a stream that is not there", P, 'Stream("loans"', 'Stream("books"', LOADED, "there is no stream 'loans'"),
    Beyond("an event that nobody raises", P, '("loan.changed",)', '("loan.renewed",)', LOADED, "there is no event 'loan.renewed'"),
    Beyond("a terminal state that is none", P, 'frozenset({"returned"})', 'frozenset({"back"})', LOADED, "a terminal state is not among its states"),
    Beyond("an amount in a field for text", P, '("loan", "fee")', '("loan", "title")', LOADED, "settled_by: loan.title is no field with a number"),
    Beyond("an action without a batch", P, "batch=20", "batch=0", LOADED, "a batch is 1 to 100 intents, not 0"),
    Beyond("a setting with a name of bursar's own", P, '"page_size":', '"rate":', LOADED, "the setting 'rate' is one of bursar's own"),
    Beyond("a setting that is no JSON Schema", P, 'schema.duration("How long a page may take.", default="20s")', '{"type": "span"}', LOADED, "setting 'patience' is no JSON Schema"),
    Beyond("an address that is none", P, '"https://library.example/api"', '"library.example"', LOADED, "default_url is no http(s) address"),
    Beyond("a setting that is not declared", A, 'settings.options["pin"]', 'settings.options["code"]', OPENED, "the plugin failed in open: KeyError"),
    Beyond("a setting that is taken for another", A, 'settings.options["pin"]', 'settings.options["page_size"]', POLLED, "the plugin failed in observe: AttributeError"),
    Beyond("an instant without a zone", A, AT, "datetime.fromtimestamp(int(lent_s))", POLLED, "created_at is no aware datetime"),
    Beyond("a field that is not declared", A, '"title": str', '"titel": str', POLLED, "the field 'titel', which loan does not declare"),
    Beyond("text in a field for numbers", A, 'number(row.get("fee"))', 'str(row.get("fee"))', POLLED, "loan.fee as a str; it is declared as a finite Decimal"),
    Beyond("a state that is not declared", A, 'else "lent"', 'else "borrowed"', POLLED, "a loan in the undeclared state 'borrowed'"),
    Beyond("a subject that is not declared", A, 'SubjectRef("loan", str(row', 'SubjectRef("book", str(row', POLLED, "a subject of the undeclared type 'book'"),
    Beyond("text in place of ids", A, "complete=False", 'unchanged="17"', POLLED, "unchanged that is no collection of ids"),
]
"""What no type can find: names that are text, what is read from settings and answers, and a zone."""
