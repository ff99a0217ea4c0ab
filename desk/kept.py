"""What was typed into a form that came too late: kept on a page, and sent again only after the agent has looked at it.

Nothing is stored: the fields travel as hidden fields from the refused form through signing in to a page that shows them.
Only forms that were ours are kept (their token proves it), and never a password.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from desk.session import is_own_token

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN = "token"  # noqa: S105 - a field's name
MAX_BYTES = 2 * 1024 * 1024  # of a kept form as a browser sends it: a Japanese character takes nine
_SECRET = ("password", "secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form that was refused."""

    path: str
    fields: tuple[tuple[str, str], ...]  # without its token
    token: str  # of the session that it was opened in
    had_files: bool = False

    def as_text(self) -> str:
        """For a hidden field."""
        return json.dumps([self.path, self.fields, self.token, self.had_files], ensure_ascii=False)


class StaleForm(Exception):
    """A form of an earlier session of this browser: signing in again in another tab makes one of every open page."""

    def __init__(self, kept: Kept) -> None:
        """Keep what it says."""
        super().__init__("this form has expired; go back and load the page again")
        self.kept = kept


def keep(path: str, form: Iterable[tuple[str, object]], secret: bytes) -> Kept | None:
    """The form, where it was one of ours; None where it was not, or holds what must not be kept."""
    pairs = list(form)
    fields = [(name, value) for name, value in pairs if isinstance(value, str)]
    token = next((value for name, value in fields if name == TOKEN), "")
    if not is_own_token(token, secret) or any(word in name for name, _ in pairs for word in _SECRET):
        return None
    had_files = any(not isinstance(value, str) and getattr(value, "filename", "") for _, value in pairs)
    typed = tuple((name, value.replace("\0", "")) for name, value in fields if name != TOKEN)
    kept = Kept(path=path, fields=typed, token=token, had_files=had_files)
    return kept if len(quote_plus(kept.as_text(), errors="replace")) <= MAX_BYTES else None


def kept_of(text: str, secret: bytes) -> Kept | None:
    """What a hidden field holds; None where that is not what `keep` made of a form of ours."""
    try:
        path, fields, token, had_files = json.loads(text)
        pairs = tuple((str(name), str(value)) for name, value in fields)
    except (ValueError, TypeError, RecursionError):
        return None
    is_path = isinstance(path, str) and path.startswith("/") and not path.startswith(("//", "/\\"))
    if not is_path or not isinstance(token, str) or not is_own_token(token, secret):
        return None
    return Kept(path=path, fields=pairs, token=token, had_files=bool(had_files))
