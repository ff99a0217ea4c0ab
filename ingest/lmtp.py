"""One LMTP session (RFC 2033): for a mail server on this machine or next to it that hands mails on.

Differs from SMTP in the greeting (LHLO) and in the answer: one reply for each accepted recipient, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ingest.front import Front

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope


class LocalFront(Front):
    """One session of LMTP."""

    protocol: ClassVar[str] = "LMTP"
    foreign: ClassVar[frozenset[bytes]] = frozenset({b"HELO", b"EHLO"})

    async def smtp_LHLO(self, hostname: str | None) -> None:  # noqa: N802 - named as aiosmtpd names commands
        """Greet with extensions."""
        await self.smtp_EHLO(hostname)

    async def answer_mail(self, status: str, envelope: Envelope) -> None:
        """Say for every recipient what became of the mail: it is kept for all of them or for none."""
        for _ in envelope.rcpt_tos:
            await self.push(status)
