"""Who signs the letters."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderIdentity:
    """The desk as a sender, and whom it believes."""

    address: str
    domain: str
    secret: bytes = field(repr=False)
    instance: str
    is_trusted: bool = False  # the listener is declared trusted: letters may quote customers' words
    has_null_sender: bool = False  # letters go out as from `<>`: nothing can come back to us
    authserv_id: str = ""  # our own mail server's name in Authentication-Results; empty: no such header is believed
