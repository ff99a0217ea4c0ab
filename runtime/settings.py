"""Settings: environment variables, or the same names in `uketsuke.toml`; the environment wins.

The only module that reads the environment. A wrong value raises `ConfigError` with one line: what is wrong, where it
came from, how to mend it. `docs/settings.md` names every setting; a house test holds it to that. What may hold a
password may lie in a file of its own, which NAME_FILE names (systemd's credentials, Docker's secrets).
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from ingest.mailbox import Action, After, Mailbox, parse_after, parse_mailbox
from ingest.received import PRIVATE, parse_networks
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    from ingest.received import Network

PREFIX = "UKETSUKE_"
FILE = Path("uketsuke.toml")
_LOOPBACK = re.compile(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost", re.IGNORECASE)

_SELECTOR = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_LONGEST_SELECTOR = 100  # the DNS name of the key has room for the domain

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


_PERIODS = ("day", "week", "month")

# Settings that may hold a password: for each there is a NAME_FILE too, the file that holds its value.
SECRET_SETTINGS = frozenset({"database_url", "smarthost", "imap"})
_SUFFIX = "_FILE"
_MOST_SHOWN = 40  # characters of a wrong value
_OUT_OF_RANGE = frozenset({"greater_than", "greater_than_equal", "less_than_equal", "int_parsing_size"})
_MOST_BYTES_OF_SECRET = 65_536  # a file that is larger is none that holds one line


class Settings(BaseModel):
    """Every setting, typed and checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data_dir: Path = Field(Path("var"), description="folder of the SQLite file and the secret")
    database_url: str = Field(
        "", description="empty: SQLite in the data folder; or postgresql+psycopg://user@host/name"
    )
    smtp_host: str = Field("127.0.0.1", description="where the SMTP listener binds")
    smtp_port: int = Field(8025, ge=0, le=65535, description="port of the SMTP listener")
    smtp_max_bytes: int = Field(33_554_432, ge=65_536, description="largest mail accepted, in bytes")
    smtp_tls_cert: Path | None = Field(None, description="certificate chain (PEM) for STARTTLS; with smtp_tls_key")
    smtp_tls_key: Path | None = Field(None, description="private key (PEM) of the certificate")
    smtp_require_tls: bool = Field(default=False, description="take mail only after STARTTLS")
    smtp_sessions: int = Field(200, ge=0, description="SMTP sessions at once, of all peers; 0: no limit")
    smtp_peer_sessions: int = Field(20, ge=0, description="SMTP sessions at once of one peer; 0: no limit")
    smtp_peer_mails: int = Field(120, ge=0, description="mails a minute of one peer; 0: no limit")
    smtp_unlimited_peers: str = Field(
        "", description="networks of your own mail servers, which the limits per peer leave alone; this machine always"
    )
    smtp_idle_s: float = Field(300.0, gt=0, description="seconds from one SMTP command to the next")
    smtp_data_idle_s: float = Field(180.0, gt=0, description="seconds from one piece of a mail to the next")
    smtp_data_total_s: float = Field(1800.0, gt=0, description="seconds for the whole of one mail")
    lmtp: str = Field("", description="a local inlet by LMTP besides: host:port or unix:/path; empty: none")
    desk_host: str = Field("127.0.0.1", description="where the desk's web pages bind")
    desk_port: int = Field(8080, ge=0, le=65535, description="port of the desk's web pages")
    desk_secure: bool = Field(default=False, description="mark cookies Secure: set it behind an HTTPS proxy")
    desk_url: str = Field(
        "", description="the desk's address as people type it, for links in mails; empty: http://desk_host:desk_port"
    )
    addresses: str = Field("support@uketsuke.example", description="the desk's own addresses, comma separated")
    smarthost: str = Field(
        "", description="host:port or smtp[s]://user:password@host:port; empty: letters stay in the outbox"
    )
    bounces: Literal["signed", "null"] = Field(
        "signed",
        description="envelope sender of letters: signed, an address that proves which letter came back; null, none (<>)",
    )
    dkim_key_file: Path | None = Field(
        None, description="private RSA key (PEM) that letters are signed with by DKIM; with dkim_selector"
    )
    dkim_selector: str = Field(
        "", validate_default=True, description="name of that key in the DNS: SELECTOR._domainkey.your-domain"
    )
    imap: str = Field(
        "", description="a mailbox to read: imap[s]://user@host:port/Folder; empty: mail comes by SMTP and import only"
    )
    imap_password_file: Path | None = Field(None, description="file that holds the mailbox's password and nothing else")
    imap_ca_file: Path | None = Field(
        None, description="certificates (PEM) that the mailbox's server is checked by; default: this machine's"
    )
    imap_every: int = Field(60, ge=1, le=1200, description="seconds between two looks into the mailbox")
    imap_after: str = Field(
        "keep", description="what becomes of a mail in the mailbox once it is stored: keep, seen, move:FOLDER or delete"
    )
    imap_since: str = Field("", description="only mails that reached the mailbox on that day or later, as 2026-11-25")
    secret_file: Path | None = Field(None, description="key of the signed ids; made in the data folder when absent")
    pack: str = Field("alibabacloud_jp", description="policy pack: a built-in name or a folder")
    mode: Literal["auto", "approve", "shadow"] = Field(
        "auto", description="send letters, hold them for an agent, or only show them"
    )
    sender_check: Literal["", "none", "header", "dns"] = Field(
        "", description="how the sender's trust is established; empty: none on a loopback listener, else dns"
    )
    authserv_id: str = Field(
        "",
        validate_default=True,
        description="with sender_check=header: the name your mail server writes first in Authentication-Results",
    )
    trusted_relays: str = Field(
        PRIVATE,
        description="with sender_check=dns: networks of your own mail servers in front, comma separated; private: this machine and all private ranges",
    )
    trust_senders: Literal["", "on", "off"] = Field(
        "",
        description="on: letters may quote the words of senders whom nobody checked; empty: only on a loopback listener without smarthost",
    )
    hand_over: Literal["off", "ready", "all"] = Field(
        "off",
        description="which tickets go by mail to another help desk: ready, once complete enough; all, when they come",
    )
    hand_over_to: str = Field(
        "", validate_default=True, description="address of that help desk; none of the desk's own addresses"
    )
    notice_minutes: int = Field(
        10,
        ge=0,
        le=1440,
        description="least minutes between two notices by mail to one agent; what comes between is bundled",
    )
    report_hour: int = Field(
        8, ge=0, le=23, description="hour of the desk's day at which reports on the period before are made"
    )
    report_to: str = Field(
        "",
        description="addresses that get reports and alarms by mail besides leads who ask for them, comma separated",
    )
    report_periods: str = Field(
        "week,month", description="which reports those addresses get: day, week, month, comma separated"
    )
    reply_limits: Literal["on", "off"] = Field("on", description="off lifts the rate limits, for load trials")
    oidc_issuer: str = Field("", description="OpenID provider that people sign in by, as it calls itself; empty: none")
    oidc_client_id: str = Field("", validate_default=True, description="what the provider calls this desk")
    oidc_client_secret_file: Path | None = Field(None, description="file that holds the desk's secret at the provider")
    oidc_name: str = Field("", description="what the button to the provider calls it; empty: OpenID")
    oidc_role_claim: str = Field(
        "", description="claim that names the roles agent, lead, admin; empty: roles are set here"
    )
    oidc_creates: Literal["", "agent", "lead"] = Field(
        "", description="what people whom nobody has invited become when the provider knows them; empty: nothing"
    )
    passwords: Literal["on", "off"] = Field(
        "on", validate_default=True, description="off: people sign in by the provider alone"
    )
    database_connections: int = Field(
        5,
        ge=2,
        le=100,
        description="most connections to PostgreSQL in the pool of one process, which has up to 3 more besides",
    )
    retention_days: int = Field(
        0, ge=0, le=36_500, description="days after its last change that a closed ticket is kept; 0: for ever"
    )
    watch_host: str = Field("127.0.0.1", description="where a role's metrics and health bind")
    watch_port: int = Field(
        0,
        ge=0,
        le=65_000,
        description="port of a role's metrics and health; 0: none; `serve` counts up from it, a port for each role",
    )
    workers: int = Field(1, ge=1, le=64, description="worker processes that `serve` starts")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severe event that is logged"
    )

    @field_validator("addresses")
    @classmethod
    def _has_addresses(cls, value: str) -> str:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not parts or any(part.count("@") != 1 for part in parts):
            msg = "needs at least one address like support@example.com"
            raise ValueError(msg)
        return ",".join(parts)

    @field_validator("desk_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        url = value.strip().rstrip("/")
        if url and re.fullmatch(r"https?://[!-~]+", url) is None:
            msg = "is no web address; write it as https://desk.example.com"
            raise ValueError(msg)
        return url

    @field_validator("hand_over_to")
    @classmethod
    def _is_elsewhere(cls, value: str, info: ValidationInfo) -> str:
        address = value.strip()
        if not address and info.data.get("hand_over", "off") != "off":
            msg = "UKETSUKE_HAND_OVER needs it, e.g. helpdesk@example.com; set it, or set UKETSUKE_HAND_OVER=off"
            raise ValueError(msg)
        if not address:
            return ""
        if _ADDRESS.fullmatch(address) is None:
            msg = "is one address like helpdesk@example.com"
            raise ValueError(msg)
        own = {_mailbox(one) for one in info.data.get("addresses", "").split(",")}
        if url := info.data.get("imap"):
            own.add(_mailbox(parse_mailbox(url).user))
        if _mailbox(address) in own:
            msg = "is the desk's own address: each ticket handed over would come back as a new one; name another"
            raise ValueError(msg)
        return address

    @field_validator("report_to")
    @classmethod
    def _are_readers(cls, value: str, info: ValidationInfo) -> str:
        found = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        own = {_mailbox(one) for one in info.data.get("addresses", "").split(",")}
        for address in found:
            if _ADDRESS.fullmatch(address) is None:
                raise ValueError(f"{address} is no address; write addresses like lead@example.com, comma separated")
            if _mailbox(address) in own:
                raise ValueError(f"{address} is the desk's own address: each report would open a ticket; name another")
        return ",".join(found)

    @field_validator("report_periods")
    @classmethod
    def _are_periods(cls, value: str) -> str:
        found = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        for name in found:
            if name not in _PERIODS:
                raise ValueError(f"{name} is no period; write day, week, month or some of them, comma separated")
        return ",".join(found)

    @field_validator("authserv_id")
    @classmethod
    def _has_authserv_id(cls, value: str, info: ValidationInfo) -> str:
        name = value.strip()
        if info.data.get("sender_check") == "header" and not name:
            msg = (
                "UKETSUKE_SENDER_CHECK=header needs it, e.g. mx.example.com; set it, or set UKETSUKE_SENDER_CHECK=none"
            )
            raise ValueError(msg)
        if any(char in name for char in ' ;\t"()'):
            msg = "is one name without blanks, like mx.example.com"
            raise ValueError(msg)
        return name

    @field_validator("dkim_selector")
    @classmethod
    def _is_selector(cls, value: str, info: ValidationInfo) -> str:
        name = value.strip()
        if "dkim_key_file" in info.data and (info.data["dkim_key_file"] is None) != (not name):
            msg = (
                "names a key that is not there; set UKETSUKE_DKIM_KEY_FILE too, or neither"
                if name
                else "UKETSUKE_DKIM_KEY_FILE needs it, e.g. desk2026; set it, or remove UKETSUKE_DKIM_KEY_FILE"
            )
            raise ValueError(msg)
        if name and (_SELECTOR.fullmatch(name) is None or len(name) > _LONGEST_SELECTOR):
            msg = "is no such name; write letters, digits and hyphens, like desk2026"
            raise ValueError(msg)
        return name

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        issuer = value.strip()
        is_local = re.fullmatch(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/[!-~]*)?", issuer)
        if issuer and not is_local and re.fullmatch(r"https://[!-~]+", issuer) is None:
            msg = "is the provider's https:// address, as it stands in its discovery document"
            raise ValueError(msg)
        return issuer

    @field_validator("oidc_client_id")
    @classmethod
    def _has_client(cls, value: str, info: ValidationInfo) -> str:
        name = value.strip()
        if info.data.get("oidc_issuer") and not name:
            msg = "UKETSUKE_OIDC_ISSUER needs it; set it as the provider calls this desk, or remove the issuer"
            raise ValueError(msg)
        if name and not info.data.get("oidc_issuer"):
            msg = "names a client, but UKETSUKE_OIDC_ISSUER is not set; set both or neither"
            raise ValueError(msg)
        return name

    @field_validator("passwords")
    @classmethod
    def _has_a_way_in(cls, value: str, info: ValidationInfo) -> str:
        if value == "off" and not info.data.get("oidc_issuer"):
            msg = "off would let nobody in; set UKETSUKE_OIDC_ISSUER first"
            raise ValueError(msg)
        return value

    @field_validator("trusted_relays", "smtp_unlimited_peers")
    @classmethod
    def _has_networks(cls, value: str) -> str:
        parse_networks(value)
        return value.strip()

    @field_validator("imap")
    @classmethod
    def _is_mailbox(cls, value: str) -> str:
        if value.strip():
            parse_mailbox(value)
        return value.strip()

    @field_validator("imap_after")
    @classmethod
    def _is_after(cls, value: str, info: ValidationInfo) -> str:
        after, url = parse_after(value), info.data.get("imap")
        if after.action is Action.MOVE and url and after.folder.casefold() == parse_mailbox(url).folder.casefold():
            msg = "moves mails to the folder that they are read from; name another one"
            raise ValueError(msg)
        return value.strip()

    @field_validator("imap_since")
    @classmethod
    def _is_day(cls, value: str) -> str:
        try:
            return date.fromisoformat(value.strip()).isoformat() if value.strip() else ""
        except ValueError:
            raise ValueError("is no day; write it as 2026-11-25") from None

    @property
    def mailbox(self) -> Mailbox | None:
        """The mailbox to read; its password only where the URL holds it."""
        return parse_mailbox(self.imap) if self.imap else None

    @property
    def mailbox_after(self) -> After:
        """What becomes of a mail in the mailbox."""
        return parse_after(self.imap_after)

    @property
    def mailbox_since(self) -> date | None:
        """The first day of the mails that are read."""
        return date.fromisoformat(self.imap_since) if self.imap_since else None

    @property
    def desk_addresses(self) -> tuple[str, ...]:
        """The desk's addresses; the first one signs the letters."""
        return tuple(self.addresses.split(","))

    @property
    def report_readers(self) -> tuple[str, ...]:
        """Who gets reports besides leads who ask for them."""
        return tuple(filter(None, self.report_to.split(",")))

    @property
    def reported_periods(self) -> frozenset[str]:
        """Which of them."""
        return frozenset(filter(None, self.report_periods.split(",")))

    @property
    def desk_link(self) -> str:
        """Where people find the desk; links in mails begin with it."""
        host = f"[{self.desk_host}]" if ":" in self.desk_host else self.desk_host
        return self.desk_url or f"http://{host}:{self.desk_port}"

    @property
    def url(self) -> str:
        """The database to use: the setting, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'uketsuke.sqlite3').absolute()}"

    @property
    def secret_path(self) -> Path:
        """Where the key of the signed ids lies."""
        return self.secret_file or self.data_dir / "secret.key"

    @property
    def is_loopback(self) -> bool:
        """The listener hears this machine only."""
        return _LOOPBACK.fullmatch(self.smtp_host) is not None

    @property
    def trust_check(self) -> str:
        """How senders are checked, the default resolved."""
        return self.sender_check or ("none" if self.is_loopback else "dns")

    @property
    def relay_networks(self) -> tuple[Network, ...]:
        """Where the desk's own mail servers stand."""
        return parse_networks(self.trusted_relays)

    @property
    def unlimited_peers(self) -> tuple[Network, ...]:
        """Networks that the limits per peer leave alone."""
        return parse_networks(self.smtp_unlimited_peers)

    @property
    def are_senders_trusted(self) -> bool:
        """May letters quote whom nobody checked? By default only where no letter can reach a stranger."""
        return self.trust_senders == "on" or (not self.trust_senders and self.is_loopback and not self.smarthost)


def load_settings(environ: Mapping[str, str] | None = None, file: Path = FILE) -> Settings:
    """The settings in force.

    Args:
        environ: The environment; the process's own when absent.
        file: A TOML file of the same names; a missing one is no error.

    Raises:
        ConfigError: A name is unknown or a value wrong; the message names source and mend.
    """
    values, sources = gather(os.environ if environ is None else environ, file)
    try:
        return Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in values.items()})
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX
        raise ConfigError(_mend(name, sources.get(name, "default"), first)) from None


def gather(environ: Mapping[str, str], file: Path) -> tuple[dict[str, object], dict[str, str]]:
    """Raw values by setting name, and where each came from: `environment`, the file's name, or the file that NAME_FILE names.

    A path that is set to nothing counts as not set: as a path it would be the folder that a role was started in.

    Raises:
        ConfigError: A name is unknown, is set both as a value and as a file, or its file cannot be used.
    """
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
    for source, layer in ((str(file), _read_file(file)), ("environment", given)):
        for name, value in layer.items():
            held = _held_by(name)
            if _is_empty_path(name, value):
                continue
            if held is None:
                values[name], sources[name] = value, source
            elif held in layer:
                raise ConfigError(f"{held} and {name} ({source}): both are set; remove one of them")
            else:
                values[held], sources[held] = _read_secret(name, source, value), str(value)
    for name in values:
        if name not in known:
            raise ConfigError(
                f"{name} ({sources[name]}): no such setting; remove it or see `uketsuke check` for all names"
            )
    return values, sources


def _held_by(name: str) -> str | None:
    """The setting whose value lies in the file that `name` names; None where `name` is a setting itself."""
    held = name.removesuffix(_SUFFIX)
    is_file = name.endswith(_SUFFIX) and held.removeprefix(PREFIX).lower() in SECRET_SETTINGS
    return held if is_file else None


def _is_empty_path(name: str, value: object) -> bool:
    """Is it the name of a file or folder, and that name empty?"""
    field = Settings.model_fields.get(name.removeprefix(PREFIX).lower())
    is_path = field is not None and field.annotation in {Path, Path | None}
    return is_path and isinstance(value, str) and not value.strip()


def _read_secret(name: str, source: str, value: object) -> str:
    """What the file holds, without one line break at its end. The message never quotes it."""
    where = f"{name} ({source})"
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where}: names no file; write the path of the file that holds the value, or remove it")
    path = Path(value.strip())
    try:
        with path.open("rb") as file:  # whose size says nothing if it is a device or a pipe
            content = file.read(_MOST_BYTES_OF_SECRET + 1)
        if len(content) > _MOST_BYTES_OF_SECRET:
            raise ConfigError(f"{where}: {path}: is too large for one value; name the file that holds it alone")
        text = content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"{where}: {path}: {error.strerror}; name a file that this user may read") from None
    except ValueError:  # no UTF-8, or a NUL in the path
        raise ConfigError(f"{where}: {path}: is no text in UTF-8; write the value into it and nothing else") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise ConfigError(f"{where}: {path}: is empty; write the value into it, or remove the setting")
    if "\n" in text or "\r" in text or "\0" in text:
        raise ConfigError(f"{where}: {path}: holds more than one line; leave the value alone in it")
    return text


def envelope_of_mta(environ: Mapping[str, str] | None = None) -> tuple[str | None, tuple[str, ...]]:
    """Sender and recipients that an MTA tells the command that it pipes a mail to; None and () where it tells none.

    Postfix's local(8), Exim and qmail set SENDER (empty: the null sender) and RECIPIENT, Postfix also the address from
    before its aliases.
    """
    environ = os.environ if environ is None else environ
    recipients = (environ.get(name, "").strip() for name in ("RECIPIENT", "ORIGINAL_RECIPIENT"))
    return environ.get("SENDER"), tuple(dict.fromkeys(filter(None, recipients)))


def _mailbox(address: str) -> str:
    """An address without case and plus part: all spellings of one mailbox."""
    local, _, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _read_file(file: Path) -> dict[str, object]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not readable as TOML: {error}; mend that line or remove the file") from None


def _mend(name: str, source: str, wrong: ErrorDetails) -> str:
    """What is wrong with which value, and what to write, in one line."""
    field = Settings.model_fields[name.removeprefix(PREFIX).lower()]
    about = f" ({field.description})" if field.description else ""
    if wrong["type"] == "value_error":  # a check of our own
        return f"{name} ({source}): {wrong['msg'].removeprefix('Value error, ')}{about}"
    annotation = field.annotation
    if annotation is bool:
        what, write = "neither true nor false", "write one of the two"
    elif annotation is int:
        what, write = "no whole number", f"write one {_range(field.metadata)}"
    elif annotation is float:
        what, write = "no number", f"write one {_range(field.metadata)}"
    elif get_origin(annotation) is Literal:
        choices = get_args(annotation)
        what = f"none of {', '.join(filter(None, choices))}"
        write = "write one of these" + (", or leave it empty" if "" in choices else "")
    else:
        what, write = "no text", "write it in quotes"
    if wrong["type"] in _OUT_OF_RANGE:
        what = "out of range"
    return f"{name} ({source}): {_shown(name, wrong['input'])} is {what}; {write}{about}"


def _range(bounds: Iterable[object]) -> str:
    """The bounds of a number in words."""
    found = {kind: getattr(one, kind) for one in bounds for kind in ("ge", "gt", "le") if hasattr(one, kind)}
    if "ge" in found and "le" in found:
        return f"from {found['ge']} to {found['le']}"
    return f"above {found['gt']:g}" if "gt" in found else f"of {found['ge']} or more"


def _shown(name: str, value: object) -> str:
    """A wrong value as one short piece of a line; never one that may hold a password."""
    if name.removeprefix(PREFIX).lower() in SECRET_SETTINGS:
        return "what is set"
    if isinstance(value, bool | dict | list):  # only a TOML file can say these
        return {bool: "true or false", dict: "a table", list: "a list"}[type(value)]
    text = " ".join("".join(one if one.isprintable() else " " for one in str(value)).split())
    if not text:
        return "an empty value"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
