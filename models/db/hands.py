"""Who works on what: assignment, who looks at it, and taking back the latest step."""

from __future__ import annotations

from models.db.base import Shelf


class Hands(Shelf):
    """Who works on what."""
