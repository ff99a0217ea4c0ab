"""Versions of letter texts that agents have saved in place of the pack's.

Promises: a version is never changed or lost; nobody overwrites what he has not seen; the stamp grows with every change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from models.controls import LetterVersion
from models.db.base import Shelf
from models.db.desk_rules import add_desk_event
from models.db.locks import lock_texts
from models.db.tables import LetterTextRow
from models.errors import EditConflict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

TEXT = LetterTextRow.__table__  # type: ignore[attr-defined]
_LONGEST_NOTE = 500


class LetterTexts(Shelf):
    """Saved texts, by template name ("split", "_head") and language."""

    def letter_texts(self) -> dict[tuple[str, str], str]:
        """The current texts that stand in place of the pack's, in the order in which they were saved."""
        query = select(TEXT).where(TEXT.c.is_current.is_(True), TEXT.c.is_pack.is_(False)).order_by(TEXT.c.id)
        with self.read() as connection:
            return {(row.name, row.language): row.text for row in connection.execute(query)}

    def letter_texts_stamp(self) -> int:
        """Another number after every change."""
        with self.read() as connection:
            return int(connection.execute(select(func.coalesce(func.max(TEXT.c.id), 0))).scalar_one())

    def letter_text_versions(self, name: str, language: str) -> tuple[LetterVersion, ...]:
        """Every version of a text, newest first; empty if only the pack's was ever used."""
        query = select(TEXT).where(TEXT.c.name == name, TEXT.c.language == language).order_by(TEXT.c.number.desc())
        with self.read() as connection:
            return tuple(_version(row) for row in connection.execute(query))

    def save_letter_text(
        self, name: str, language: str, text: str, *, based_on: int | None, by: str, now: datetime, note: str = ""
    ) -> LetterVersion:
        """Make a new current version.

        Args:
            name: The template's or part's name.
            language: Its language.
            text: The template text; the caller has checked that it renders.
            based_on: The number of the newest version when the text was read; None if there was none.
            by: The agent.
            now: The time.
            note: Why, for the list of versions.

        Raises:
            EditConflict: Someone else has saved it since. Nothing was written.
        """
        return self._add(name, language, text.replace("\x00", ""), based_on, by, now, note, is_pack=False)

    def restore_pack_text(
        self, name: str, language: str, *, based_on: int | None, by: str, now: datetime, note: str = ""
    ) -> LetterVersion:
        """Go back to the pack's own text, whatever it is or will be.

        Raises:
            EditConflict: Someone else has saved the text since. Nothing was written.
        """
        return self._add(name, language, "", based_on, by, now, note, is_pack=True)

    def _add(
        self,
        name: str,
        language: str,
        text: str,
        based_on: int | None,
        by: str,
        now: datetime,
        note: str,
        *,
        is_pack: bool,
    ) -> LetterVersion:
        here = (TEXT.c.name == name, TEXT.c.language == language)
        plain = " ".join(note.replace("\x00", "").split())[:_LONGEST_NOTE]
        with self.write() as connection:
            lock_texts(connection)
            latest = _latest(connection, name, language)
            if (latest.number if latest else None) != based_on:
                raise EditConflict(name=name, language=language, by=latest.by if latest else "")
            connection.execute(update(TEXT).where(*here, TEXT.c.is_current.is_(True)).values(is_current=False))
            number = (based_on or 0) + 1
            made = connection.execute(
                insert(TEXT)
                .values(
                    name=name,
                    language=language,
                    number=number,
                    text=text,
                    by=by,
                    at=now,
                    note=plain,
                    is_current=True,
                    is_pack=is_pack,
                )
                .returning(TEXT)
            ).one()
            what = "text_restored" if is_pack else "text_saved"
            add_desk_event(connection, now, by, what, f"{name} {language} {number} {plain}".strip())
            return _version(made)


def _latest(connection: Connection, name: str, language: str) -> Row[tuple[object, ...]] | None:
    query = select(TEXT).where(TEXT.c.name == name, TEXT.c.language == language).order_by(TEXT.c.number.desc())
    return connection.execute(query.limit(1)).first()


def _version(row: Row[tuple[object, ...]]) -> LetterVersion:
    return LetterVersion(
        name=row.name,
        language=row.language,
        number=row.number,
        text=row.text,
        by=row.by,
        at=row.at,
        note=row.note,
        is_current=row.is_current,
        is_pack=row.is_pack,
    )
