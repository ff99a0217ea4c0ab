"""Agents shape tickets: split by issues, merge, move a mail, spam."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from desk.frame import Desk


def add_shaping(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
