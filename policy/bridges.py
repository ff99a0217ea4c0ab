"""Words that lead over to another matter (別件ですが、): they stand oddly in a subject. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.pack import Cues

_NUMBER = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）.．、:：]|[①-⑳]|[・■●◆*-])\s*(?=\D)")
_LONGEST_BRIDGE = 16


def without_bridge(matter: str, cues: Cues) -> str:
    """The matter without its number and the words that lead over from another one."""
    matter = _NUMBER.sub("", matter)
    head, comma, rest = matter.partition("、") if "、" in matter else matter.partition(", ")
    bridges = (regex for group in cues.phrases.get("multi_bridge", {}).values() for regex in group)
    is_bridge = bool(comma and rest.strip()) and any(re.match(regex, head.strip(), re.IGNORECASE) for regex in bridges)
    return rest.strip() if is_bridge and len(head) <= _LONGEST_BRIDGE else matter
