"""One SMTP session: aiosmtpd's commands with the door's manners.

Promises: a reply to every command, in order, with an enhanced status code (RFC 2034); what failed for an unknown reason is
temporary; nothing that came in clear is obeyed as if it had come encrypted; a client that is wrong again and again is told
421 and let go; nothing of what is said is logged. Mails end as `ingest.content` says. Does not decide who may come in, nor
keep mails: that is the handler's work (`ingest.smtp`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from ingest.content import Content, Verdict
from ingest.replies import TOO_MANY_COMMANDS, TOO_MANY_ERRORS, reply
from ingest.session import MAX_COMMAND, SessionLimits, Wire

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from ssl import SSLContext
    from typing import AnyStr

    from aiosmtpd.smtp import Envelope

    from ingest.throttle import Throttle

# Japanese 8-bit mails often hold a paragraph in one line, well over RFC 5321's 1000 octets.
MAX_LINE = 2**20
_MAX_OTHER_COMMANDS = 100  # those that bring no mail nearer, before a mail is taken
_HANDSHAKE_S = 30.0

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9-]+"
# What nearly every path looks like. All others go through aiosmtpd's own parser, which is slow and knows them all.
_PLAIN_PATH = re.compile(rf"<({_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*)>[ \t]*((?![ \t(]).*)?\Z")
_PLAIN_MAIL = re.compile(
    rf"FROM:<({_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*)>(?: SIZE=(\d{{1,15}}))?(?: BODY=8BITMIME)?\Z",
    re.IGNORECASE,
)
_PLAIN_RCPT = re.compile(rf"TO:<({_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*)>\Z", re.IGNORECASE)
_BEFORE_TLS = frozenset({"smtp_NOOP", "smtp_EHLO", "smtp_HELO", "smtp_LHLO", "smtp_STARTTLS", "smtp_QUIT"})
_TRANSACTION = frozenset({"smtp_MAIL", "smtp_RCPT", "smtp_DATA"})


class Front(Wire):
    """One session of ESMTP."""

    line_length_limit = MAX_LINE
    protocol: ClassVar[str] = "ESMTP"
    foreign: ClassVar[frozenset[bytes]] = frozenset({b"LHLO"})  # greetings of another protocol

    def __init__(
        self,
        handler: object,
        limits: SessionLimits,
        loop: asyncio.AbstractEventLoop,
        *,
        throttle: Throttle | None = None,
        tls: Callable[[], SSLContext] | None = None,
        must_use_tls: bool = False,
    ) -> None:
        super().__init__(
            handler, data_size_limit=limits.max_bytes, enable_SMTPUTF8=True, hostname="uketsuke", loop=loop
        )
        self.limits, self.throttle, self.tls, self.must_use_tls = limits, throttle, tls, must_use_tls
        self.open_sessions, self.mails_under_way, self.refusals = set(), set(), {}
        methods = {name[5:].encode(): name for name in dir(self) if name.startswith("smtp_")}
        self._verbs = {verb: name for verb, name in methods.items() if verb not in self.foreign}
        self._errors = self._others = 0
        self.greeting = f"220 {self.hostname} {self.protocol}\r\n".encode()  # no name and version for strangers

    def farewell(self) -> str:
        """Why the session must end now; empty if it may go on."""
        if self._errors > self.limits.max_errors:
            return TOO_MANY_ERRORS
        if self._others > _MAX_OTHER_COMMANDS:
            return TOO_MANY_COMMANDS
        return super().farewell()

    async def push(self, status: AnyStr) -> None:
        """Say one reply."""
        text = status if isinstance(status, str) else status.decode()
        self.say(reply(text))
        if text[0] in "45":
            self._errors += text[0] == "5"
            self.count_refusal(text)

    async def obey(self, line: bytes) -> None:
        """Answer one command."""
        words = line.rstrip(b"\r\n")
        verb, _, rest = words.partition(b" ")
        name = self._verbs.get(verb.upper())
        if len(words) > MAX_COMMAND:
            await self.push("500 5.5.2 Line too long")
        elif _CONTROL.search(words):
            await self.push("500 5.5.2 Control characters in a command")
        elif name is None:
            await self.push("500 5.5.2 Command not recognized")
        elif self.must_use_tls and not self.is_secure and name not in _BEFORE_TLS:
            await self.push("530 5.7.0 Must issue a STARTTLS command first")
        else:
            if name not in _TRANSACTION:
                self._others += 1
            try:
                argument = rest.strip().decode() if rest else None
            except UnicodeDecodeError:
                if name in _TRANSACTION:
                    await self.push("501 5.5.2 Not UTF-8")
                    return
                # Some mail programs greet with the name of their machine in Shift_JIS.
                argument = rest.strip().decode("utf-8", "replace")
            try:
                await getattr(self, name)(argument)
            except Exception as error:  # noqa: BLE001 - whatever it is, the session answers and goes on
                await self.push(await self.handle_exception(error))

    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Greet without extensions."""
        if not hostname:
            await self.push("501 Syntax: HELO hostname")
            return
        self._greet(hostname, is_extended=False)
        self.say(f"250 {self.hostname}\r\n".encode())

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Greet with extensions."""
        if not hostname:
            await self.push("501 Syntax: EHLO hostname")
            return
        self._greet(hostname, is_extended=True)
        *offered, last = [self.hostname, *self._extensions()]
        self.say("".join(f"250-{one}\r\n" for one in offered).encode() + f"250 {last}\r\n".encode())

    def _greet(self, hostname: str, *, is_extended: bool) -> None:
        self._set_post_data_state()
        self._others += 1
        self.session.extended_smtp = is_extended
        self.session.host_name = hostname

    def _extensions(self) -> list[str]:
        size = f"SIZE {self.limits.max_bytes}"
        secure = ["STARTTLS"] if self.tls is not None and not self.is_secure else []
        return [size, "8BITMIME", "SMTPUTF8", "PIPELINING", *secure, "ENHANCEDSTATUSCODES", "HELP"]

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Begin one mail. What nearly every client says is understood in one look, the rest by aiosmtpd."""
        plain = _PLAIN_MAIL.match(arg or "")
        is_first = self.session.host_name and self.session.extended_smtp and not self.envelope.mail_from
        if arg and plain and is_first and int(plain[2] or 0) <= self.limits.max_bytes:
            options = arg[plain.end(1) + 1 :].upper().split()
            await self.push(await self._call_handler_hook("MAIL", plain[1], options))
        else:
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Name one recipient; as with MAIL."""
        plain = _PLAIN_RCPT.match(arg or "")
        if plain and self.session.host_name and self.envelope.mail_from:
            await self.push(await self._call_handler_hook("RCPT", plain[1], []))
        else:
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take one mail in and hand it to the handler; the answer is the handler's."""
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        self.say(b"354 End data with <CR><LF>.<CR><LF>\r\n")
        content = Content(self.limits.max_bytes, self.line_length_limit)
        if self.expect(content):
            await self.take(content)

    async def take(self, content: Content) -> None:
        """Keep a mail that has come in whole, and answer it."""
        status = await self._keep(content)
        envelope = self.envelope
        self._set_post_data_state()
        if status.startswith("2"):
            self._errors = self._others = 0
        await self.answer_mail(status, envelope)
        self.flush()

    async def answer_mail(self, status: str, _envelope: Envelope) -> None:
        """Say what became of the mail."""
        await self.push(status)

    async def _keep(self, content: Content) -> str:
        """What to say to the client; the mail is kept by then if it is good news."""
        if content.verdict is Verdict.TOO_LONG:
            return "500 Line too long (see RFC5321 4.5.3.1.6)"
        if content.verdict is Verdict.TOO_MUCH:
            return "552 Error: Too much mail data"
        self.envelope.content = self.envelope.original_content = content.take()
        try:
            status: str = await self._call_handler_hook("DATA")
        except Exception as error:  # noqa: BLE001 - a mail that failed for any reason gets an answer
            status = await self.handle_exception(error)
        return status

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Go on encrypted, as strangers (RFC 3207)."""
        if arg:
            await self.push("501 Syntax: STARTTLS")
        elif self.tls is None or self.is_secure:
            await self.push("502 STARTTLS not available")
        elif self.has_more():
            await self.push("554 5.5.1 Nothing may follow STARTTLS before its answer")
            self.end()
        else:
            await self.secure(self.tls(), "220 2.0.0 Ready to start TLS", _HANDSHAKE_S)

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Nobody signs in at the desk's door; a password that is sent anyway is neither read nor logged."""
        await self.push("502 AUTH not available")

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Tell nothing about who is here (RFC 5321 7.3)."""
        await self.push("252 Cannot VRFY user, send the mail" if arg else "501 Syntax: VRFY <address>")

    async def smtp_EXPN(self, _arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """There are no lists."""
        await self.push("502 EXPN not available")

    async def smtp_HELP(self, _arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """The commands there are."""
        await self.push("214 2.0.0 " + " ".join(sorted(verb.decode() for verb in self._verbs)))

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Part in peace."""
        if arg:
            await self.push("501 Syntax: QUIT")
            return
        await self.push("221 Bye")
        self.end()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address of a path and what follows it."""
        plain = _PLAIN_PATH.match(arg)
        if plain is not None:
            return plain[1], plain[2] or ""
        found: tuple[str | None, str | None] = super()._getaddr(arg)
        return found
