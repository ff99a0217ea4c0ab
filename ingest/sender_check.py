"""Is a mail from whom it says? SPF, DKIM and DMARC asked of the DNS, for one stored mail.

Promises: never raises; ends within `resolver.CHECK_S` of waiting, whatever a stranger's name servers do; what stays open
leaves the sender unchecked, never failed. Holds no state but the resolver's kept answers, so it may be asked again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.authentication import NOT_ONE_AUTHOR, author_domain
from ingest.charset import clean, decode
from ingest.dkim_check import judge_dkim
from ingest.dmarc import ascii_domain, policy_domains, policy_records, read_policy, verdict
from ingest.headers import raw_headers, unfold
from ingest.received import MOST_HOPS, client_of
from ingest.resolver import DnsTrouble, Inquiry
from ingest.spf_check import judge_spf
from ingest.structure import headers_of
from models.mail import TrustFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

    from ingest.dmarc import MethodResult, Policy
    from ingest.received import Network
    from ingest.resolver import Resolver
    from models.mail import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCheck:
    """Call it with a mail's bytes and its reading."""

    resolver: Resolver
    relays: tuple[Network, ...]  # of our own servers, whose Received headers are believed
    clock: Callable[[], float] = time.monotonic

    def __call__(self, raw: bytes, mail: Mail) -> TrustFound:
        """What is found about the mail's sender."""
        try:
            return self._found(raw, mail)
        except Exception as error:  # noqa: BLE001 - a mail that we stumble over is filed all the same
            return TrustFound(evidence=(f"not checked: the check failed ({type(error).__name__})",))

    def _found(self, raw: bytes, mail: Mail) -> TrustFound:
        if mail.envelope.is_from_file:
            return TrustFound(evidence=("not checked: the mail came as a file, not from a server",))
        message = headers_of(raw)
        sender = author_domain(message)
        # A mail whose head can be read in two ways must not be judged by one of them and answered by the other.
        if not sender or mail.sender is None or ascii_domain(mail.sender.domain) != sender:
            return TrustFound(evidence=(NOT_ONE_AUTHOR,))
        inquiry = Inquiry(self.resolver, self.clock)
        try:
            policy = _policy(sender, inquiry)
        except DnsTrouble:
            return TrustFound(evidence=("dmarc: not judged, DNS did not answer",))
        return verdict(sender, policy, self._results(raw, mail, message, sender, policy, inquiry))

    def _results(
        self, raw: bytes, mail: Mail, message: Message, sender: str, policy: Policy | None, inquiry: Inquiry
    ) -> tuple[MethodResult, ...]:
        """DKIM first: it does not depend on the way the mail took, and where it proves the sender SPF is not asked."""
        dkim = judge_dkim(
            raw,
            sender,
            inquiry,
            received_at=mail.envelope.received_at,
            is_strict=policy is not None and policy.is_dkim_strict,
        )
        if dkim.is_proof:
            return (dkim,)
        received = [clean(decode(unfold(value))) for value in raw_headers(message, "Received")[:MOST_HOPS]]
        client = client_of(mail.envelope, received, self.relays)
        spf = judge_spf(
            mail.envelope.mail_from,
            client,
            sender,
            inquiry,
            is_strict=policy is not None and policy.is_spf_strict,
        )
        return (dkim, spf)


def _policy(sender: str, inquiry: Inquiry) -> Policy | None:
    """The policy for a From domain: its own, else its organisation's.

    Raises:
        DnsTrouble: Whether there is one is not known.
    """
    for domain in policy_domains(sender):
        if records := policy_records(inquiry.texts(f"_dmarc.{domain}")):
            return read_policy(records, published_by=domain, sender=sender)
    return None
