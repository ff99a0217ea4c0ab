"""Where events go, and each one on its way there."""

from __future__ import annotations

from models.db.base import Shelf


class Webhooks(Shelf):
    """Where events go, and each one on its way there."""
