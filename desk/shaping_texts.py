"""The words of the forms that shape tickets and correct readings, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHAPING: Mapping[str, Mapping[str, str]] = {
    "ja": {},
    "en": {},
}
