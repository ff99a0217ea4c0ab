"""HTML to readable text: layout by a kept library, quotes and signatures kept recognisable for the next step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from inscriptis.model.tag import CustomHtmlTagHandlerMapping

if TYPE_CHECKING:
    from inscriptis.model.html_document_state import HtmlDocumentState

MAX_CHARS = 2_000_000


def _start_list(state: HtmlDocumentState, attributes: dict[str, str]) -> None:
    """A numbered list begins where it says; inscriptis always begins at 1."""
    start = attributes.get("start", "1").strip()
    state.li_counter.append(int(start) if start.isdecimal() and len(start) < 7 else 1)


_CONFIG = ParserConfig(
    css=STRICT_CSS_PROFILE,
    display_links=False,
    display_images=False,
    custom_html_tag_handler_mapping=CustomHtmlTagHandlerMapping({"ol": _start_list}, {}),
)
_INVISIBLE = re.compile(r"<(script|style|head|title)\b", re.IGNORECASE)
_ENDS = {name: re.compile(rf"</{name}\s{{0,20}}>", re.IGNORECASE) for name in ("script", "style", "head", "title")}
# No pattern looks past the next tag of its own kind: what is never closed costs nothing.
_LINK = re.compile(
    r"<a\b[^<>]{0,2000}?href\s{0,20}=\s{0,20}[\"']?((?:https?://|mailto:)[^\"'<>\s]{1,2000})[\"']?[^<>]{0,2000}>"
    r"([^<]{0,500}(?:<(?!/?a\b)[^<]{0,500}){0,20})</a>",
    re.IGNORECASE,
)
# Japanese has no blanks between words: a line break of the source between two of its characters is none on the page.
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60"
_WRAPPED = re.compile(rf"(?<=[{_WIDE}])[ \t]{{0,200}}\r?\n[ \t]{{0,200}}(?=[{_WIDE}])")
_PRE = re.compile(r"<pre\b", re.IGNORECASE)
_SURROGATES = re.compile(r"&#([xX]?[0-9a-fA-F]{4,6});&#([xX]?[0-9a-fA-F]{4,6});")
_GLUED_TABLE = re.compile(r"(?<=[^>\s])(\s{0,20}<table\b)", re.IGNORECASE)
_QUOTE = re.compile(r"<(/?)blockquote\b([^<>]*)>", re.IGNORECASE)
# What an editor's indent button makes: a blockquote without a bar that cites nobody.
_INDENT = re.compile(
    r"border(?:-width)?\s?:\s?(?:none|0)[\s\S]*margin[^;]{0,40}\d\d\s?px|margin[^;]{0,40}\d\d\s?px[\s\S]*border(?:-width)?\s?:\s?(?:none|0)",
    re.IGNORECASE,
)
_CITES = re.compile(r"\b(?:cite|type|class|id)\s?=", re.IGNORECASE)
# The element into which a mail program puts the sender's signature.
_SIGNATURE = re.compile(
    r"<(?:div|p|span|table|section)\b[^<>]{0,300}?\b(?:id|class)\s?=\s?[\"']?(?:[^\"'<>]{0,80}[^a-z\"'<>])?(?:signature(?!_prefix)|Zm-_Id_-Sgn(?=[\"']))[^<>]{0,300}>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]+>")
_START, _END = "\ue000", "\ue001"  # private marks that survive the conversion; removed before anyone sees them


def html_to_text(html: str) -> str:
    """The text of an HTML body: tables and lists in rows, link targets after their texts, quotes behind "> "."""
    html = _without_invisible(html[:MAX_CHARS].replace(_START, "").replace(_END, ""))
    html = _GLUED_TABLE.sub(r"<br>\1", _unwrapped(html))
    html = _SURROGATES.sub(_paired, html.replace("&amp;", "&amp;amp;"))  # inscriptis decodes once more than a browser
    html = _LINK.sub(_with_target, html)
    html = _SIGNATURE.sub(r"<div>-- </div>\g<0>", html)
    html = _marked(html)
    try:
        text = get_text(html, _CONFIG)
    except Exception:  # noqa: BLE001 - whatever the tree was, its words are still there
        text = _TAG.sub(" ", html)
    return _tidy(_quoted(text))


def _without_invisible(html: str) -> str:
    """The HTML without scripts, styles and head; an element that is never closed stays for the HTML parser to judge."""
    out: list[str] = []
    at = 0
    unclosed: set[str] = set()
    for opening in _INVISIBLE.finditer(html):
        name = opening[1].lower()
        if opening.start() < at or name in unclosed:
            continue
        end = _ENDS[name].search(html, opening.end())
        if end is None:
            unclosed.add(name)
            continue
        out += (html[at : opening.start()], " ")
        at = end.end()
    return "".join((*out, html[at:]))


def _number(reference: str) -> int:
    if reference[0] in "xX":
        return int(reference[1:], 16)
    return int(reference) if reference.isdecimal() else 0


def _paired(match: re.Match[str]) -> str:
    """The one character that two numeric references of UTF-16 halves mean."""
    high, low = (_number(one) for one in match.groups())
    is_pair = 0xD800 <= high < 0xDC00 <= low < 0xE000
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00) if is_pair else match[0]


def _unwrapped(html: str) -> str:
    """Japanese lines of the source joined, but for what stands between the first and the last preformatted block."""
    start = _PRE.search(html)
    end = html.lower().rfind("</pre") if start else -1
    if start is None:
        return _WRAPPED.sub("", html)
    end = max(end, start.end())
    return _WRAPPED.sub("", html[: start.start()]) + html[start.start() : end] + _WRAPPED.sub("", html[end:])


def _with_target(match: re.Match[str]) -> str:
    words, target = _TAG.sub("", match[2]).strip(), match[1].removeprefix("mailto:")
    if not words or words in target or target in words:
        return match[0]
    return f"{match[0]} ({target})"


def _marked(html: str) -> str:
    """Quotes between private marks; a paragraph that is only indented is none."""
    open_quotes: list[bool] = []

    def mark(tag: re.Match[str]) -> str:
        if not tag[1]:
            open_quotes.append(_INDENT.search(tag[2][:500]) is None or _CITES.search(tag[2]) is not None)
            return f"<p>{_START}</p>" if open_quotes[-1] else "<p></p>"
        return f"<p>{_END}</p>" if not open_quotes or open_quotes.pop() else "<p></p>"

    return _QUOTE.sub(mark, html)


def _quoted(text: str) -> str:
    out: list[str] = []
    depth = 0
    for line in text.split("\n"):
        depth += line.count(_START)
        rest = line.replace(_START, "").replace(_END, "")
        if depth and rest.strip():
            out.append("> " * min(depth, 8) + rest.strip())
        elif not (_START in line or _END in line):
            out.append(rest)
        depth = max(0, depth - line.count(_END))
    return "\n".join(out)


def _tidy(text: str) -> str:
    lines = [line.replace("\xa0", " ").rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
