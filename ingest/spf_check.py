"""May the server that brought a mail send for the From domain? SPF (RFC 7208) by pyspf, over our own resolver.

Promises: never raises; asks nothing about an envelope sender of another domain, for no answer could prove anything then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import spf

from ingest.dmarc import MethodResult, ascii_domain, is_aligned
from ingest.received import NoClient
from ingest.resolver import DnsTrouble

if TYPE_CHECKING:
    from ingest.received import Client
    from ingest.resolver import Inquiry

_LONGEST_RECORD = 4_096  # bytes; a longer one is no SPF record, and costs pyspf's expressions too much
_LONGEST_LOCAL = 64  # RFC 5321 4.5.3.1.1


class _Query(spf.query):  # type: ignore[misc] # pyspf has no types
    """pyspf, asking our resolver instead of its own."""

    def __init__(self, inquiry: Inquiry, *, address: str, sender: str, helo: str) -> None:
        super().__init__(i=address, s=sender, h=helo)
        self._inquiry = inquiry

    def dns(self, name: object, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:  # noqa: ARG002, FBT001, FBT002 - pyspf's signature
        """The records in the shapes that pyspf expects."""
        try:
            found = self._inquiry.ask(str(name), qtype) if name else ()
        except DnsTrouble as error:
            raise spf.TempError(str(error)) from None
        if any(isinstance(one, bytes) and len(one) > _LONGEST_RECORD and spf.RE_SPF.match(one) for one in found):
            msg = "a record is too long"
            raise spf.PermError(msg)
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                msg = "too many lookups found nothing"
                raise spf.PermError(msg)
        return [(one,) if isinstance(one, bytes) else one for one in found]

    def get_explanation(self, spec: object) -> None:
        """Not asked for: nobody reads it here."""


def judge_spf(
    mail_from: str, client: Client | NoClient, sender: str, inquiry: Inquiry, *, is_strict: bool
) -> MethodResult:
    """What SPF says about a From domain.

    Args:
        mail_from: The envelope's sender; of the null sender the server's own name stands in (RFC 7208 2.4).
        client: The server that handed the mail to our first relay.
        sender: The From domain.
        inquiry: The check's questions.
        is_strict: Only the very same domain counts.
    """
    is_known = not isinstance(client, NoClient)
    helo = ascii_domain(client.helo) if not isinstance(client, NoClient) else ""
    local, _, domain = mail_from.rpartition("@")
    domain = ascii_domain(domain) if mail_from else helo
    if (mail_from or is_known) and not is_aligned(domain, sender, is_strict=is_strict):
        said = f"spf: the envelope's sender is of another domain ({domain})" if domain else "spf: no envelope sender"
        return MethodResult(is_proof=False, is_decided=True, evidence=(said,))
    if isinstance(client, NoClient):
        return MethodResult(is_proof=False, is_decided=False, evidence=(f"spf: not judged, {client.why}",))
    local = local.replace("@", "=")[:_LONGEST_LOCAL] or "postmaster"
    result = _asked(inquiry, client.address, f"{local}@{domain}", helo or domain)
    return MethodResult(
        is_proof=result == "pass",
        is_decided=result != "temperror",
        evidence=(f"spf={result} {domain} from {client.address}",),
    )


def _asked(inquiry: Inquiry, address: str, sender: str, helo: str) -> str:
    try:
        return str(_Query(inquiry, address=address, sender=sender, helo=helo).check()[0])
    except Exception:  # noqa: BLE001 - a record that pyspf stumbles over is broken, and proves nothing
        return "permerror"
