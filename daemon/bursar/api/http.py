"""The way to the wire, for adapters and sinks: one request, one `Answer`, or one clear error.

`ask` reads, over a pooled connection. `send` changes something: on a connection of its own, never repeated, and only
before its deadline. Neither follows redirects. `ask` waits for the account's rate limit first; what is sent has waited
for it before its evidence was read. Answers over the size cap, redirects, time-outs and resets are errors of their own
kinds; the body is the adapter's to read, with `Answer.json()`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import aiohttp
import msgspec
from yarl import URL

from bursar.api.answer import Answer, redirected
from bursar.api.clock import Clock
from bursar.api.errors import BadAnswer, NeverSent, ProviderError, Unreachable
from bursar.api.exchange import Exchange, current
from bursar.domain.values import Json

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_STRICT_BYTES = 4 * 1024 * 1024
"""Of what decides about money, which is read twice over: some ten thousand payouts."""
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        url: Where to; it may hold a key, and is never shown with its query.
        method: `POST`.
        query: Added to the URL's query.
        form: A form-encoded body.
        json: A JSON body; Decimals are written as numbers.
        body: A body as it is.
        headers: Further headers.
        timeout: For the whole exchange.
        verify_tls: Whether the certificate is checked.
    """

    url: str
    method: str = "POST"
    query: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    json: Json = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: timedelta = timedelta(seconds=30)
    verify_tls: bool = True


class Http:
    """The way to the wire for one account or sink.

    Args:
        clock: The one clock.
        wait_turn: Waits for the rate limit before each request.
        max_body_bytes: The size cap of an answer.
        wait_first: Waits for the rate limit before effects, ahead of the reads; the same as `wait_turn` if not given.
    """

    def __init__(
        self,
        clock: Clock,
        wait_turn: Callable[[], Awaitable[None]],
        max_body_bytes: int = MAX_BODY_BYTES,
        wait_first: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._clock = clock
        self._wait_turn = wait_turn
        self._wait_first = wait_first or wait_turn
        self._max_body_bytes = max_body_bytes
        self._pool: aiohttp.ClientSession | None = None

    async def ask(self, request: Request) -> Answer:
        """Read something, over a pooled connection.

        Raises:
            ProviderError: no answer, or a redirect, or a body over the cap.
        """
        await self._wait_turn()
        if self._pool is None:
            self._pool = _session(aiohttp.TCPConnector(limit=0, limit_per_host=0))
        return await self._exchange(self._pool, request)

    async def send(self, request: Request) -> Answer:
        """Change something, once, on a connection of its own, before the core's deadline or not at all.

        Raises:
            NeverSent: it failed before the first byte was written: nothing can have happened.
            ProviderError: anything else, such as any 3xx, whatever its body says: it may have happened.
        """
        await self._wait_first()
        deadline = Deadline(self._clock, current() or Exchange())
        deadline.check()
        # A connection of its own: on a pooled one that was dropped aiohttp
        # repeats the request, and either of the two may have arrived.
        async with _session(aiohttp.TCPConnector(limit=1, force_close=True)) as session:
            session._retry_connection = False  # noqa: SLF001  aiohttp repeats a GET on a fresh connection, too
            return await self._exchange(session, request, deadline)

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, deadline: Deadline | None = None
    ) -> Answer:
        """Make one request, and note when it left and when it ended."""
        exchange, now_s = current(), self._clock.monotonic()
        if exchange is not None:
            exchange.last_asked_s = now_s
            if exchange.first_asked_s is None:
                exchange.first_asked_s = now_s
        # Effects and what they are judged by are read strictly without any plugin having to think of it.
        strict = deadline is not None or (exchange is not None and exchange.strict)
        progress = SimpleNamespace(connected=False, deadline=deadline, strict=strict)
        try:
            answer = await self._answered(session, request, progress)
        finally:
            if exchange is not None:
                exchange.ended_s = self._clock.monotonic()
        if exchange is not None:
            _note(exchange, answer)
        return answer

    async def _answered(self, session: aiohttp.ClientSession, request: Request, progress: SimpleNamespace) -> Answer:
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=False).update_query(request.query or {}),
                data=_body(request),
                headers={**_content_type(request), **request.headers},
                timeout=aiohttp.ClientTimeout(total=request.timeout.total_seconds()),
                # A redirect would repeat the effect at another address, and take the key along.
                allow_redirects=False,
                ssl=request.verify_tls,
                trace_request_ctx=progress,
            ) as response:
                # To an effect every 3xx is no answer: a redirect says neither
                # that the request was read nor that it was not.
                if 300 <= response.status < 400 and ("Location" in response.headers or progress.deadline is not None):
                    raise redirected(response.headers.get("Location", ""))
                most = min(self._max_body_bytes, MAX_STRICT_BYTES) if progress.strict else self._max_body_bytes
                return Answer(response.status, response.headers, await _read(response, most), progress.strict)
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:  # some of them are ValueErrors, too
            raise _unanswered(error, progress.connected, request.timeout) from None
        except (aiohttp.InvalidURL, ValueError) as error:
            # The line between lost and "not sent": after it the first byte may be on the wire.
            if progress.connected:
                raise Unreachable(f"the answer makes no sense ({type(error).__name__})", kind="protocol") from None
            raise NeverSent(f"the address makes no sense ({type(error).__name__})", kind="url") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unanswered(error, progress.connected, request.timeout) from None


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    # Both ways: the header may lie, and a body without one may never end.
    if (response.content_length or 0) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(most: int) -> BadAnswer:
    return BadAnswer(f"an answer over {most // 1024 // 1024} MiB", kind="too_large")


def _note(exchange: Exchange, answer: Answer) -> None:
    """Note what an answer says of time."""
    if (date := answer.headers.get("Date")) is not None and exchange.ended_s is not None:
        exchange.date_header, exchange.date_s = date, exchange.ended_s
    if answer.status == 429:
        exchange.limited, exchange.retry_after = True, answer.retry_after()


class Deadline:
    """The instant before which a request must leave, and what may stand against it until then."""

    def __init__(self, clock: Clock, exchange: Exchange) -> None:
        self._clock = clock
        self._exchange = exchange

    def check(self) -> None:
        """Let the request pass, or not.

        Raises:
            NeverSent: it is too late, or the core has something against it by now.
        """
        not_after_s = self._exchange.not_after_s
        # Asked again just before the first byte: a machine that slept in between would send on facts of an hour ago.
        if not_after_s is not None and self._clock.monotonic() > not_after_s:
            words = "what is read just before sending came too slowly: the provider, or this machine, is too slow"
            raise NeverSent(words, kind="late")
        if (why := self._exchange.objection()) is not None:
            raise NeverSent(why, kind="called_off")


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    trace = aiohttp.TraceConfig()

    async def connected(_session: object, context: SimpleNamespace, _params: object) -> None:
        if context.trace_request_ctx.deadline is not None:  # the last moment before the first byte is written
            context.trace_request_ctx.deadline.check()
        context.trace_request_ctx.connected = True

    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    return aiohttp.ClientSession(
        connector=connector,
        trace_configs=[trace],
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=True,
        headers={"Accept": "application/json", "User-Agent": "bursar"},
    )


def _body(request: Request) -> bytes | aiohttp.FormData | None:
    if request.body is not None:
        return request.body
    if request.form is not None:
        return aiohttp.FormData(dict(request.form))
    if request.json is not None:
        return msgspec.json.encode(request.json, enc_hook=str)
    return None


def _content_type(request: Request) -> dict[str, str]:
    return {"Content-Type": "application/json"} if request.json is not None else {}


def _unanswered(error: BaseException, connected: bool, timeout: timedelta) -> ProviderError:
    """Name what kept the answer away. No text of the library is passed on: it may hold the URL with its key."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NeverSent("the host's name cannot be resolved", kind="dns")
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)) and not connected:
        return NeverSent("TLS failed: the certificate is not trusted, or the server speaks no TLS", kind="tls")
    if isinstance(error, aiohttp.ClientConnectorError):
        return NeverSent(f"no connection ({error.os_error.strerror or 'refused'})", kind="connect")
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        # Only before the connection stood is a time-out "not sent"; after it the provider may have all of the request.
        if not connected:
            return NeverSent("no connection in time", kind="connect")
        return Unreachable(f"no answer within {timeout.total_seconds():g} s", kind="timeout")
    if not connected:
        return NeverSent(f"no connection ({type(error).__name__})", kind="connect")
    if isinstance(error, aiohttp.ClientPayloadError):
        return BadAnswer("the answer broke off", kind="truncated")
    return Unreachable(f"the connection broke ({type(error).__name__})", kind="reset")


def utc(seconds: int) -> datetime:
    """Return the instant of Unix seconds."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
