"""Coverage-guided fuzzing of the reading of mails: whatever the bytes, a mail comes out and keeps its promises.

    python -m tests.trials.fuzz_parse [--seconds 600 | --runs N] [--corpus FOLDER]

Begins with the specimens of tests/specimens and a few of its own; new inputs that reach new code are kept in the corpus
folder, if one is named. Exit 0: nothing was found. A find ends the run with a trace and writes its input to `crash-*`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ingest"]):
    from ingest.parse import attachment_bytes, envelope_of_file, parse_mail
    from ingest.wire import mail_object

ROOT = Path(__file__).parents[2]
SPECIMENS = ROOT / "tests" / "specimens"
AT = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
OWN = frozenset({"support@desk.example"})
LONGEST = 16_384  # bytes of an input: longer ones find nothing new and slow the search
SLOWEST_S = 20  # an input that takes longer is a find
TOKENS = (
    "From: ", "To: ", "Subject: ", "Content-Type: ", "multipart/mixed; boundary=B", "multipart/alternative; boundary=B",
    "multipart/report; report-type=delivery-status; boundary=B", "message/rfc822", "message/delivery-status", "text/html",
    "text/plain; charset=", "iso-2022-jp", "shift_jis", "euc-jp", "utf-8", "utf-16", "hz-gb-2312", "format=flowed; delsp=yes",
    "Content-Transfer-Encoding: ", "base64", "quoted-printable", "x-uuencode", "Content-Disposition: attachment; filename*0*=utf-8''",
    "--B", "--B--", "=?utf-8?B?", "=?iso-2022-jp?B?", "=?utf-8?Q?", "?=", "\\x1b$B", "\\x1b(B", "\\x1b(I", "\\x0e", "\\x0f", "> ", "-- \\x0a",
    "On x wrote:", "From: a\\x0aSent: b\\x0aTo: c\\x0aSubject: d\\x0a", "-----Original Message-----", "Auto-Submitted: auto-replied",
    "Return-Path: <>", "Authentication-Results: mx.desk.example; dmarc=pass", "<a href=http://x>", "<blockquote>", "<table><tr><td>",
    "-----BEGIN PGP MESSAGE-----", "\\xef\\xbb\\xbf", "\\x00", "\\x0d", "\\x0d\\x0a\\x0d\\x0a",
)  # fmt: skip


def check(raw: bytes) -> None:
    """Raises if any promise of the reading is broken."""
    mail = parse_mail(raw, envelope_of_file(raw, AT), own_addresses=OWN, authserv_id="mx.desk.example")
    if mail.automation.evidence[:1] and mail.automation.evidence[0].startswith("unreadable"):
        raise AssertionError(mail.warnings[-1])
    json.dumps(mail_object("x.eml", mail, None), ensure_ascii=False).encode("utf-8")
    if "\x00" in mail.text + mail.subject + mail.reply_text + "".join(a.filename for a in mail.attachments):
        raise AssertionError("a NUL came through")
    if not {*mail.reply_text.split("\n")} <= {*mail.text.split("\n"), ""}:
        raise AssertionError("the own words hold a line that the mail does not")
    for attachment in mail.attachments[:3]:
        data = attachment_bytes(raw, attachment.part)
        if data is None or len(data) != attachment.size:
            raise AssertionError(f"attachment {attachment.part} is not served as it is listed")


def fuzz(folder: Path, options: list[str]) -> None:
    """Fuzz in this process, which ends with it: libFuzzer leaves no other way. New inputs are kept in the folder."""
    flags, seeds = [one for one in options if one.startswith("-")], [one for one in options if not one.startswith("-")]
    atheris.Setup([sys.argv[0], *flags, str(folder), *seeds], check)
    atheris.Fuzz()


def main() -> int:
    """Prepare the inputs, let a process of its own fuzz, clean up; its exit code is ours."""
    parser = argparse.ArgumentParser(description="coverage-guided fuzzing of parse_mail")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, help="end after so many inputs instead")
    parser.add_argument("--corpus", type=Path, help="folder that keeps inputs that reach new code")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uketsuke-fuzz-") as folder:
        seeds, tokens, kept = Path(folder, "seeds"), Path(folder, "tokens"), asked.corpus or Path(folder, "kept")
        seeds.mkdir()
        kept.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(sorted(SPECIMENS.rglob("*.eml"))):
            raw = file.read_bytes()
            if len(raw) <= LONGEST:
                (seeds / f"{number}.eml").write_bytes(raw)
        tokens.write_text("".join('"' + token.replace('"', '\\"') + '"\n' for token in TOKENS), encoding="utf-8")
        limit = f"-max_total_time={asked.seconds}" if asked.runs is None else f"-runs={asked.runs}"
        finds = f"-artifact_prefix={Path.cwd()}/"
        options = [
            finds,
            f"-dict={tokens}",
            f"-max_len={LONGEST}",
            f"-timeout={SLOWEST_S}",
            "-rss_limit_mb=2048",
            limit,
        ]
        program = "import sys; from pathlib import Path; from tests.trials.fuzz_parse import fuzz; fuzz(Path(sys.argv[1]), sys.argv[2:])"
        command = [sys.executable, "-c", program, str(kept), *options, str(seeds)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
