"""The queue as agents page through it: views, filters, order, counts, groups of alike incidents."""

from __future__ import annotations

from models.db.base import Shelf


class Lists(Shelf):
    """The queue as agents page through it."""
