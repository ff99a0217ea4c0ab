"""The roles: `serve` runs all of them, the others one each."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from runtime.cli.common import open_signing_store, open_store, print_text, settings_with_logs
from runtime.clock import utc_now

if TYPE_CHECKING:
    from fastapi import FastAPI

    from models.db.store import Store
    from runtime.settings import Settings
    from runtime.watch import Watch

_PATIENT = 10  # of the 19 that a process may lower its priority by

WatchPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="port of this process's metrics and health, in place of UKETSUKE_WATCH_PORT"),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (serve, prepare, smtp, imap, worker, deliver, desk, scheduler):
        app.command()(command)


def serve() -> None:
    """All roles in one command: SMTP listener, worker, delivery, desk, scheduler."""
    from runtime.ports import listeners_of, require_apart, require_free, roles_of
    from runtime.serve import Role, Supervisor, role_command

    settings = settings_with_logs()
    listeners = listeners_of(settings)
    require_apart(listeners)
    for host, port, setting in listeners:
        require_free(host, port, setting)
    print_text(_banner(settings, _prepare(settings)))
    first = settings.watch_port
    roles = [
        Role(name=name, command=role_command(name, first + number if first else 0))
        for number, name in enumerate(roles_of(settings))
    ]
    code = Supervisor(roles).run()
    if code:
        sys.exit(code)


def prepare(
    new_secret: Annotated[
        bool,
        typer.Option("--new-secret", help="the old secret is lost: letters are signed with this machine's from now on"),
    ] = False,
) -> None:
    """Once before the roles of an installation start: database, secret, the first admin's link. May be called again."""
    from models.db.migrate import upgrade
    from models.db.store import Store
    from models.presence import named_once

    settings = settings_with_logs()
    print_text(_prepare(settings, is_new_secret=new_secret))
    store, now = Store(settings.url), utc_now()
    if waiting := upgrade(settings.url, now):
        old = named_once(one for one in store.processes(now) if one.shape < waiting[0])
        steps = ", ".join(waiting)
        print_text(
            f"the rest of the upgrade ({steps}) waits until these have ended: {', '.join(old)}; then it runs by itself"
        )
    store.close()


def smtp(watch_port: WatchPort = None) -> None:
    """The SMTP listener: answers 250 only after the mail is durably stored."""
    from runtime.presence import present
    from runtime.smtp_role import run_listener
    from runtime.watch import watch_for

    settings = settings_with_logs()
    watch = watch_for("smtp", settings, watch_port)
    store = open_store(settings)
    with present(store, "smtp", utc_now):
        run_listener(settings, store, watch=watch)


def imap(watch_port: WatchPort = None) -> None:
    """The mailbox of UKETSUKE_IMAP: takes its mails in, each once, and leaves it as people know it."""
    from runtime.imap_role import ImapRole
    from runtime.presence import present
    from runtime.stopping import stop_on_signals
    from runtime.watch import watch_for

    settings = settings_with_logs()
    watch = watch_for("imap", settings, watch_port)
    stop = stop_on_signals()
    store = open_store(settings)
    watch.look_at(store)
    with present(store, "imap", utc_now):
        ImapRole(settings, store, utc_now, stop).run()


def worker(watch_port: WatchPort = None) -> None:
    """The worker: reads received mails, decides, writes tickets and letters."""
    from runtime.presence import present
    from runtime.rush import GivingWay
    from runtime.stopping import stop_on_signals
    from runtime.watch import watch_for
    from runtime.wiring import build_rules, own_addresses, sender_check
    from runtime.worker import Worker

    settings = settings_with_logs()
    watch = watch_for("worker", settings, watch_port)
    stop = stop_on_signals()
    store, rules, own = open_signing_store(settings), build_rules(settings), own_addresses(settings)
    watch.look_at(store)
    _let_others_go_first()
    gives_way = GivingWay(settings.data_dir, workers=settings.workers)
    with present(store, "worker", utc_now):
        Worker(store, rules, own, utc_now, sender_check(settings)).run(stop, gives_way.wait)


def _let_others_go_first() -> None:
    """A worker takes what processor time is left: while mails pour in on the same machine, the door goes first."""
    with suppress(OSError, AttributeError):  # where a machine knows no such thing, all are equal
        os.nice(_PATIENT)


def deliver(watch_port: WatchPort = None) -> None:
    """Delivery: hands queued letters and memos to the smarthost, and events to webhooks; without a smarthost mails wait."""
    from runtime.deliver_role import run_delivery
    from runtime.presence import present
    from runtime.stopping import stop_on_signals
    from runtime.watch import watch_for

    settings = settings_with_logs()
    watch, stop = watch_for("deliver", settings, watch_port), stop_on_signals()
    store = open_signing_store(settings)
    watch.look_at(store)
    with present(store, "deliver", utc_now):
        run_delivery(settings, store, stop, utc_now)


def desk(watch_port: WatchPort = None) -> None:
    """The desk: the agents' queue as web pages."""
    from desk.app import DeskSettings, create_app
    from policy.load import load_pack
    from runtime.ledger import DeskLedger
    from runtime.presence import present
    from runtime.provider import provider_of
    from runtime.reporting import Reporter, office_of
    from runtime.secret import load_secret
    from runtime.watch import watch_for
    from runtime.wiring import sender_identity, with_addresses

    settings = settings_with_logs()
    watch = watch_for("desk", settings, watch_port)
    pack = with_addresses(load_pack(settings.pack), settings)
    store = open_signing_store(settings)
    desk_settings = DeskSettings(
        secret=load_secret(settings.secret_path),
        title=pack.desk.name[pack.default_language],
        is_secure=settings.desk_secure,
        mode=settings.mode,
        are_senders_trusted=settings.are_senders_trusted,
        desk_url=settings.desk_url,
        has_passwords=settings.passwords == "on",
        oidc=provider_of(settings),
        desk_link=settings.desk_link,
        hand_over=settings.hand_over,
        hand_over_to=settings.hand_over_to,
        is_sending=bool(settings.smarthost),
        identity=sender_identity(settings),
    )
    identity = desk_settings.identity
    assert identity is not None
    ledger = DeskLedger(Reporter(store, pack, office_of(settings, identity)), utc_now)
    app = create_app(store, pack, desk_settings, utc_now, ledger)
    with present(store, "desk", utc_now):
        _serve_pages(app, settings, store, watch)


def scheduler(watch_port: WatchPort = None) -> None:
    """The scheduler: quality reports, the books, reminders and what time does to tickets."""
    from runtime.presence import present
    from runtime.scheduler_role import run_scheduler
    from runtime.stopping import stop_on_signals
    from runtime.watch import watch_for

    settings = settings_with_logs()
    watch, stop = watch_for("scheduler", settings, watch_port), stop_on_signals()
    store = open_signing_store(settings)
    with present(store, "scheduler", utc_now):
        run_scheduler(settings, store, stop, utc_now, watch)


def _serve_pages(app: FastAPI, settings: Settings, store: Store, watch: Watch) -> None:
    """Answer browsers until a signal; pages that listen for news are ended then."""
    import uvicorn

    from runtime.ports import require_free
    from runtime.pulse import DESK
    from runtime.stopping import is_supervised

    if not is_supervised():  # such a one is started again until the port is free
        require_free(settings.desk_host, settings.desk_port, "UKETSUKE_DESK_PORT")

    async def turned() -> None:
        DESK.beat()

    config = uvicorn.Config(
        app,
        host=settings.desk_host,
        port=settings.desk_port,
        log_config=None,
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=3,  # open pages listen for news, for minutes
        callback_notify=turned,
        timeout_notify=1,
    )
    server = uvicorn.Server(config)
    watch.need("pages", lambda: "" if server.started and not server.should_exit else "closed")
    watch.look_at(store, has_standing=True)
    # The server raises the signal that ended it once more, for whoever handled it before: nobody, we end by ourselves.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)


def _prepare(settings: Settings, *, is_new_secret: bool = False) -> str:
    """Check the policy, create and migrate the database, make the secret; returns how to sign in."""
    from runtime.first_start import sign_in_line
    from runtime.provider import provider_of
    from runtime.wiring import require_secret

    _check_policy(settings)
    provider_of(settings)
    store = open_store(settings)
    require_secret(store, settings, is_new=is_new_secret)
    line = sign_in_line(store, settings, utc_now())
    store.close()
    return line


def _check_policy(settings: Settings) -> None:
    from policy.load import load_pack

    load_pack(settings.pack)
    if settings.imap:
        from runtime.imap_connection import mailbox_of

        mailbox_of(settings)
    if settings.smarthost:
        from responders.deliver import parse_smarthost

        try:
            parse_smarthost(settings.smarthost)
        except ValueError as error:
            raise ConfigError(f"UKETSUKE_SMARTHOST: {error}") from None


def _banner(settings: Settings, sign_in: str) -> str:
    from runtime.first_start import desk_address

    letters = "sent through the smarthost" if settings.smarthost else "kept in the outbox view (no smarthost is set)"
    if settings.mode == "shadow":
        letters = "only shown (shadow mode): none is sent"
    return "\n".join(
        (
            "uketsuke 受付 is starting. Ctrl-C ends it.",
            f"  mail in   {settings.smtp_host}:{settings.smtp_port}   to {', '.join(settings.desk_addresses)}",
            *([f"            and from {settings.mailbox.shown}"] if settings.mailbox else []),
            f"  desk      {desk_address(settings)}/   {sign_in}",
            f"  letters   {letters}",
            f"  data      {settings.data_dir.absolute() if not settings.database_url else 'in the database of UKETSUKE_DATABASE_URL'}",
            "  try it    uketsuke demo",
        )
    )
