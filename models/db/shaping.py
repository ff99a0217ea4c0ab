"""What agents do to the shape of tickets: split, merge, move a mail, link, mark as spam."""

from __future__ import annotations

from models.db.base import Shelf


class Shaping(Shelf):
    """What agents do to the shape of tickets."""
