"""One line of what `uketsuke check` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.errors import ConfigError, MailboxError, ProviderError, StoreUnavailable, UketsukeError

if TYPE_CHECKING:
    from collections.abc import Callable

# Whatever does not answer: the setting is wrong, or the server is down.
_AWAY = (ConfigError, StoreUnavailable, MailboxError, ProviderError, ConnectionError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the account: `code` is the exit code that it calls for, 0 where all is well or may pass."""

    what: str
    detail: str
    code: int = 0
    is_warning: bool = False

    @property
    def mark(self) -> str:
        """The word that the line begins with."""
        return "WRONG" if self.code else "warn" if self.is_warning else "ok"


def attempt(what: str, probe: Callable[[], str]) -> Finding:
    """What a probe says, or the line of the error that it raised."""
    try:
        return Finding(what=what, detail=probe())
    except (UketsukeError, OSError, ValueError) as error:
        return trouble(what, error)


def trouble(what: str, error: Exception) -> Finding:
    """The line of an error."""
    told = str(error) if isinstance(error, UketsukeError) else f"{type(error).__name__}: {error}"
    return Finding(what=what, detail=told, code=2 if isinstance(error, _AWAY) else 1)
