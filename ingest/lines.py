"""Lines of a mail as the patterns may see them: no line is long, so that no pattern can be made to take for ever.

A line above `LONGEST` is looked at as its beginning and comes back whole; a line of nothing but blanks is an empty one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 400  # characters; an introduction, a label or a rule of a signature is never longer
_MARK = "\ue0ff"  # private use: stands in no mail that means anything


def shortened(text: str) -> tuple[list[str], dict[str, str]]:
    """The text's lines with stand-ins for the long ones, and what each stand-in stands for."""
    lines: list[str] = []
    whole: dict[str, str] = {}
    for line in text.split("\n"):
        if len(line) <= LONGEST:
            lines.append(line)
        elif not line.strip():
            lines.append("")
        else:
            stand_in = f"{line[:LONGEST]}{_MARK}{len(whole)}{_MARK}"
            whole[stand_in] = line
            lines.append(stand_in)
    return lines, whole


def restored(text: str, whole: Mapping[str, str]) -> str:
    """The text with every stand-in replaced by the line it stands for."""
    return "\n".join(whole.get(line, line) for line in text.split("\n")) if whole else text
