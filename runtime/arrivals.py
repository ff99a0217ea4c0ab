"""A mail from a file, a mailbox or a pipe as an arrival: its envelope, and the desk that it is for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.gate import desk_of
from ingest.parse import envelope_of_file
from models.arrival import Arrival
from models.mail import Envelope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from runtime.settings import Settings


def arrival_of(raw: bytes, settings: Settings, now: datetime) -> Arrival:
    """What the store accepts. A file that names none of the desk's addresses belongs to the first of them."""
    return _addressed(raw, envelope_of_file(raw, now), settings)


def arrival_of_pipe(
    raw: bytes, settings: Settings, now: datetime, *, sender: str | None, recipients: Sequence[str]
) -> Arrival:
    """The same for a mail that an MTA hands over with its envelope.

    Args:
        raw: The mail.
        settings: Which desks there are.
        now: The time.
        sender: MAIL FROM as the MTA tells it: empty or `MAILER-DAEMON` is the null sender; None if it tells none.
        recipients: RCPT TO in the order of their weight; none if the MTA tells none.
    """
    of_file = envelope_of_file(raw, now)
    if sender is None and not recipients:
        return _addressed(raw, of_file, settings)
    envelope = Envelope(
        mail_from=of_file.mail_from if sender is None else sender,
        rcpt_tos=tuple(dict.fromkeys(recipients)) or of_file.rcpt_tos,
        received_at=now,
        is_from_file=not recipients,
        is_sender_known=of_file.is_sender_known if sender is None else True,
    )
    return _addressed(raw, envelope, settings)


def _addressed(raw: bytes, envelope: Envelope, settings: Settings) -> Arrival:
    envelope = replace(envelope, mail_from=_without_null_name(envelope.mail_from))
    desks = (desk_of(recipient, settings.desk_addresses) for recipient in envelope.rcpt_tos)
    desk = next(filter(None, desks), settings.desk_addresses[0].casefold())
    return Arrival(raw=raw, envelope=envelope, desk_address=desk)


def _without_null_name(sender: str) -> str:
    """Postfix's pipe(8) writes the null sender as MAILER-DAEMON, on its command line and in Return-Path."""
    bare = sender.strip().removeprefix("<").removesuffix(">")
    return "" if bare.casefold() == "mailer-daemon" else bare
