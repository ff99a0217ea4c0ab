"""The HTML alternative of a letter: the same words, with lists and links that can be clicked, and nothing that loads.

Promises: everything is escaped; only the desk's own addresses and the links of split drafts become links.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from responders.questions import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.pack import Pack

_DRAFT = re.compile(r"^mailto:[^\s<>\"]+$")
_BULLET = re.compile(r"^(?:・|- )")
_STYLE = "font-family: sans-serif; font-size: 14px; line-height: 1.7; color: #222"


def html_of(text: str, pack: Pack, language: str, links: Mapping[str, str] | None = None) -> str:
    """The letter's text as a small HTML document in UTF-8.

    Args:
        text: The letter.
        pack: Its desk's addresses become links.
        language: The letter's.
        links: What stands in for a draft's link of the plain text.
    """
    for short, whole in (links or {}).items():
        text = text.replace(f"\n{short}\n", f"\n{whole}\n")
    body, _, signature = text.partition("\n-- \n")
    blocks = [_block(block, pack, language) for block in re.split(r"\n{2,}", body.strip("\n"))]
    if signature:
        blocks.append(f'<p style="color: #666">{_lines(signature, pack, language)}</p>')
    inner = "\n".join(blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head><meta charset="utf-8"></head>\n'
        f'<body style="{_STYLE}">\n{inner}\n</body>\n</html>\n'
    )


def _block(block: str, pack: Pack, language: str) -> str:
    """A paragraph; lines that begin with a bullet, and their further lines, become a list."""
    found: list[str] = []
    items: list[str] = []
    words: list[str] = []
    for line in block.split("\n"):
        if _BULLET.match(line):
            found += _paragraph(words, pack, language)
            words = []
            items.append(_BULLET.sub("", line))
        elif items and line.startswith(("　", "  ")):
            items[-1] += "\n" + line.strip()
        else:
            found += _list(items, pack, language)
            items = []
            words.append(line)
    return "\n".join((*found, *_list(items, pack, language), *_paragraph(words, pack, language)))


def _paragraph(lines: list[str], pack: Pack, language: str) -> list[str]:
    return [f"<p>{_lines(chr(10).join(lines), pack, language)}</p>"] if lines else []


def _list(items: list[str], pack: Pack, language: str) -> list[str]:
    if not items:
        return []
    return ["<ul>" + "".join(f"<li>{_lines(item, pack, language)}</li>" for item in items) + "</ul>"]


def _lines(text: str, pack: Pack, language: str) -> str:
    return "<br>\n".join(_line(line, pack, language) for line in text.strip("\n").split("\n"))


def _line(line: str, pack: Pack, language: str) -> str:
    if _DRAFT.match(line.strip()):
        label = said(pack.texts["open_draft"], language, pack)
        return f'<a href="{escape(line.strip())}">{escape(label)}</a>'
    shown = escape(line)
    for url in {pack.desk.support_url, pack.desk.status_url} - {""}:
        shown = shown.replace(escape(url), f'<a href="{escape(url)}">{escape(url)}</a>')
    indent = len(shown) - len(shown.lstrip("　 "))
    return "&#12288;" * indent + shown[indent:]
