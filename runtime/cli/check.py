"""`check`: is this installation sound? Every finding says what is wrong and how to mend it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import UketsukeError
from runtime.cli.common import print_text
from runtime.settings import FILE, PREFIX, Settings, gather, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Finding = tuple[bool, str, str]


def register(app: typer.Typer) -> None:
    """Add the command of this group."""
    app.command()(check)


def check(pack: Annotated[Path | None, typer.Option(help="check only this policy pack folder")] = None) -> None:
    """Check settings, policy pack, letters, database, ports, smarthost; say what is wrong and how to mend it."""
    if pack is not None:
        findings = [_try("policy pack", lambda: _pack(str(pack)))]
    else:
        settings = load_settings()
        for line in _settings_lines(settings):
            print_text(line)
        findings = list(_findings(settings))
    for good, what, detail in findings:
        print_text(f"{'ok    ' if good else 'WRONG '} {what}: {detail}")
    if not all(good for good, _, _ in findings):
        sys.exit(1)


def _settings_lines(settings: Settings) -> Iterator[str]:
    _, sources = gather(os.environ, FILE)
    for field, info in Settings.model_fields.items():
        name = PREFIX + field.upper()
        value = getattr(settings, field)
        shown = "(set, not shown)" if field in {"smarthost", "database_url"} and "@" in str(value) else value
        yield f"{name:<26} {shown!s:<40} {sources.get(name, 'default'):<12} {info.description}"


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _try("policy pack", lambda: _pack(settings.pack))
    yield _try("database", lambda: _database(settings))
    yield _try("secret", lambda: _secret(settings))
    yield _try("models", lambda: _models(settings))
    yield _try("smtp port", lambda: _port(settings.smtp_host, settings.smtp_port, "UKETSUKE_SMTP_PORT"))
    yield _try("desk port", lambda: _port(settings.desk_host, settings.desk_port, "UKETSUKE_DESK_PORT"))
    yield _try("smarthost", lambda: _smarthost(settings))
    yield _sender_check(settings)


def _try(what: str, probe: Callable[[], str]) -> Finding:
    try:
        return True, what, probe()
    except UketsukeError as error:
        return False, what, str(error)
    except (OSError, ValueError) as error:
        return False, what, f"{type(error).__name__}: {error}"


def _pack(name: str) -> str:
    from policy.load import load_pack

    pack = load_pack(name)
    return f"{pack.id} {pack.version}, {len(pack.products)} products, {len(pack.letters)} letter files, languages {', '.join(pack.languages)}"


def _database(settings: Settings) -> str:
    from runtime.wiring import open_store

    store = open_store(settings)
    books = store.books()
    store.close()
    return f"{books.accepted} mails accepted so far"


def _secret(settings: Settings) -> str:
    from runtime.secret import load_secret

    load_secret(settings.secret_path)
    return str(settings.secret_path)


def _models(settings: Settings) -> str:
    from runtime.wiring import build_rules

    build_rules(settings)
    return "loaded"


def _port(host: str, port: int, setting: str) -> str:
    from runtime.ports import require_free

    require_free(host, port, setting)
    return f"{host}:{port} is free"


def _smarthost(settings: Settings) -> str:
    import socket

    from responders.deliver import parse_smarthost

    if not settings.smarthost:
        return "none set: letters stay in the outbox view"
    smarthost = parse_smarthost(settings.smarthost)
    try:
        socket.create_connection((smarthost.host, smarthost.port), timeout=5).close()
    except OSError as error:
        reason = error.strerror or str(error)
        msg = f"{smarthost.host}:{smarthost.port}: {reason}; mend UKETSUKE_SMARTHOST or start it"
        raise OSError(msg) from None
    return f"{smarthost.host}:{smarthost.port} answers"


def _sender_check(settings: Settings) -> Finding:
    if settings.trust_check == "none":
        return True, "sender check", "none: every sender counts as unchecked, the listener as trusted"
    detail = f"{settings.trust_check}: not built yet (see docs/progress.md); senders stay unchecked, letters quote no words of theirs"
    return True, "sender check", detail
