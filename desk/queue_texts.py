"""The words of the queue and the ticket page, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

QUEUE: Mapping[str, Mapping[str, str]] = {
    "ja": {},
    "en": {},
}
