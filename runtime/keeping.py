"""The archive of a backup: a database as one file, checked before a row of it is believed.

A ZIP file: a member `tables/NAME.jsonl` for each table, the secret's file as `secret.key`, and `manifest.json` last. The first
line of a table names its columns and what they hold, each further line is one row as a JSON array; bytes are base64, instants
ISO 8601 in UTC. The manifest counts and hashes every member.

Promises: whoever is killed while writing leaves no file of that name; the archive is for its owner alone, as it holds every
mail and the secret; nothing is restored of an archive in which a single byte is not as it was.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any, Self

from models.db.migrate import known_shapes
from models.db.snapshot import Kind, Shape, load, settle, snapshot
from models.errors import ArchiveError, ConfigError
from runtime.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from models.db.snapshot import Snapshot
    from models.db.store import Store
    from models.views import Books

FORMAT = 1
MANIFEST, SECRET, TABLES = "manifest.json", "secret.key", "tables/"
_LEVEL = 1  # of zlib: mails are text and base64, more costs much time for little
_BLOCK = 2**20
_MOST_OF_MANIFEST = 16 * 2**20
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    binascii.Error,
    UnicodeDecodeError,
    NotImplementedError,
    RuntimeError,
)
_STEP = 200  # rows after which the caller hears of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One table of an archive."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive says of itself."""

    version: str  # of uketsuke
    shape: str  # the database's revision
    engine: str
    taken_at: datetime  # no row of the archive is younger
    ended_at: datetime
    tables: dict[str, Member]
    books: dict[str, Any] | None  # the balance of all deliveries; None of a database from before there was one
    secret: str | None  # SHA-256 of the secret's file, where it is in the archive

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(one.rows for one in self.tables.values())


# Writing


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name once it is whole and on disk; readable by its owner alone.

    Raises:
        ConfigError: There is a file of that name, or none can be made there.
        ArchiveError: It could not be written to its end.
    """
    if path.exists():
        raise ConfigError(f"{path}: is there already; name another file or move it away")
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a file in a folder that this user may write to") from None
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        _sync_folder(path)
    except OSError as error:
        raise ArchiveError(
            f"{path}: {error.strerror or error}; nothing was kept, free space or name another disk"
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_backup(
    url: str,
    file: Path,
    *,
    secret: bytes | None,
    clock: Callable[[], datetime],
    counted: Callable[[int], None] | None = None,
) -> Iterator[int]:
    """Write a database into an archive, while everything runs; yields how many rows were written since, as it goes.

    Args:
        url: Of the database. It is not brought along first: any shape can be kept.
        file: Of the archive; must not be there.
        secret: The content of the secret's file; None leaves it out.
        clock: The time.
        counted: Hears how many rows there will be, before the first.

    Raises:
        ConfigError: There is no such database, or the file is there.
        ArchiveError: The archive could not be written.
        StoreUnavailable: The database cannot be reached.
    """
    with new_file(file) as out, snapshot(url) as taken:
        books = taken.books()  # the first statement: from here on the snapshot stands still
        taken_at = clock()
        if counted is not None:
            counted(sum(taken.count(shape) for shape in taken.shapes))
        members: dict[str, Member] = {}
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for shape in taken.shapes:
                with archive.open(_named(f"{TABLES}{shape.name}.jsonl", taken_at), "w", force_zip64=True) as member:
                    members[shape.name] = yield from _write_table(taken, shape, member)
            if secret is not None:
                archive.writestr(_named(SECRET, taken_at), secret)
            manifest = {
                "format": FORMAT,
                "program": "uketsuke",
                "version": VERSION,
                "shape": taken.revision,
                "engine": taken.engine,
                "taken_at": taken_at.isoformat(),
                "ended_at": clock().isoformat(),
                "tables": {name: asdict(one) for name, one in members.items()},
                "books": _books_value(books),
                "secret": hashlib.sha256(secret).hexdigest() if secret is not None else None,
            }
            archive.writestr(_named(MANIFEST, taken_at), json.dumps(manifest, indent=1).encode())


def _named(name: str, at: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return info


def _books_value(books: Books | None) -> dict[str, Any] | None:
    return {**asdict(books), "faults": list(books.faults)} if books is not None else None


def _write_table(taken: Snapshot, shape: Shape, member: IO[bytes]) -> Generator[int, None, Member]:
    """Write one table; yields now and then how many rows, returns the member."""
    digest, size, rows, told = hashlib.sha256(), 0, 0, 0
    head = {
        "table": shape.name,
        "columns": [[name, kind.value] for name, kind in shape.columns],
        "key": list(shape.key),
    }

    def write(value: object) -> int:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
        digest.update(line)
        member.write(line)
        return len(line)

    size += write(head)
    kinds = [kind for _, kind in shape.columns]
    for row in taken.rows(shape):
        size += write([_to_json(value, kind) for value, kind in zip(row, kinds, strict=True)])
        rows += 1
        if rows - told == _STEP:
            yield _STEP
            told = rows
    yield rows - told
    return Member(rows=rows, bytes=size, sha256=digest.hexdigest())


def _to_json(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - a column's value
    if value is None:
        return None
    match kind:
        case Kind.BYTES:
            return base64.b64encode(value).decode("ascii")
        case Kind.INSTANT:
            return value.isoformat()
        case Kind.DAY:
            return value.isoformat()
        case _:
            return value


def _from_json(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - a column's value
    if value is None:
        return None
    match kind:
        case Kind.BYTES:
            return base64.b64decode(value, validate=True)
        case Kind.INSTANT:
            return datetime.fromisoformat(value)
        case Kind.DAY:
            return date.fromisoformat(value)
        case _:
            return value


# Reading


class Archive:
    """An archive that was opened; nothing of it is believed before `verify`."""

    def __init__(self, file: Path) -> None:
        """Open it and read its manifest.

        Raises:
            ConfigError: It is no archive, a part of one, or a newer version's.
        """
        self.file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except OSError as error:
            raise ConfigError(f"{file}: {error.strerror or error}; name a backup that this user may read") from None
        except _DAMAGE:
            raise ConfigError(f"{file}: is no backup of uketsuke, or only a part of one; name another") from None
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _read_manifest(self) -> Manifest:
        try:
            info = self._zip.getinfo(MANIFEST)
            if info.file_size > _MOST_OF_MANIFEST:
                raise ValueError("too large")  # noqa: TRY301 - as any other wrong manifest
            value = json.loads(self._zip.read(MANIFEST))
            form, program = value["format"], value["program"]
            if program == "uketsuke" and form > FORMAT:
                raise ConfigError(f"{self.file}: was made by uketsuke {value['version']}, which is newer; use that one")
            if (program, form) != ("uketsuke", FORMAT):
                raise ValueError(program)  # noqa: TRY301 - as above
            return Manifest(
                version=value["version"],
                shape=value["shape"],
                engine=value["engine"],
                taken_at=datetime.fromisoformat(value["taken_at"]),
                ended_at=datetime.fromisoformat(value["ended_at"]),
                tables={name: Member(**one) for name, one in value["tables"].items()},
                books=value["books"],
                secret=value["secret"],
            )
        except (*_DAMAGE, KeyError, ValueError, TypeError, AttributeError, OSError):
            raise ConfigError(f"{self.file}: is no backup of uketsuke, or a damaged one; name another") from None

    def verify(self) -> Iterator[int]:
        """Read every byte and compare it with the manifest; yields how many rows were read since.

        Raises:
            ConfigError: Something is not as it was written.
        """
        names = {f"{TABLES}{name}.jsonl" for name in self.manifest.tables}
        there = set(self._zip.namelist()) - {MANIFEST, SECRET}
        if names != there:
            which = ", ".join(sorted(names ^ there)[:3])
            raise ConfigError(
                f"{self.file}: damaged: its tables are not those of its manifest ({which}); use another backup"
            )
        for name, member in self.manifest.tables.items():
            yield from self._verify_table(name, member)
        if self.manifest.secret is not None:
            self.secret()

    def _verify_table(self, name: str, member: Member) -> Iterator[int]:
        digest, lines = hashlib.sha256(), 0
        size = 0
        try:
            with self._zip.open(f"{TABLES}{name}.jsonl") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    more = block.count(b"\n")
                    lines += more
                    yield more
        except (*_DAMAGE, OSError) as error:
            raise self._damaged(name, error) from None
        if (digest.hexdigest(), size, lines - 1) != (member.sha256, member.bytes, member.rows):
            raise self._damaged(name, None)

    def _damaged(self, name: str, error: Exception | None) -> ConfigError:
        why = f" ({str(error).partition(chr(10))[0][:120]})" if error is not None and str(error) else ""
        return ConfigError(f"{self.file}: damaged: {name} is not as it was written{why}; use another backup")

    def secret(self) -> bytes | None:
        """The content of the secret's file; None where it was left out.

        Raises:
            ConfigError: It is not as it was written.
        """
        if self.manifest.secret is None:
            return None
        try:
            content = self._zip.read(SECRET)
        except (*_DAMAGE, KeyError, OSError) as error:
            raise self._damaged(SECRET, error) from None
        if hashlib.sha256(content).hexdigest() != self.manifest.secret:
            raise self._damaged(SECRET, None)
        return content

    def tables(self, read: Callable[[int], None] | None = None) -> Iterator[tuple[Shape, Iterator[Sequence[Any]]]]:
        """Each table with its rows, to be taken one after the other; `read` hears how many rows were taken since."""
        for name in self.manifest.tables:
            with self._zip.open(f"{TABLES}{name}.jsonl") as file:
                try:
                    head = json.loads(file.readline())
                    columns = tuple((str(column), Kind(kind)) for column, kind in head["columns"])
                    shape = Shape(name=head["table"], columns=columns, key=tuple(head["key"]))
                except (*_DAMAGE, KeyError, ValueError, TypeError) as error:
                    raise self._damaged(name, error) from None
                yield shape, self._rows(name, shape, file, read)

    def _rows(
        self, name: str, shape: Shape, file: IO[bytes], read: Callable[[int], None] | None
    ) -> Iterator[Sequence[Any]]:
        kinds = [kind for _, kind in shape.columns]
        try:
            for number, line in enumerate(file, 1):
                value = json.loads(line.decode("utf-8", "surrogatepass"))
                yield [_from_json(one, kind) for one, kind in zip(value, kinds, strict=True)]
                if read is not None and number % _STEP == 0:
                    read(_STEP)
        except (*_DAMAGE, ValueError, TypeError, OSError) as error:
            raise self._damaged(name, error) from None


# The way back


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore has brought back."""

    rows: int
    held: int  # letters that wait for an agent because they may have gone since
    books: dict[str, Any] | None  # as they stand by now
    are_books_equal: bool | None  # to those of the manifest; None where the archive has none


def require_known(manifest: Manifest, file: Path) -> None:
    """This version can bring that archive along.

    Raises:
        ConfigError: It is of a newer one.
    """
    if manifest.shape not in known_shapes():
        raise ConfigError(
            f"{file}: has the shape {manifest.shape} of uketsuke {manifest.version}, which is newer; restore it with that one"
        )


def restore(
    archive: Archive, store: Store, *, now: datetime, is_same_moment: bool, read: Callable[[int], None] | None = None
) -> Restored:
    """Load an archive, verified before, into an empty database; what waited then is kept back unless it is the same moment.

    Raises:
        ConfigError: The database is not empty, or the archive is of a newer version.
        StoreError: A row does not fit; nothing was written.
        StoreUnavailable: The database cannot be written; nothing was.
    """
    require_known(archive.manifest, archive.file)
    manifest, held = archive.manifest, [0]

    def settled(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's, which has no business here
        held[0] = settle(store, connection, taken_at=manifest.taken_at, now=now, is_same_moment=is_same_moment)

    loaded = load(store, manifest.shape, archive.tables(read), settle=settled, now=now)
    books = _books_value(store.books())
    return Restored(
        rows=sum(loaded.values()),
        held=held[0],
        books=books,
        are_books_equal=None if manifest.books is None else books == manifest.books,
    )
