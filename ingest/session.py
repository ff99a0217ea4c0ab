"""The connection under one SMTP session: bytes in, replies out, and the clock.

Promises: commands come one by one, in order, however the client cuts them, each after the answer of the one before;
replies to pipelined commands leave together (RFC 2920); a mail's bytes go straight to its content; a client that is
silent, or slow beyond measure, or that takes no replies is told 421 and let go; at a shutdown a mail under way gets its
answer. Knows no command.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from ingest.eager import begin
from ingest.replies import SHUTTING_DOWN, TIMEOUT, TOO_MANY_SESSIONS, WHY, reply

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from ssl import SSLContext
    from typing import Any, Self

    from ingest.content import Content
    from ingest.throttle import Throttle

# RFC 5321 4.5.3.1.4 asks for 512 and more for each extension; rewritten senders (SRS, BATV) are long.
MAX_COMMAND = 2048
_MAX_AHEAD = 65_536  # what a client may send before its last command is answered
_CLOSE_S = 5.0  # for the last reply to leave


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may take, how much it may send and be wrong. Seconds and bytes."""

    max_bytes: int = 32 * 2**20
    idle_s: float = 300.0  # from one command to the next
    data_idle_s: float = 180.0  # from one piece of a mail to the next
    data_total_s: float = 1800.0  # for one mail
    max_errors: int = 20


class Wire(SMTP):
    """One connection.

    aiosmtpd's constructor looks through every attribute of session and handler: one object is built so for a listener
    and serves as the model of the others, which `another` makes.
    """

    limits: SessionLimits
    throttle: Throttle | None
    open_sessions: set[Wire]
    mails_under_way: set[Wire]  # sessions whose mail is coming in
    refusals: dict[tuple[str, str], int]  # replies of 4xx and 5xx of all sessions, by code and why
    session: Session
    envelope: Envelope
    greeting: bytes

    async def obey(self, line: bytes) -> None:
        """Answer one command."""
        raise NotImplementedError

    async def take(self, content: Content) -> None:
        """Answer a mail that has come in whole."""
        raise NotImplementedError

    def farewell(self) -> str:
        """Why the session must end after this command; empty if it may go on."""
        return SHUTTING_DOWN if self._is_winding_up else ""

    def another(self) -> Self:
        """A new session with the same rules; `open_sessions` is shared by all of them."""
        made = self.__class__.__new__(self.__class__)
        vars(made).update(vars(self))
        asyncio.StreamReaderProtocol.__init__(made, asyncio.StreamReader(loop=self.loop), loop=self.loop)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come: greet it, or tell it to come again later."""
        transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only
        self.transport: asyncio.Transport | None = transport
        self._inbox = bytearray()  # what was received and is not yet a command
        self._searched = 0  # so much of it holds no line end
        self._said = b""  # replies that have not left yet
        self._content: Content | None = None  # while a mail comes in
        self._data_ends_at = 0.0
        self._work: asyncio.Task[None] | None = None  # while a command waits for something of ours
        self.parted: asyncio.Future[None] | None = None  # who winds up waits for it
        self.is_over = self.is_secure = False
        self._is_winding_up = self._is_eof = self._is_held_back = self._is_skipping = self._is_deaf = False
        self._timer: asyncio.TimerHandle | None = None
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if isinstance(peer, tuple) else ""  # empty on a local socket
        self.start_anew(peer)
        self._is_admitted = self.throttle is None or self.throttle.enter(self.address)
        if not self._is_admitted:
            self.end(TOO_MANY_SESSIONS)
            return
        self.open_sessions.add(self)
        self._deadline = self.loop.time() + self.limits.idle_s
        self._timer = self.loop.call_at(self._deadline, self._look_at_the_clock)
        self.say(self.greeting)
        self.flush()

    def start_anew(self, peer: str | None) -> None:
        """Nothing is known of the client yet, or no longer (RFC 3207 4.2)."""
        self.session = Session(self.loop)
        self.session.peer = peer
        self._set_post_data_state()

    def _set_post_data_state(self) -> None:
        """Ready for another mail; aiosmtpd's name."""
        self.envelope = Envelope()
        self.mails_under_way.discard(self)

    def connection_lost(self, error: Exception | None) -> None:
        """The client has gone; a mail that is being stored is stored all the same."""
        if self.transport is None:
            return
        self.transport = None
        self.is_over = True
        self.mails_under_way.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._is_admitted:
            self.open_sessions.discard(self)
            if self.throttle is not None:
                self.throttle.leave(self.address)
        if self.parted is not None:
            self.parted.set_result(None)
        asyncio.StreamReaderProtocol.connection_lost(self, error)

    # What the client says

    def data_received(self, data: bytes) -> None:
        """Bytes of a mail go to its content, all others are commands."""
        if self._content is not None:
            self._set_deadline(min(self.loop.time() + self.limits.data_idle_s, self._data_ends_at))
            rest = self._content.feed(data)
            if rest is None:
                return
            content, self._content = self._content, None
            self.mails_under_way.discard(self)
            self._inbox += rest
            self._begin(self.take(content))
        else:
            self._inbox += data
        if self._work is None:
            self._serve()
        elif len(self._inbox) > _MAX_AHEAD and not self._is_held_back and self.transport is not None:
            self._is_held_back = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The client says no more; what it has asked is still answered, where the transport allows it."""
        self._is_eof = True
        if self._work is None:
            self._serve()
        return not self.is_secure

    def _serve(self) -> None:
        """Obey the commands that have come, until one has to wait for something."""
        while self._work is None and self._content is None and not self.is_over and not self._is_deaf:
            line = self._next_line()
            if line is None:
                break
            self._begin(self.obey(line))
        if self._work is None and self._is_eof and not self._is_deaf:
            self.end()
        elif self._work is None and self._is_held_back and self.transport is not None:
            self._is_held_back = False
            self.transport.resume_reading()
        self.flush()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = begin(work, self.loop)
        if task is None:
            self._is_done()
        else:
            self._work = task
            task.add_done_callback(self._go_on)

    def _go_on(self, _task: asyncio.Task[None]) -> None:
        """What a command waited for has come about."""
        self._work = None
        self._is_done()
        self._serve()

    def _is_done(self) -> None:
        """One command is answered."""
        if self.is_over:
            return
        if self._content is None:
            self._set_deadline(self.loop.time() + self.limits.idle_s)
        if farewell := self.farewell():
            self.end(farewell)

    def _next_line(self) -> bytes | None:
        """The next command line, None if there is none yet. Of an endless line little is held."""
        inbox = self._inbox
        end = inbox.find(b"\n", self._searched) + 1
        if end:
            line, was_cut = bytes(memoryview(inbox)[:end]), self._is_skipping
            del inbox[:end]
            self._searched, self._is_skipping = 0, False
            # Longer than any command may be, so that it is refused for that.
            return line if not was_cut else b" " * (MAX_COMMAND + 1)
        self._is_skipping = self._is_skipping or len(inbox) > MAX_COMMAND
        if self._is_skipping:
            inbox.clear()
        self._searched = len(inbox)
        return None

    def expect(self, content: Content) -> bool:
        """Let the next bytes be a mail's; is it whole already? Commands may follow in the same breath."""
        now = self.loop.time()
        self._data_ends_at = now + self.limits.data_total_s
        self._set_deadline(min(now + self.limits.data_idle_s, self._data_ends_at))
        rest = content.feed(self._inbox)
        self._inbox.clear()
        if rest is None:
            self._content = content
            return False
        self._inbox += rest
        return True

    def has_more(self) -> bool:
        """Has the client said something that was not read yet?"""
        return bool(self._inbox)

    async def secure(self, context: SSLContext, consent: str, patience_s: float) -> None:
        """Say the consent and go on encrypted with a client that we know nothing of; without success, part."""
        transport, peer = self.transport, self.session.peer
        if transport is None:
            return
        transport.pause_reading()  # what comes from here on is TLS, or nothing
        self.say(reply(consent))
        self.flush()
        try:
            secured = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=patience_s
            )
        except OSError:  # every error of TLS is one
            secured = None
        if secured is None:
            transport.abort()
            self.connection_lost(None)
            return
        self.transport, self.is_secure = secured, True
        self.start_anew(peer)

    # What we say

    def say(self, words: bytes) -> None:
        """Say this; it leaves with the next `flush`, at the latest when the session waits."""
        self._said += words

    def flush(self) -> None:
        """Send what was said."""
        said = self._said
        if said and self.transport is not None:
            self._said = b""
            self.transport.write(said)

    def pause_writing(self) -> None:
        """The client does not take its replies: no more of its commands are obeyed meanwhile."""
        self._is_deaf = True

    def resume_writing(self) -> None:
        """It took them."""
        self._is_deaf = False
        if self._work is None:
            self._serve()

    def end(self, farewell: str = "") -> None:
        """Send what was said and the farewell, and close; once."""
        if self.is_over:
            return
        if farewell:
            self.count_refusal(farewell)
            self.say(reply(farewell))
        self.is_over = True
        transport = self.transport
        if transport is not None:
            self.flush()
            if transport.get_write_buffer_size():  # a client that takes no replies must not keep the connection
                self.loop.call_later(_CLOSE_S, transport.abort)
            transport.close()

    def count_refusal(self, status: str) -> None:
        """One more reply that says no; for whoever watches."""
        key = status[:3], WHY.get(status, "other")
        self.refusals[key] = self.refusals.get(key, 0) + 1

    def abort(self) -> None:
        """End at once without a word; the client keeps what was not answered."""
        if self.transport is not None:
            self.transport.abort()

    def wind_up(self) -> asyncio.Future[None]:
        """End soon: at once where no mail is under way, else after its answer. Done when the client has gone."""
        self._is_winding_up = True
        self.parted = self.loop.create_future()
        if self._work is None and self._content is None:
            self.end(SHUTTING_DOWN)
        return self.parted

    # The clock

    def _set_deadline(self, at: float) -> None:
        """One timer serves all deadlines: it is set anew only for an earlier one."""
        self._deadline = at
        if self._timer is not None and at < self._timer.when():
            self._timer.cancel()
            self._timer = self.loop.call_at(at, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        now = self.loop.time()
        if now < self._deadline:
            self._timer = self.loop.call_at(self._deadline, self._look_at_the_clock)
        elif self._work is None:
            self.end(TIMEOUT)
        else:  # it is us who take our time: a mail is being stored
            self._timer = self.loop.call_at(now + self.limits.idle_s, self._look_at_the_clock)
