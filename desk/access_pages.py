"""People who may sign in: their roles, links that let them set a password, notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from desk.frame import Desk


def add_access(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
