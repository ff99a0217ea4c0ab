"""`check`: is this installation sound? Every finding says what is wrong and how to mend it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError, MailboxError, ProviderError
from runtime.cli.check_database import database_findings
from runtime.cli.common import print_text
from runtime.cli.finding import Finding, attempt
from runtime.settings import FILE, PREFIX, SECRET_SETTINGS, Settings, gather, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ANSWER_S = 3.0
_LOGIN_S = 10.0
_RENEW_DAYS = 7
_ADVISED_BITS = 2048  # RFC 8301 3.2
_MOUNTED_SECRETS = Path("/run/secrets")  # Docker's own: whoever can look there is in the container


def register(app: typer.Typer) -> None:
    """Add the command of this group."""
    app.command()(check)


def check(pack: Annotated[Path | None, typer.Option(help="check only this policy pack folder")] = None) -> None:
    """Check settings, policy pack, letters, database, ports, smarthost; say what is wrong and how to mend it."""
    if pack is not None:
        findings = [attempt("policy pack", lambda: _pack(str(pack)))]
    else:
        settings = load_settings()
        for line in _settings_lines(settings):
            print_text(line)
        findings = list(_findings(settings))
    for one in findings:
        print_text(f"{one.mark:<6} {one.what}: {one.detail}")
    if code := max(one.code for one in findings):
        sys.exit(code)


def _settings_lines(settings: Settings) -> Iterator[str]:
    _, sources = gather(os.environ, FILE)
    for field, info in Settings.model_fields.items():
        name = PREFIX + field.upper()
        value = getattr(settings, field)
        is_secret = field in SECRET_SETTINGS and (
            sources.get(name) not in {None, "environment", str(FILE)} or "@" in str(value)
        )
        shown = "(set, not shown)" if is_secret else value
        if field == "imap" and settings.mailbox:
            shown = settings.mailbox.shown
        yield f"{name:<26} {shown!s:<40} {sources.get(name, 'default'):<12} {info.description}"


def _findings(settings: Settings) -> Iterator[Finding]:
    yield attempt("policy pack", lambda: _pack(settings.pack))
    yield from database_findings(settings)
    yield attempt("secret", lambda: _secret(settings))
    yield attempt("models", lambda: _models(settings))
    yield attempt("letters", lambda: _letters(settings))
    yield attempt(
        "smtp port", lambda: _port(settings.smtp_host, settings.smtp_port, "UKETSUKE_SMTP_PORT", greets_as_ours)
    )
    yield attempt("smtp tls", lambda: _tls(settings))
    yield attempt("lmtp", lambda: _lmtp(settings))
    yield attempt("desk port", lambda: _port(settings.desk_host, settings.desk_port, "UKETSUKE_DESK_PORT", is_our_desk))
    yield from _watch_ports(settings)
    yield attempt("ports", lambda: _apart(settings))
    yield attempt("smarthost", lambda: _smarthost(settings))
    yield _dkim(settings)
    yield from _open_key_file(settings)
    yield from _open_secret_files(settings)
    yield attempt("mailbox", lambda: _mailbox(settings))
    yield _sender_check(settings)
    yield attempt("sign-in", lambda: _sign_in(settings))


def _pack(name: str) -> str:
    from policy.load import load_pack

    pack = load_pack(name)
    return f"{pack.id} {pack.version}, {len(pack.products)} products, {len(pack.letters)} letter files, languages {', '.join(pack.languages)}"


def _secret(settings: Settings) -> str:
    """The file; one that we made now would be in the way of a backup's, or of the first machine's."""
    from runtime.secret import load_secret

    path = settings.secret_path
    if path.exists():
        load_secret(path)
        return str(path)
    folder = next(one for one in path.absolute().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(f"UKETSUKE_SECRET_FILE: {path}: cannot be made there; name a file in a folder of this user")
    return f"{path}: not there yet, the first start makes one; a further machine needs the first one's"


def _letters(settings: Settings) -> str:
    """From which confidence on letters of each kind go by themselves."""
    from policy.load import load_pack
    from runtime.wiring import NEVER, with_thresholds

    pack = with_thresholds(load_pack(settings.pack))
    told = []
    for kind, policy in pack.letter_policies.items():
        threshold = max(policy.hold, pack.thresholds.hold)
        far = "never by itself" if policy.hold == NEVER else f"from {threshold:.2f}"
        told.append(f"{kind.value} {far}" if policy.mode.value == "auto" else f"{kind.value} {policy.mode.value}")
    return ", ".join(told) or f"all from {pack.thresholds.hold:.2f}"


def _models(settings: Settings) -> str:
    from classify.scorer import NoModels
    from runtime.wiring import build_rules

    with TemporaryDirectory() as folder:
        # Without a secret the rules would make one.
        borrowed = settings.secret_path if settings.secret_path.exists() else Path(folder) / "secret.key"
        rules = build_rules(settings.model_copy(update={"secret_file": borrowed}))
    if isinstance(rules.scorer, NoModels):
        return "none for this pack (its key `models`): the rules read alone, and letters that want a precision wait"
    return "loaded"


def _port(host: str, port: int, setting: str, is_ours: Callable[[str, int], bool]) -> str:
    from runtime.ports import reached_at, require_free

    try:
        require_free(host, port, setting)
    except ConfigError:
        if is_ours(reached_at(host), port):
            return f"{host}:{port} is in use by uketsuke"
        raise
    return f"{host}:{port} is free"


def _watch_ports(settings: Settings) -> Iterator[Finding]:
    """Where the roles of `serve` would be watched."""
    if not settings.watch_port:
        yield Finding(what="watch port", detail="none set: no metrics; set UKETSUKE_WATCH_PORT to watch the roles")
        return
    yield attempt("watch port", lambda: _all_watched(settings))


def _all_watched(settings: Settings) -> str:
    """Every port that `serve` would take to watch its roles by, one for each."""
    from runtime.ports import listeners_of

    found = [one for one in listeners_of(settings) if one[2] == "UKETSUKE_WATCH_PORT"]
    ours = sum(_port(*one, is_watched).endswith(" is in use by uketsuke") for one in found)
    first, last = found[0][1], found[-1][1]
    used = f"{ours} of {len(found)} in use by uketsuke" if ours else "all free"
    return f"{settings.watch_host}:{first} to {last}, one for each role of `serve`: {used}"


def _apart(settings: Settings) -> str:
    """No listener of ours is on the port of another."""
    from runtime.ports import listeners_of, require_apart

    require_apart(listeners_of(settings))
    return "each listener has one of its own"


def _tls(settings: Settings) -> str:
    """Shakes hands with itself in memory, so that certificate, chain and key are tried as a client would."""
    import ssl
    from datetime import UTC, datetime

    from runtime.door import certificate_end, tls_of

    current = tls_of(settings)
    if current is None or settings.smtp_tls_cert is None:
        return "no certificate set: STARTTLS is not offered"
    try:
        end = certificate_end(current(), settings.smtp_tls_cert)
    except ssl.SSLError as error:
        raise ConfigError(f"UKETSUKE_SMTP_TLS_CERT: {settings.smtp_tls_cert}: {error.reason}; renew it") from None
    left = (end - datetime.now(UTC)).days
    if left < _RENEW_DAYS:
        raise ConfigError(f"UKETSUKE_SMTP_TLS_CERT: {settings.smtp_tls_cert}: ends in {left} days; renew it")
    demanded = "demanded" if settings.smtp_require_tls else "offered"
    return f"STARTTLS is {demanded}; the certificate is good until {end:%Y-%m-%d}"


def _lmtp(settings: Settings) -> str:
    from ingest.local_socket import is_answered
    from runtime.door import lmtp_of

    where = lmtp_of(settings.lmtp)
    if where is None:
        return "none set"
    if isinstance(where, tuple):
        return _port(where[0], where[1], "UKETSUKE_LMTP", greets_as_ours)
    if is_answered(where):
        return f"{where} is answered"
    if where.exists() and not where.is_socket():
        raise ConfigError(f"UKETSUKE_LMTP: {where}: is there and no socket; name another file or move it away")
    if not os.access(where.parent, os.W_OK):
        raise ConfigError(f"UKETSUKE_LMTP: {where}: this user may not write to its folder; name another")
    return f"{where} is free"


def greets_as_ours(host: str, port: int) -> bool:
    """Does a listener of uketsuke greet there?"""
    import smtplib

    try:
        with smtplib.SMTP(timeout=_ANSWER_S) as client:
            return client.connect(host, port)[1].startswith(b"uketsuke ")
    except (OSError, smtplib.SMTPException):
        return False


def is_our_desk(host: str, port: int) -> bool:
    """Does a desk of uketsuke answer there?"""
    return _answers_as_ours(host, port, "/healthz")


def is_watched(host: str, port: int) -> bool:
    """Does a role of uketsuke say there how it is?"""
    return _answers_as_ours(host, port, "/livez")


def _answers_as_ours(host: str, port: int, path: str) -> bool:
    import http.client

    desk = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        desk.request("GET", path)
        return (desk.getresponse().getheader("Server") or "").startswith("uketsuke")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        desk.close()


def _smarthost(settings: Settings) -> str:
    """Logs in as for a letter, and leaves."""
    import asyncio

    from models.errors import DeliveryDeferred, Unreachable
    from responders.deliver import parse_smarthost, try_session

    if not settings.smarthost:
        return "none set: letters stay in the outbox view"
    smarthost = parse_smarthost(settings.smarthost)
    try:
        asyncio.run(asyncio.wait_for(try_session(smarthost), _LOGIN_S))
    except DeliveryDeferred as error:
        raise Unreachable(f"{error}; mend UKETSUKE_SMARTHOST or start it") from None
    except TimeoutError:
        where = f"{smarthost.host}:{smarthost.port}"
        raise Unreachable(f"{where}: no answer within {_LOGIN_S:.0f} s; mend UKETSUKE_SMARTHOST or start it") from None
    how = "logged in" if smarthost.user else "answers"
    return f"{smarthost.host}:{smarthost.port} {how}"


def _dkim(settings: Settings) -> Finding:
    """Compares the key with the DNS where that answers; the record is printed in any case."""
    from ingest.resolver import DnsTrouble
    from runtime.wiring import dkim_key, dns_resolver

    try:
        key = dkim_key(settings)
    except ConfigError as error:
        return Finding(what="dkim", detail=str(error), code=2)
    if key is None:
        unsigned = "letters are not signed; set UKETSUKE_DKIM_KEY_FILE, unless your smarthost signs them"
        return Finding(what="dkim", detail=unsigned)
    record = f"TXT {key.record_name} = {key.record}"
    advice = "" if key.bits >= _ADVISED_BITS else f"; {_ADVISED_BITS} are advised"
    signed = f"letters are signed (RSA, {key.bits} bits{advice})"
    try:
        found = [one for one in dns_resolver().ask(key.record_name, "TXT", _ANSWER_S) if isinstance(one, bytes)]
    except DnsTrouble as error:
        return Finding(what="dkim", detail=f"{signed}; DNS does not answer ({error}), so look for {record}")
    if any(key.is_in(text) for text in found):
        return Finding(what="dkim", detail=f"{signed}; the DNS has {record}")
    trouble = "another key there, no letter would verify" if any(b"p=" in text for text in found) else "no such key"
    return Finding(what="dkim", detail=f"the DNS has {trouble}; publish {record}", code=1)


def _open_key_file(settings: Settings) -> Iterator[Finding]:
    file = settings.dkim_key_file
    if file is not None and file.is_file() and file.stat().st_mode & 0o077:
        detail = f"{file} may be read by others than its owner; chmod 600 {file}"
        yield Finding(what="dkim key file", detail=detail, is_warning=True)


def _open_secret_files(settings: Settings) -> Iterator[Finding]:
    """Files that hold a secret, and that everybody on this machine may read."""
    _, sources = gather(os.environ, FILE)
    named = [
        (f"{PREFIX}{field.upper()}_FILE", Path(sources[PREFIX + field.upper()]))
        for field in sorted(SECRET_SETTINGS)
        if sources.get(PREFIX + field.upper()) not in {None, "environment", str(FILE)}
    ]
    named += [
        ("UKETSUKE_SECRET_FILE", settings.secret_path),
        *(("UKETSUKE_IMAP_PASSWORD_FILE", one) for one in (settings.imap_password_file,) if one),
        *(("UKETSUKE_OIDC_CLIENT_SECRET_FILE", one) for one in (settings.oidc_client_secret_file,) if one),
        *(("UKETSUKE_SMTP_TLS_KEY", one) for one in (settings.smtp_tls_key,) if one),
    ]
    for name, file in named:
        if file.parent != _MOUNTED_SECRETS and file.is_file() and file.stat().st_mode & 0o007:
            detail = f"{name}: {file} may be read by everybody on this machine; chmod o-rwx {file}"
            yield Finding(what="secret file", detail=detail, is_warning=True)


def _mailbox(settings: Settings) -> str:
    """Logs in and looks, without changing anything there."""
    from imaplib import IMAP4

    if not settings.imap:
        return "none set: mail comes by SMTP and import only"
    from models.db.store import Store
    from runtime.imap_connection import connected, mailbox_of, reason_of

    mailbox = mailbox_of(settings)
    with connected(mailbox, settings) as client:
        try:
            there = client.select_folder(mailbox.folder, readonly=True)[b"EXISTS"]
        except IMAP4.error as error:
            raise MailboxError(f"{mailbox.shown}: {reason_of(error)}") from None
    store = Store(settings.url)
    left = store.left_mails(mailbox.shown[:512])
    store.close()
    why = f", {len(left)} of them could not be taken, e.g. UID {left[0].uid}: {left[0].error}" if left else ""
    return f"{mailbox.shown}: logged in, {there} mails there{why}"


def _sign_in(settings: Settings) -> str:
    """Asks the provider what it is, as the desk does before it sends anybody there."""
    from runtime.clock import utc_now
    from runtime.first_start import desk_address
    from runtime.provider import provider_of

    wanted = provider_of(settings)
    passwords = "by password" if settings.passwords == "on" else "passwords are off"
    if wanted is None:
        return passwords
    from desk.oidc import CALLBACK
    from desk.oidc_client import Provider

    try:
        Provider(wanted, utc_now).metadata()
    except ProviderError as error:
        raise ProviderError(f"{wanted.issuer} does not answer as a provider should: {error}") from None
    return f"{passwords}, and by {wanted.issuer}, which answers; register there {desk_address(settings)}{CALLBACK}"


def _sender_check(settings: Settings) -> Finding:
    if settings.trust_check == "dns":
        return _dns()
    words = "quote" if settings.are_senders_trusted else "quote none of"
    said = {
        "none": f"none: every sender counts as unchecked, letters {words} their words",
        "header": f"header: by the Authentication-Results of {settings.authserv_id}",
    }
    return Finding(what="sender check", detail=said[settings.trust_check])


def _dns() -> Finding:
    """Asks who serves the root zone: every resolver knows, and nobody learns anything from it."""
    from ingest.resolver import DnsTrouble
    from runtime.wiring import dns_resolver

    try:
        found = dns_resolver().ask(".", "NS", _ANSWER_S)
        why = "" if found else "it knows no root servers"
    except DnsTrouble as error:
        why = str(error)
    if why:
        mend = "mend the name servers of this machine, or set UKETSUKE_SENDER_CHECK=none"
        detail = f"dns: DNS does not answer ({why}), every sender stays unchecked; {mend}"
        return Finding(what="sender check", detail=detail, code=1)
    return Finding(what="sender check", detail="dns: by SPF, DKIM and DMARC; DNS answers")
