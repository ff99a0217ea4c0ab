"""Tickets by the words of their mails, letters and notes: one interface on both engines."""

from __future__ import annotations

from models.db.base import Shelf


class Search(Shelf):
    """Tickets by the words of their mails, letters and notes."""
