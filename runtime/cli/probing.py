"""`probe`: is the role beside me alive, or ready? For health checks of containers, which have no other client for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from runtime.ports import reached_at
from runtime.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANSWER_S = 5.0
_WELL = 200


def register(app: typer.Typer) -> None:
    """Add the command of this group."""
    app.command()(probe)


def probe(
    ready: Annotated[bool, typer.Option("--ready", help="ask whether it is ready, not only alive")] = False,
    roles: Annotated[int, typer.Option(min=1, max=100, help="how many roles `serve` runs here: a port each")] = 1,
) -> None:
    """Ask the role on UKETSUKE_WATCH_PORT of this machine how it is: exit 0 if all is well, 1 if not."""
    settings = load_settings()
    if not settings.watch_port:
        raise ConfigError(
            "UKETSUKE_WATCH_PORT: 0: no role says how it is; set a port, for the role and for this command"
        )
    host = reached_at(settings.watch_host)
    ports = range(settings.watch_port, settings.watch_port + roles)
    troubles = troubles_of(host, ports, "/readyz" if ready else "/livez")
    for trouble in troubles:
        print(f"uketsuke: {trouble}", file=sys.stderr)
    if troubles:
        sys.exit(1)


def troubles_of(host: str, ports: Sequence[int], path: str) -> list[str]:
    """One line for each port that does not answer 200 within seconds."""
    return [f"{host}:{port}{path}: {trouble}" for port in ports if (trouble := _trouble(host, port, path))]


def _trouble(host: str, port: int, path: str) -> str:
    import http.client

    role = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        role.request("GET", path)
        answer = role.getresponse()
        said = answer.read(200).decode("utf-8", "replace").split("\n")[0].strip()
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "strerror", "") or str(error) or type(error).__name__
    finally:
        role.close()
    return "" if answer.status == _WELL else f"{answer.status} {said}".strip()
