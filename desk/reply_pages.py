"""Agents write: replies, edited letters, canned texts, drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from desk.frame import Desk


def add_replies(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
