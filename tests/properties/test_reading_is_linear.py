"""No mail makes a pattern of ingest take for ever: every pattern and the whole reading get through lines without end.

Nothing is timed: a quadratic pattern needs minutes where a linear one needs milliseconds, and the process that tries is
killed long after the latter. It tells which piece was the last.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ingest.lines import LONGEST, restored, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

KILL_S = 240
REPEATED = (
    *' >-(a1=[|"{<._\\\t\n\r:;@/?!#*',
    "\u3000",
    "＞",
    "。",
    "あ",
    "- ",
    "- - -  ",
    "> ",
    "| ",
    "\n ",
    "\r\n",
    "a@",
    "a.",
    "a-",
    "-1",
    "1.",
    "Re:",
    "Re ",
    "On x ",
    "On x wrote\n",
    "From: a\n",
    "差出人: \n",
    "2026/11/22 10:15 ",
    "のメール",
    "本メールは",
    "宛先",
    "iPhoneから送信\n",
    "Sent from my x\n",
    "TEL 03\n",
    "-- \n",
    "http://",
    "[EXTERNAL ",
    "this mail ",
    "=?a?b?",
    "=?utf-8?B?44GC?=",
    ";a=",
    ";a*0=",
    "<a ",
    "<a href=http://x>",
    "<a href=",
    "<script>",
    "<blockquote ",
    "<blockquote>",
    "<!--",
    "<meta ",
    "T000001 ",
    "METHOD:",
    "x!",
)

PATTERNS = """
import importlib, json, pkgutil, re, signal, sys, ingest
CAPS = {"ingest.quotes": 420, "ingest.signatures": 420, "ingest.machine_words": 6000, "ingest.body": 4000}  # what they see
for piece in json.load(sys.stdin):
    print(ascii(piece), file=sys.stderr, flush=True)
    signal.alarm(60)
    for module in pkgutil.iter_modules(ingest.__path__):
        name = "ingest." + module.name
        size = CAPS.get(name, 30_000)
        for pattern in vars(importlib.import_module(name)).values():
            if isinstance(pattern, re.Pattern):
                for end in ("", "\\0"):
                    text = piece * (size // len(piece)) + end
                    given = text.encode() if isinstance(pattern.pattern, bytes) else text
                    pattern.search(given)
"""

READING = """
import json, signal, sys
from datetime import UTC, datetime
from ingest.headers import addresses, decode_words, message_ids
from ingest.parse import envelope_of_file, parse_mail

def read(raw):
    mail = parse_mail(raw, envelope_of_file(raw, datetime.now(UTC)), authserv_id="mx.x.example")
    assert mail.automation.evidence[:1] != ("unreadable",), mail.warnings
    return mail

for piece in json.load(sys.stdin):
    print(ascii(piece), file=sys.stderr, flush=True)
    signal.alarm(60)
    body = (piece * (100_000 // len(piece))).encode()
    line = body.replace(b"\\r", b"").replace(b"\\n", b"")
    plain, html = b"Content-Type: text/plain; charset=utf-8", b"Content-Type: text/html; charset=utf-8"
    flowed, broken = plain + b"; format=flowed; delsp=yes", b"Content-Type: multipart/mixed"
    for head, before in ((plain, b""), (plain, b"It fails.\\n"), (html, b"<p>x</p>"), (flowed, b""), (broken, b"")):
        mail = read(b"From: a@x.example\\nTo: support@desk.example\\n" + head + b"\\n\\n" + before + body)
        assert head is broken or not mail.warnings, mail.warnings
    for name in (b"From", b"To", b"Subject", b"Return-Path", b"Authentication-Results"):
        read(name + b": " + line + b"\\nX-A: b\\n\\nbody")
    part = b"--B\\nContent-Type: application/pdf; name=" + line + b"\\nContent-Disposition: attachment; filename=" + line
    read(b"From: a@x.example\\nContent-Type: multipart/mixed; boundary=B\\n\\n" + part + b"\\n\\nx\\n--B--\\n")
"""


def run(program: str, pieces: Sequence[str]) -> None:
    """Run it over these pieces; each has a minute, of which it needs a second, else the process is killed."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(list(pieces)).encode(),
        capture_output=True,
        timeout=KILL_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr.decode()[-600:]}"


@pytest.mark.parametrize("first", range(0, len(REPEATED), 15))
def test_a_line_without_end_is_read_to_its_end(first: int) -> None:
    run(READING, REPEATED[first : first + 15])


def test_every_pattern_gets_through_a_line_without_end() -> None:
    run(PATTERNS, REPEATED)


def test_patterns_of_lines_never_see_a_long_one() -> None:
    text = "\n".join((" " * 100_000, "a" * 100_000, "b", "a" * 100_001))
    lines, whole = shortened(text)
    assert max(len(line) for line in lines) <= LONGEST + 20
    assert restored("\n".join(lines), whole) == text.replace(" ", "")
