"""The words of the pages for tokens, webhooks and hand-over, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MACHINES: Mapping[str, Mapping[str, str]] = {
    "ja": {},
    "en": {},
}
