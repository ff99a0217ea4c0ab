"""Credentials and card numbers in a mail: found so that desk, logs and letters can mask them. The raw mail stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.assessment import Secret
from models.credentials import credentials_in

if TYPE_CHECKING:
    from classify.segment import Document


def find_secrets(doc: Document) -> tuple[Secret, ...]:
    """Every secret, as spans of the assessed text, in order, without overlaps."""
    return tuple(Secret(kind=kind, span=doc.back(start, stop)) for start, stop, kind in credentials_in(doc.text))


def masked(text: str, secrets: tuple[Secret, ...]) -> str:
    """The assessed text with every secret as stars, of the same length."""
    for secret in secrets:
        start, end = secret.span
        text = text[:start] + "*" * (end - start) + text[end:]
    return text
