"""HTML bodies as a person would read them out: rows, lists, links, quotes, Japanese without stray blanks."""

from __future__ import annotations

import pytest

from ingest.html import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>一行目<br>二行目</p><p>次</p>", "一行目\n二行目\n\n次"),
        ("<p>東京の\n  山田です。</p>", "東京の山田です。"),  # the source's line break is none of the page's
        ("<p>two\nwords</p>", "two words"),
        ("<p>東京の\n山田</p><pre>東京の\n山田</pre><p>東京の\n山田</p>", "東京の山田\n\n東京の\n山田\n\n東京の山田"),
        ("<ul><li>one</li><li>two</li></ul><ol><li>a</li><li>b</li></ol>", "  * one\n  * two\n 1. a\n 2. b"),
        (
            "<table><tr><th>名</th><th>値</th></tr><tr><td>region</td><td>tokyo</td></tr></table>",
            "名       値\nregion  tokyo",
        ),
        ("<table><tr><td>outer<table><tr><td>inner</td></tr></table></td></tr></table>", "outer\ninner"),
        ('<a href="https://x.example/a?b=1&amp;c=2">the docs</a>', "the docs (https://x.example/a?b=1&c=2)"),
        ('<a href="https://x.example/">https://x.example/</a>', "https://x.example/"),
        ('<a href="mailto:emma@x.example">Emma</a>', "Emma (emma@x.example)"),
        ('<a href="mailto:emma@x.example">emma@x.example</a>', "emma@x.example"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ("<style>p{}</style><script>x()</script><title>t</title><p>seen</p>", "seen"),
        ("<!--[if mso]><p>for one program</p><![endif]--><p>seen</p>", "seen"),
        ("<blockquote>one<blockquote>two</blockquote></blockquote><p>end</p>", "> one\n\n> > two\n\nend"),
        ("&lt;tag&gt;&nbsp;&#12354;&euro;", "<tag> あ€"),
    ],
)
def test_html_reads_as_a_page_does(html: str, text: str) -> None:
    assert html_to_text(html) == text
