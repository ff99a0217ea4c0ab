"""Writes docs/threads: conversations from the first mail to ready, with all letters. `python -m tests.support.thread_book`.

The mails are those of tests/cases/threads, the letters what worker, store and scheduler make of them; a test compares.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ingest.parse import parse_mail
from models.db.migrate import upgrade
from models.db.store import Store
from models.mail import Envelope
from runtime.settings import load_settings
from runtime.wiring import build_rules
from tests.support.threads import ZONE, Player, Step, read_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.views import ReplyView
    from runtime.triage import Rules

ROOT = Path(__file__).parents[2]
CASES, BOOK = ROOT / "tests" / "cases" / "threads", ROOT / "docs" / "threads"
CHOSEN = {
    "1-inline-answers": "ja/21-one-line-answers-inline",
    "2-half-an-answer-then-the-rest": "ja/25-half-answer-then-the-rest-from-cc",
    "3-split-and-its-child": "ja/27-split-and-its-child",
    "4-question-back-then-the-answer": "en/07-question-back-before-the-answer",
}
_SECRET = b"of the thread book"  # signed addresses stand in letters
_HEADERS = ("From", "To", "Cc", "Subject")


class Scribe(Player):
    """Plays a thread and writes down what happens."""

    def __init__(self, store: Store, rules: Rules) -> None:
        super().__init__(store, rules)
        self.lines: list[str] = []

    def _judge(self, step: Step, new: list[ReplyView]) -> Iterator[str]:
        self.lines += ["", f"## {step.at:%Y-%m-%d %H:%M}", ""]
        if step.mail is None:
            self.lines.append(f"The desk: `{step.expected['do']}`")
        else:
            self.lines += self._mail(step)
        for reply in new:
            self.lines += [
                "",
                f"**Letter `{reply.kind}`** ({'sent' if reply.state == 'sent' else reply.state}) → {reply.to}",
                "",
            ]
            self.lines += ["```", f"Subject: {reply.subject}", "", reply.text.rstrip("\n"), "```"]
        if not new:
            self.lines += ["", "No letter."]
        for ref in self.refs:
            self.lines += ["", *self._ticket(ref)]
        yield from super()._judge(step, new)

    def _mail(self, step: Step) -> list[str]:
        view = next(
            view
            for ref in self.refs
            if (view := self.store.ticket(ref)) and self.mails[-1] in {m.mail_id for m in view.mails}
        )
        mail = next(one for one in view.mails if one.mail_id == self.mails[-1])
        raw = self.store.raw_mail(mail.mail_id)
        read = parse_mail(raw, Envelope(mail_from="", rcpt_tos=(), received_at=step.at))
        heads = [
            line
            for line in raw.decode().partition("\n\n")[0].split("\n")
            if line.startswith(tuple(f"{one}:" for one in _HEADERS))
        ]
        return ["```", *heads, "", read.text.strip(), "```"]

    def _ticket(self, ref: str) -> list[str]:
        view = self.store.ticket(ref)
        numbers = {mail_id: number for number, mail_id in enumerate(self.mails, 1)}
        given: dict[int, list[str]] = {}
        for item, known in view.items.items():
            if known.mail_id in numbers and not item.startswith("link:"):
                given.setdefault(numbers[known.mail_id], []).append(item)
        said = "; ".join(f"mail {number} gave {', '.join(items)}" for number, items in sorted(given.items()))
        links = ", ".join(f"{link.kind} {link.ref}" for link in view.links if link.is_from_here)
        lines = [f"**{ref}: {view.row.state}**" + (f" ({links})" if links else "") + f". {said}."]
        lines += [f"Missing: {', '.join(view.row.missing)}."] if view.row.missing else []
        return [" ".join(lines)]


def page(name: str, rules: Rules, empty: Path, folder: Path) -> str:
    """One conversation as a page."""
    file = CASES / f"{CHOSEN[name]}.case"
    thread = read_thread(file)
    store = Store(f"sqlite:///{shutil.copy(empty, folder / f'{name}.sqlite3')}")
    scribe = Scribe(store, replace(rules, identity=replace(rules.identity, secret=_SECRET)))
    wrong = scribe.play(thread)
    store.close()
    if wrong:
        raise AssertionError("; ".join(wrong))
    head = [
        f"# {name.partition('-')[2].replace('-', ' ').capitalize()}",
        "",
        f"`tests/cases/threads/{CHOSEN[name]}.case`, played by `python -m tests.support.thread_book`: {thread.why}",
        f"Times are those of {ZONE.key}; letters count as sent at once.",
    ]
    return "\n".join([*head, *scribe.lines, ""])


def main() -> None:
    """Write every page."""
    BOOK.mkdir(exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty.sqlite3"
        upgrade(f"sqlite:///{empty}")
        rules = build_rules(load_settings({"UKETSUKE_DATA_DIR": name}, folder / "none.toml"))
        for one in CHOSEN:
            (BOOK / f"{one}.md").write_text(page(one, rules, empty, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
