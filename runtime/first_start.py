"""The first start: a link with which the first admin chooses a name and a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.ports import reached_at

if TYPE_CHECKING:
    from datetime import datetime

    from models.db.store import Store
    from runtime.settings import Settings


def sign_in_line(store: Store, settings: Settings, now: datetime) -> str:
    """How to sign in at the desk; while there is no agent, a link that makes the first one, fresh at each start."""
    token = store.first_link(now)
    if token is None:
        return "sign in with your name"
    return f"first of all, within 24 hours, choose your name and password at {link_of(settings, token)}"


def link_of(settings: Settings, token: str) -> str:
    """The whole address of a link."""
    return f"{desk_address(settings)}/welcome/{token}"


def desk_address(settings: Settings) -> str:
    """Where people find the desk; from this machine where no address is set."""
    return settings.model_copy(update={"desk_host": reached_at(settings.desk_host)}).desk_link
