"""The words of the access pages, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCESS: Mapping[str, Mapping[str, str]] = {
    "ja": {},
    "en": {},
}
