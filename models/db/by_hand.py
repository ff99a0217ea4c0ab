"""Letters that agents write or edit, what they have begun to write, and texts they keep.

Promises: an agent's letter, the ticket's move and the line of history are one transaction; the same form sent twice makes
one letter; a ticket that changed since the form was shown is told, and nothing is written; while all letters are stopped,
an agent's letter is kept and held, in sight.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from models.by_hand import (
    CannedText,
    DraftFile,
    SavedDraft,
    Writing,
    draft_from_value,
    draft_to_json,
    edit_key,
)
from models.controls import Judgement, Verdict
from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.desk_rules import are_letters_on, verdicts_for
from models.db.filing import add_event, insert_if_new, locked_ticket, write_reply
from models.db.limits import STOPPED, text_hash
from models.db.locks import lock_texts, share_switch
from models.db.outbox import move_as_written, settle_held, ticket_of_letter
from models.db.search import index_letter
from models.db.tables import CannedTextRow, DraftFileRow, DraftRow
from models.db.tags import retag
from models.db.threads import REPLY, TICKET, has_bounced
from models.decision import AGENT, HandLetter, ReplyState
from models.errors import EditConflict, IllegalMove, LettersStopped, NotFound, Outdated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from models.by_hand import Draft

DRAFT = DraftRow.__table__  # type: ignore[attr-defined]
DRAFT_FILE = DraftFileRow.__table__  # type: ignore[attr-defined]
CANNED = CannedTextRow.__table__  # type: ignore[attr-defined]
AGENT_REPLIED = "agent_replied"
REPLY_EDITED = "reply_edited"
OVERTAKEN_BY_HAND = "by_hand: an agent has written"
_HEAD_BYTES = 256 * 1024  # more than any mail's header lines


class ByHand(Shelf):
    """Letters that agents write or edit, what they have begun to write, and texts they keep."""

    def mail_head(self, mail_id: int) -> bytes:
        """The header lines of a mail, with the empty line behind them; of one with endless ones what fits 256 KB.

        Raises:
            NotFound: No such mail.
        """
        query = select(func.substr(INBOUND.c.raw, 1, _HEAD_BYTES)).where(INBOUND.c.id == mail_id)
        with self.read() as connection:
            raw = connection.execute(query).scalar()
        if raw is None:
            raise NotFound(f"no mail {mail_id}")
        start = bytes(raw)
        ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := start.find(mark)) >= 0]
        return start[: min(ends)] if ends else start

    def standing_of(self, addresses: Sequence[str], *, now: datetime, bounce_hold: timedelta) -> dict[str, str]:
        """What an agent should know of addresses before he writes there: `blocked` or `bounced`; the others are left out."""
        found = {}
        with self.read() as connection:
            for address in dict.fromkeys(addresses):
                if Verdict.BLOCK in verdicts_for(connection, address, address):
                    found[address] = "blocked"
                elif has_bounced(connection, address, now, bounce_hold):
                    found[address] = "bounced"
        return found

    def reply_by_hand(
        self, ref: str, letter: HandLetter, *, mail_id: int, version: int, files: str, now: datetime
    ) -> bool:
        """Put an agent's letter into the outbox, take its ticket where he wants it, and drop his draft.

        Letters by rule that wait there for an agent are overtaken by his own.

        Args:
            ref: The ticket.
            letter: The whole letter.
            mail_id: The mail that it answers.
            version: The ticket's, as the agent saw it.
            files: What the history says of the attachments; empty for none.
            now: The time.

        Returns:
            False if this very letter (by its Message-ID) is there already: nothing was written.

        Raises:
            NotFound: No such ticket.
            Outdated: The ticket has changed since: the agent should see that first. Nothing was written.
        """
        with self.write() as connection:
            share_switch(connection)
            _require(connection, ref)
            ticket = locked_ticket(connection, ref)
            if connection.execute(select(REPLY.c.id).where(REPLY.c.message_id == letter.message_id)).first():
                return False
            if ticket["version"] != version:
                raise Outdated(ref)
            is_on = are_letters_on(connection)
            kept = letter if is_on else _held(letter)
            write_reply(connection, kept, mail_id=mail_id, ref=ref, asked=[], now=now)
            add_event(connection, ref, now, letter.by, AGENT_REPLIED, _told(kept, files))
            acted = {"due_at": None, "person_first": "[]", "proposal": ""} if is_on else {}
            changed = update(TICKET).where(TICKET.c.ref == ref)
            connection.execute(changed.values(version=TICKET.c.version + 1, updated_at=now, **acted))
            retag(connection, ref)
            _overtake(connection, ref, letter.by, now)
            if is_on:
                move_as_written(connection, locked_ticket(connection, ref), letter.then_state, now, by=letter.by)
            _drop_draft(connection, ref, letter.by)
        return True

    def has_letter(self, message_id: str) -> bool:
        """Is there a letter of this Message-ID?"""
        with self.read() as connection:
            return connection.execute(select(REPLY.c.id).where(REPLY.c.message_id == message_id)).first() is not None

    def send_edited(
        self, reply_id: int, *, subject: str, text: str, raw: bytes, based_on: str, by: str, now: datetime
    ) -> None:
        """Let a held letter go with another text; its ticket stands where the letter as it was would have put it.

        Args:
            reply_id: The letter.
            subject: As a person reads it.
            text: The same.
            raw: The complete message with them.
            based_on: `edit_key` of subject and text that the agent saw.
            by: The agent.
            now: The time.

        Raises:
            NotFound: No such letter.
            IllegalMove: It is not held any more, or its ticket is closed.
            EditConflict: Someone else has edited it since.
            LettersStopped: Someone has stopped all letters.
        """
        with self.write() as connection:
            share_switch(connection)
            ticket_of_letter(connection, reply_id)
            wanted = (REPLY.c.ref, REPLY.c.kind, REPLY.c.state, REPLY.c.by, REPLY.c.subject, REPLY.c.text)
            row = connection.execute(select(*wanted).where(REPLY.c.id == reply_id)).one()
            if row.state != ReplyState.HELD.value:
                raise IllegalMove(ref=row.ref, was=row.state, to=ReplyState.QUEUED.value)
            if edit_key(row.subject, row.text) != based_on:
                raise EditConflict(name=row.kind, language="", by=row.by)
            if not are_letters_on(connection):
                raise LettersStopped
            connection.execute(
                update(REPLY)
                .where(REPLY.c.id == reply_id)
                .values(subject=subject, text=text, raw=raw, text_hash=text_hash(text, row.ref), by=by)
            )
            index_letter(connection, reply_id)
            add_event(connection, row.ref, now, by, REPLY_EDITED, row.kind)
            settle_held(connection, reply_id, by, now, ReplyState.QUEUED, judgement=Judgement.EDITED.value)

    def save_draft(self, ref: str, agent: str, draft: Draft, *, now: datetime) -> None:
        """Keep what an agent has begun to write; the last word counts.

        Raises:
            NotFound: No such ticket.
        """
        with self.write() as connection:
            _require(connection, ref)
            here = (DRAFT.c.ref == ref, DRAFT.c.agent == agent)
            before = connection.execute(select(DRAFT.c.value).where(*here)).scalar()
            since = _since(before) if before else now
            value = draft_to_json(draft, since)
            new = {"ref": ref, "agent": agent, "value": value, "at": now}
            if before is not None or not insert_if_new(connection, DRAFT, new, ["ref", "agent"]):
                connection.execute(update(DRAFT).where(*here).values(value=value, at=now))

    def draft(self, ref: str, agent: str) -> SavedDraft | None:
        """What this agent has begun to write there, its files without their content."""
        with self.read() as connection:
            row = connection.execute(select(DRAFT).where(DRAFT.c.ref == ref, DRAFT.c.agent == agent)).first()
            if row is None:
                return None
            files = _files(connection, ref, agent)
        value = json.loads(row.value)
        return SavedDraft(agent=agent, draft=draft_from_value(value), since=_since(row.value), at=row.at, files=files)

    def drop_draft(self, ref: str, agent: str) -> None:
        """Forget it, its files too. May be called twice."""
        with self.write() as connection:
            _drop_draft(connection, ref, agent)

    def others_writing(self, ref: str, agent: str) -> tuple[Writing, ...]:
        """Who else has begun to write on the ticket, the first first."""
        query = select(DRAFT.c.agent, DRAFT.c.value).where(DRAFT.c.ref == ref, DRAFT.c.agent != agent)
        with self.read() as connection:
            found = [Writing(agent=row.agent, since=_since(row.value)) for row in connection.execute(query)]
        return tuple(sorted(found, key=lambda one: one.since))

    def add_draft_file(
        self, ref: str, agent: str, name: str, content: bytes, *, most_bytes: int, now: datetime
    ) -> bool:
        """Keep a file for the letter; False if all of them together would be larger than `most_bytes`."""
        here = (DRAFT_FILE.c.ref == ref, DRAFT_FILE.c.agent == agent)
        with self.write() as connection:
            taken = connection.execute(select(func.coalesce(func.sum(DRAFT_FILE.c.size), 0)).where(*here)).scalar_one()
            if int(taken) + len(content) > most_bytes:
                return False
            connection.execute(
                insert(DRAFT_FILE).values(
                    ref=ref, agent=agent, name=name[:255], size=len(content), at=now, content=content
                )
            )
        return True

    def drop_draft_file(self, ref: str, agent: str, file_id: int) -> None:
        """Take one file away again. May be called twice."""
        here = (DRAFT_FILE.c.ref == ref, DRAFT_FILE.c.agent == agent, DRAFT_FILE.c.id == file_id)
        with self.write() as connection:
            connection.execute(delete(DRAFT_FILE).where(*here))

    def draft_files(self, ref: str, agent: str) -> tuple[DraftFile, ...]:
        """The files with their content, in the order in which they were added."""
        with self.read() as connection:
            return _files(connection, ref, agent, with_content=True)

    def canned_texts(self, language: str = "") -> tuple[CannedText, ...]:
        """The texts that agents keep, of one language or all, by name."""
        query = select(CANNED).order_by(CANNED.c.name, CANNED.c.language)
        if language:
            query = query.where(CANNED.c.language == language)
        with self.read() as connection:
            return tuple(_canned(row) for row in connection.execute(query))

    def save_canned_text(
        self, text_id: int | None, *, name: str, language: str, text: str, by: str, now: datetime
    ) -> CannedText:
        """Keep a new text (`text_id` None) or change one.

        Raises:
            NotFound: It was removed meanwhile.
            EditConflict: There is another text of this name and language.
        """
        values = {"name": name, "language": language, "text": text.replace("\x00", ""), "by": by, "at": now}
        with self.write() as connection:
            lock_texts(connection)
            same = select(CANNED.c.id, CANNED.c.by).where(CANNED.c.name == name, CANNED.c.language == language)
            other = connection.execute(same).first()
            if other is not None and other.id != text_id:
                raise EditConflict(name=name, language=language, by=other.by)
            if text_id is None:
                row = connection.execute(insert(CANNED).values(**values).returning(CANNED)).one()
            else:
                changed = update(CANNED).where(CANNED.c.id == text_id).values(**values).returning(CANNED)
                found = connection.execute(changed).first()
                if found is None:
                    raise NotFound(f"no text {text_id}")
                row = found
            return _canned(row)

    def drop_canned_text(self, text_id: int) -> None:
        """Remove a text. May be called twice."""
        with self.write() as connection:
            connection.execute(delete(CANNED).where(CANNED.c.id == text_id))


def _overtake(connection: Connection, ref: str, by: str, now: datetime) -> None:
    """What rules wrote and still waits for an agent will not go: he has written himself."""
    done = connection.execute(
        update(REPLY)
        .where(REPLY.c.ref == ref, REPLY.c.state == ReplyState.HELD.value, REPLY.c.kind != AGENT)
        .values(state=ReplyState.DISCARDED.value, reason=OVERTAKEN_BY_HAND)
        .returning(REPLY.c.kind)
    )
    for kind in done.scalars().all():
        add_event(connection, ref, now, by, "reply_discarded", f"{kind} {OVERTAKEN_BY_HAND}")


def _held(letter: HandLetter) -> HandLetter:
    return replace(letter, state=ReplyState.HELD, reason=STOPPED)


def _told(letter: HandLetter, files: str) -> str:
    """The line of history: to whom, with what, and why it waits."""
    parts = (", ".join((letter.to, *letter.cc)), files, letter.reason)
    return " · ".join(part for part in parts if part)


def _require(connection: Connection, ref: str) -> None:
    if connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref)).first() is None:
        raise NotFound(f"no ticket {ref}")


def _since(value: str) -> datetime:
    return datetime.fromisoformat(json.loads(value)["since"])


def _drop_draft(connection: Connection, ref: str, agent: str) -> None:
    connection.execute(delete(DRAFT).where(DRAFT.c.ref == ref, DRAFT.c.agent == agent))
    connection.execute(delete(DRAFT_FILE).where(DRAFT_FILE.c.ref == ref, DRAFT_FILE.c.agent == agent))


def _files(connection: Connection, ref: str, agent: str, *, with_content: bool = False) -> tuple[DraftFile, ...]:
    columns = [DRAFT_FILE.c.id, DRAFT_FILE.c.name, DRAFT_FILE.c.size]
    if with_content:
        columns.append(DRAFT_FILE.c.content)
    query = select(*columns).where(DRAFT_FILE.c.ref == ref, DRAFT_FILE.c.agent == agent).order_by(DRAFT_FILE.c.id)
    return tuple(
        DraftFile(file_id=row.id, name=row.name, size=row.size, content=bytes(row.content) if with_content else b"")
        for row in connection.execute(query)
    )


def _canned(row: Row[tuple[object, ...]]) -> CannedText:
    return CannedText(text_id=row.id, name=row.name, language=row.language, text=row.text, by=row.by, at=row.at)
