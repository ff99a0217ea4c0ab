"""Mails to our own people and systems: notices to agents, tickets handed over. Never to a customer."""

from __future__ import annotations

from models.db.base import Shelf


class Memos(Shelf):
    """Mails to our own people and systems."""
