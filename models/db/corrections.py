"""Agents' word on how mails were read, and on letters that were wrong."""

from __future__ import annotations

from models.db.base import Shelf


class Corrections(Shelf):
    """Agents' word on how mails were read, and on letters that were wrong."""
