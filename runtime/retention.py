"""What is kept no longer: closed tickets whose time is over, and all of one person where that was asked for.

Promises: few tickets at a time with a pause between, so that mails come in meanwhile; whoever dies leaves what is done, the next
turn goes on there; the audit log says how much and why, and of whom only a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.erasing import Erased, Order, Why
from models.errors import ConfigError
from runtime.logs import log_for

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from models.db.store import Store

_PAUSE_S = 0.05


def erase_old(store: Store, days: int, now: datetime, stop: threading.Event) -> Erased:
    """Erase what was closed and has not changed for so many days, until nothing is left or `stop` is set; 0 days erase nothing."""
    total = Erased()
    if days <= 0:
        return total
    while not stop.is_set():
        erased = store.erase_closed(closed_before=now - timedelta(days=days), now=now)
        if not erased:
            break
        total += erased
        stop.wait(_PAUSE_S)
    store.sweep(now=now)
    if total:
        log_for("scheduler").info(
            "retention_erased", tickets=total.tickets, mails=total.mails, letters=total.letters, days=days
        )
    return total


def customer_key(address: str, secret: bytes) -> str:
    """Whom an erasure was about: recognisable to who has both address and secret, readable by nobody."""
    return hmac.new(secret, b"erased:" + address.strip().casefold().encode(), hashlib.sha256).hexdigest()[:32]


def read_erasures(file: Path) -> dict[str, datetime]:
    """The customers of a file that `uketsuke erasures --json` wrote, each with when they were erased last.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    found: dict[str, datetime] = {}
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            value = json.loads(line)
            if value["customer"]:
                at = datetime.fromisoformat(value["at"])
                found[value["customer"]] = max(at, found.get(value["customer"], at))
    except OSError as error:
        raise ConfigError(f"--erasures {file}: {error.strerror}; name a file this user may read") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"--erasures {file}: is not what `uketsuke erasures --json` writes; name that file") from None
    return found


def forget_again(
    store: Store, erasures: Mapping[str, datetime], secret: bytes, *, taken_at: datetime, now: datetime, by: str
) -> Iterator[Erased]:
    """Erase whom a backup has brought back though they were erased after it was taken; yields what went of each."""
    since = {customer for customer, at in erasures.items() if at >= taken_at}
    if not since:
        return
    for address in store.addresses():
        customer = customer_key(address, secret)
        if customer in since:
            order = Order(why=Why.RESTORED, by=by, customer=customer)
            yield sum(store.forget_person(address, order, now=now), start=Erased())
