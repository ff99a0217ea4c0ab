"""One TOML table, read with care: each getter checks the type, and what nobody asked for is an error.

An unknown key is nearly always a typing mistake, and a policy that silently ignores it would lie to its author.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import PackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Table:
    """A table of one policy file and the path of keys that leads to it."""

    def __init__(self, file: str, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise PackError(file=file, key=path or "-", mend="must be a table")
        self.file, self.path = file, path
        self._rest: dict[str, object] = dict(value)

    def wrong(self, key: str, mend: str) -> PackError:
        """The error of one key, to be raised."""
        return PackError(file=self.file, key=f"{self.path}.{key}".lstrip("."), mend=mend)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; `default` makes it optional."""
        value = self._rest.pop(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "must be a text in quotes")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._rest.pop(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def number(self, key: str, default: float) -> float:
        """A number of at least 0."""
        value = self._rest.pop(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.wrong(key, "must be a number of at least 0")
        return float(value)

    def count(self, key: str, default: int) -> int:
        """A whole number of at least 0."""
        value = self.number(key, default)
        if value != int(value):
            raise self.wrong(key, "must be a whole number")
        return int(value)

    def texts(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of strings; empty when absent and not needed."""
        value = self._rest.pop(key, None if needed else [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, 'must be a list of texts, like ["a", "b"]')
        return tuple(value)

    def localised(self, key: str, languages: tuple[str, ...]) -> Mapping[str, str]:
        """A text in each language of the pack; further languages may stand beside."""
        table = self.table(key)
        found = {language: table.text(language) for language in table.keys()}  # noqa: SIM118 - keys() is ours, not a dict's
        for language in languages:
            if not found.get(language):
                raise table.wrong(language, f"is missing: the pack speaks {', '.join(languages)}")
        return found

    def maybe_localised(self, key: str, languages: tuple[str, ...]) -> Mapping[str, str] | None:
        """The same, or None when the key is absent."""
        return self.localised(key, languages) if key in self._rest else None

    def lists(self, key: str) -> Mapping[str, tuple[str, ...]]:
        """Lists of strings by language."""
        table = self.table(key)
        return {language: table.texts(language) for language in table.keys()}  # noqa: SIM118

    def table(self, key: str, default: object = None) -> Table:
        """A table below this one."""
        return Table(self.file, self._rest.pop(key, default), f"{self.path}.{key}".lstrip("."))

    def tables(self, key: str, *, needed: bool = True) -> Iterator[Table]:
        """An array of tables below this one; without any when absent and not needed."""
        value = self._rest.pop(key, None if needed else [])
        if not isinstance(value, list):
            raise self.wrong(key, f"must be an array of tables, like [[{key}]]")
        for number, item in enumerate(value, 1):
            yield Table(self.file, item, f"{self.path}.{key}[{number}]".lstrip("."))

    def keys(self) -> tuple[str, ...]:
        """What has not been read yet."""
        return tuple(self._rest)

    def end(self) -> None:
        """Nothing may be left over.

        Raises:
            PackError: A key that nobody reads.
        """
        if self._rest:
            key = next(iter(self._rest))
            raise self.wrong(key, "no such key; remove it or mend its spelling")
