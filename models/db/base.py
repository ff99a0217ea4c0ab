"""What every part of the store shares: the engine and its transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.db.engine import make_engine, transaction

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection


class Shelf:
    """One part of the store."""

    def __init__(self, url: str) -> None:
        self._engine = make_engine(url)

    def write(self) -> AbstractContextManager[Connection]:
        """One writing transaction."""
        return transaction(self._engine, writes=True)

    def read(self) -> AbstractContextManager[Connection]:
        """One reading transaction."""
        return transaction(self._engine, writes=False)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()
