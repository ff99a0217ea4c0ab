"""The pack with the letter texts that agents have saved at the desk, taken into use without a restart.

Promises: a saved text that does not fit the present pack never stops mail: one line is logged and the pack's own text
is used; the database is asked for one number as long as nothing was saved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.verify import letter_findings
from runtime.logs import log_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.db.store import Store
    from models.errors import PackError
    from policy.pack import Pack


class SavedTexts:
    """A pack and what the desk says in its place."""

    def __init__(self, store: Store, pack: Pack) -> None:
        self.store, self.pack = store, pack
        self.log = log_for("letter_texts")
        self._stamp = 0  # of an empty table
        self._overlaid = pack

    def current(self) -> Pack:
        """The pack as letters are written with now.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        stamp = self.store.letter_texts_stamp()
        if stamp != self._stamp:
            saved = self.store.letter_texts()
            refused: list[PackError] = []
            self._overlaid = overlaid(self.pack, saved, refused)
            for error in refused:
                self.log.error("letter_text_refused", error=str(error), note="the pack's own text is used")
            self._stamp = stamp
            self.log.info("letter_texts_taken", saved=len(saved), refused=len(refused))
        return self._overlaid


def overlaid(pack: Pack, saved: Mapping[tuple[str, str], str], refused: list[PackError]) -> Pack:
    """The pack with the saved texts in place of its own; those that do not fit are left out, their findings appended."""
    known = {key: text for key, text in saved.items() if key in pack.letters}
    whole = replace(pack, letters={**pack.letters, **known})
    if not any(finding for key in known for finding in _findings(whole, key)):
        return whole
    # Something does not fit: one after the other, in the order in which they were saved.
    for key, text in known.items():
        tried = replace(pack, letters={**pack.letters, key: text})
        finding = next(_findings(tried, key), None)
        if finding is None:
            pack = tried
        else:
            refused.append(finding)
    return pack


def _findings(pack: Pack, key: tuple[str, str]) -> Iterator[PackError]:
    return letter_findings(pack, *key)
