"""Tokens of the API: who may ask what of the desk by a program."""

from __future__ import annotations

from models.db.base import Shelf


class Tokens(Shelf):
    """Tokens of the API."""
