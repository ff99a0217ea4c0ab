"""A report as HTML: a piece of a page for the desk's frame, or one self-contained file. Everything is escaped.

Promises: headings from h2 on in the piece, tables with captions and scopes; no script, and in the piece no inline style, so that
the desk's policy stays strict; the file loads nothing from elsewhere.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.parts import Document

_TEMPLATES = Path(__file__).parent / "templates"


def render_fragment(document: Document) -> str:
    """The report for a page whose style sheet is `style`, within an element of the class `report`."""
    base = f"{document.link}/pictures"
    sources = {one.id: f"{base}/{one.id}.svg?lang={quote(document.language)}" for one in document.charts}
    return environment().get_template("fragment.html").render(document=document, sources=sources)


def render_file(document: Document, pictures: Mapping[str, bytes]) -> str:
    """The report as a page of its own, with style and pictures inside.

    Args:
        document: The report; its links should name the desk's address.
        pictures: SVG by picture, of all its charts.
    """
    sources = {
        one.id: f"data:image/svg+xml;base64,{base64.b64encode(pictures[one.id]).decode()}" for one in document.charts
    }
    return environment().get_template("file.html").render(document=document, sources=sources, style=style())


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet of reports: light and dark, phone, print."""
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; whatever they print is escaped."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
