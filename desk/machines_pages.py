"""Tokens, webhooks and hand-over, as an admin sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from desk.frame import Desk


def add_machines(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
