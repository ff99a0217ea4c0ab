"""The only place that builds the long-lived objects out of settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.decision import UNLIMITED
from models.errors import ConfigError
from policy.load import load_pack
from runtime.clock import follow, utc_now
from runtime.secret import load_secret

if TYPE_CHECKING:
    from ingest.resolver import Resolver
    from ingest.sender_check import SenderCheck
    from models.db.store import Store
    from policy.pack import Pack
    from responders.dkim_sign import DkimKey
    from responders.identity import SenderIdentity
    from runtime.settings import Settings
    from runtime.triage import Rules


def open_store(settings: Settings) -> Store:
    """The store, its database created and migrated. Safe to call from several roles at once.

    From here on the process goes by the database's clock, if that is a server: who runs is told by it, and a machine whose own
    is wrong must not take the others for gone.
    """
    from models.db.migrate import upgrade  # noqa: PLC0415 - commands that touch no database stay light
    from models.db.store import Store  # noqa: PLC0415

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(settings.url, connections=settings.database_connections)
    try:
        follow(store.shared_time())
        upgrade(settings.url, utc_now())
    except BaseException:
        store.close()
        raise
    return store


def require_secret(store: Store, settings: Settings, *, is_new: bool = False) -> None:
    """This machine signs with the secret that the database's letters were signed with; the first one is noted.

    Args:
        store: The database.
        settings: Where the secret lies.
        is_new: The old one is lost: from now on this one counts.

    Raises:
        ConfigError: It has another, or would make one.
    """
    path, known = settings.secret_path, store.secret_mark()
    mend = (
        "copy the file from a machine that runs, or from the backup; if it is lost for good, `uketsuke prepare --new-secret`:"
        " then addresses of letters sent before are not known any more"
    )
    if known and not is_new and not path.exists():
        raise ConfigError(f"UKETSUKE_SECRET_FILE: {path}: is not there, but this database's letters are signed: {mend}")
    mark = instance_of(load_secret(path))
    if mark != known and store.claim_secret_mark(mark, anew=is_new) != mark:
        raise ConfigError(
            f"UKETSUKE_SECRET_FILE: {path}: is not the one that this database's letters are signed with: {mend}"
        )


def sender_identity(settings: Settings) -> SenderIdentity:
    """Who signs the letters."""
    from responders.identity import SenderIdentity  # noqa: PLC0415

    address = settings.desk_addresses[0]
    secret = load_secret(settings.secret_path)
    return SenderIdentity(
        address=address,
        domain=address.rpartition("@")[2],
        secret=secret,
        instance=instance_of(secret),
        is_trusted=settings.are_senders_trusted,
        has_null_sender=settings.bounces == "null",
        authserv_id=settings.authserv_id if settings.trust_check == "header" else "",
    )


def dkim_key(settings: Settings) -> DkimKey | None:
    """What letters are signed with, in the name of the domain that they come from; None where they are not signed.

    For whoever hands letters over, and for `check`: no other role reads the key.

    Raises:
        ConfigError: The key cannot be read or used.
    """
    from ingest.dmarc import ascii_domain  # noqa: PLC0415 - only delivery signs
    from responders.dkim_sign import parse_key  # noqa: PLC0415

    file = settings.dkim_key_file
    if file is None:
        return None
    domain = ascii_domain(settings.desk_addresses[0].rpartition("@")[2])
    if not domain:
        raise ConfigError(
            f"UKETSUKE_ADDRESSES: {settings.desk_addresses[0]} has no domain of the DNS, so letters cannot be signed;"
            " mend it, or remove UKETSUKE_DKIM_KEY_FILE"
        )
    try:
        return parse_key(file.read_bytes(), domain=domain, selector=settings.dkim_selector)
    except OSError as error:
        raise ConfigError(f"UKETSUKE_DKIM_KEY_FILE: {file}: {error.strerror}; name a file this user may read") from None
    except ValueError as error:
        raise ConfigError(f"UKETSUKE_DKIM_KEY_FILE: {file}: {error}") from None


def dns_resolver() -> Resolver:
    """The resolver of this machine."""
    from ingest.resolver import SystemResolver  # noqa: PLC0415 - only the DNS check needs the libraries

    return SystemResolver()


def sender_check(settings: Settings) -> SenderCheck | None:
    """How the worker checks senders by itself; None where nobody does, or the mail server in front of us."""
    if settings.trust_check != "dns":
        return None
    from ingest.sender_check import SenderCheck  # noqa: PLC0415 - as above

    return SenderCheck(resolver=dns_resolver(), relays=settings.relay_networks)


def instance_of(secret: bytes) -> str:
    """A public name of this installation, the same on all of its machines; tells nothing of the secret."""
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(b"uketsuke instance:" + secret).hexdigest()[:16]


def build_rules(settings: Settings, pack: Pack | None = None) -> Rules:
    """Pack, models and identity: what a mail is measured by."""
    from dataclasses import replace  # noqa: PLC0415

    from classify.load import load_scorer  # noqa: PLC0415 - the models are the heaviest import of all
    from runtime.triage import Rules  # noqa: PLC0415

    pack = pack or load_pack(settings.pack)
    pack = with_addresses(pack, settings)
    if settings.reply_limits == "off":
        limits = replace(
            pack.limits,
            per_sender_hour=UNLIMITED,
            per_sender_day=UNLIMITED,
            per_domain_hour=UNLIMITED,
            total_10min=UNLIMITED,
            unanswered_per_sender=UNLIMITED,
            unanswered_per_domain=UNLIMITED,
        )
        pack = replace(pack, limits=limits)
    return Rules(
        pack=with_thresholds(pack),
        scorer=load_scorer(models=pack.models),
        identity=sender_identity(settings),
        mode=settings.mode,
    )


def with_addresses(pack: Pack, settings: Settings) -> Pack:
    """The pack with the desk's own addresses, which are no part of its files."""
    from dataclasses import replace  # noqa: PLC0415

    own = frozenset(address.casefold() for address in settings.desk_addresses)
    return replace(pack, desk=replace(pack.desk, addresses=own))


def with_thresholds(pack: Pack) -> Pack:
    """The pack with the threshold of each kind of letter that the measured curve gives for its wanted precision.

    A kind that reaches it nowhere waits for an agent whatever the confidence; one that was never measured (it needs a
    conversation), and all of them where the curves belong to other weights, go by the pack's general threshold. Where the
    models were taught another trade's mails the rules read alone, and nothing was measured of them: a kind that wants a
    precision cannot be promised it, and waits.
    """
    from dataclasses import replace  # noqa: PLC0415

    from classify.artefacts import BUILT_IN, taught_pack  # noqa: PLC0415 - as above
    from classify.precision import FILE, load_curves  # noqa: PLC0415
    from runtime.logs import log_for  # noqa: PLC0415

    if pack.models != taught_pack(BUILT_IN):
        unproven = {
            kind: replace(policy, hold=NEVER if policy.precision else 0.0)
            for kind, policy in pack.letter_policies.items()
        }
        return replace(pack, letter_policies=unproven)
    curves = load_curves(BUILT_IN / FILE)
    if curves.trouble:
        log_for("worker").warning("precision_unknown", note=curves.trouble)
    found = {}
    for kind, policy in pack.letter_policies.items():
        curve = curves.by_kind.get(kind)
        threshold = curve.threshold_for(policy.precision) if curve and policy.precision else 0.0
        found[kind] = replace(policy, hold=NEVER if threshold is None else threshold)
    return replace(pack, letter_policies=found)


NEVER = 2.0  # above every confidence


def own_addresses(settings: Settings) -> frozenset[str]:
    """The desk's addresses, domains folded: mail from them is a loop."""
    return frozenset(
        address.rpartition("@")[0] + "@" + address.rpartition("@")[2].casefold() for address in settings.desk_addresses
    )
