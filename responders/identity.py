"""Who signs the letters."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderIdentity:
    """The desk as a sender. `is_trusted`: the listener is declared trusted, so letters may quote customers' words."""

    address: str
    domain: str
    secret: bytes = field(repr=False)
    instance: str
    is_trusted: bool = False
