"""Letters that agents write or edit, what they have begun to write, and texts they keep."""

from __future__ import annotations

from models.db.base import Shelf


class ByHand(Shelf):
    """Letters that agents write or edit, what they have begun to write, and texts they keep."""
