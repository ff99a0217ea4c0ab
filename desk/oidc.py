"""Signing in by an OpenID provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from desk.frame import Desk


def add_oidc(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
