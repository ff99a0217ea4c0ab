"""Credentials out of sight: whatever people look at is masked here; the raw bytes stay as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.normalise import fold
from classify.secrets import find_secrets
from classify.segment import Document
from models import credentials
from models.credentials import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.views import MailView


def masked(text: str, secrets: Iterable[tuple[int, int]]) -> str:
    """The text with each secret's characters replaced, its length kept so that other spans stay true."""
    for one_start, one_end in secrets:
        start, end = max(0, one_start), min(one_end, len(text))
        if start >= end:
            continue
        text = text[:start] + MASK * (end - start) + text[end:]
    return text


def hidden(text: str) -> str:
    """A text on its own, a subject for instance, with every credential that can be told from it alone masked."""
    found = find_secrets(Document(folded=fold(text), lines=()))
    return masked(text, [(secret.span.start, secret.span.end) for secret in found])


def without_secrets(text: str, mails: Sequence[MailView]) -> str:
    """A text with every secret that these mails are known to hold masked wherever it stands."""
    words = {
        mail.seen.text[secret.span.start : secret.span.end].strip()
        for mail in mails
        if mail.seen
        for secret in mail.seen.secrets
    }
    return without_words(text, words)


def without_words(text: str, words: Iterable[str]) -> str:
    """A text with each of these words masked, the longest first."""
    return credentials.without_words(text, words)
