"""The API: tickets for programs, by tokens with scopes, described by OpenAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from desk.frame import Desk


def add_api(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
