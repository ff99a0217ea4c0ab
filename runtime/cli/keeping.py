"""`backup` and `restore`: the whole desk as one file, whichever database it lives in."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from runtime.cli.common import make_data_dir, operator, print_text, settings_with_logs, store_as_it_is
from runtime.cli.progress import Bar
from runtime.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from models.db.store import Store
    from runtime.keeping import Archive, Manifest
    from runtime.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="of the backup, e.g. uketsuke-2026-11-29.zip; must not be there yet")],
    without_secret: Annotated[
        bool, typer.Option("--without-secret", help="leave the key of the signed ids out")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="only read FILE to its end and compare its checksums")
    ] = False,
) -> None:
    """Write the whole database and the secret into one file, while everything runs; or check such a file."""
    from runtime.keeping import Archive, write_backup

    settings = settings_with_logs()
    if verify:
        if without_secret:
            raise ConfigError("backup: --verify checks a file that is there; leave --without-secret out")
        with Archive(file) as archive:
            _verify(archive)
            print_text(f"{file}: every checksum is right")
            _print_manifest(archive.manifest)
        return
    secret = None if without_secret else _secret_of(settings)
    store_as_it_is(settings).close()
    with Bar("backup") as bar:
        for rows in write_backup(settings.url, file, secret=secret, clock=utc_now, counted=bar.expect):
            bar.step(rows)
    with Archive(file) as archive:
        print_text(f"written to {file} ({file.stat().st_size:,} bytes)")
        _print_manifest(archive.manifest)


def restore(
    file: Annotated[Path, typer.Argument(help="a backup")],
    same_moment: Annotated[
        bool,
        typer.Option(
            "--same-moment", help="the roles were stopped at the backup and have not run since: let letters go on"
        ),
    ] = False,
    without_secret: Annotated[
        bool, typer.Option("--without-secret", help="leave the secret of this machine as it is")
    ] = False,
    erasures: Annotated[
        Path | None,
        typer.Option(help="what `uketsuke erasures --json` wrote since the backup: whom it names is erased again"),
    ] = None,
) -> None:
    """Bring a backup into the empty database of the settings, SQLite or PostgreSQL; all of it or nothing."""
    from runtime.keeping import Archive, require_known
    from runtime.keeping import restore as bring_back
    from runtime.retention import read_erasures

    settings = settings_with_logs()
    erased = read_erasures(erasures) if erasures is not None else {}
    make_data_dir(settings)
    with Archive(file) as archive:
        require_known(archive.manifest, file)
        _verify(archive)
        store = store_as_it_is(settings)
        with _secret_in_place(settings, None if without_secret else archive.secret()), Bar("restore") as bar:
            bar.expect(archive.manifest.rows)
            done = bring_back(archive, store, now=utc_now(), is_same_moment=same_moment, read=bar.step)
            people = _erase_again(settings, store, erased, archive.manifest.taken_at)
        store.close()
        print_text(f"restored: {done.rows} rows of {file}")
        _print_manifest(archive.manifest)
    if archive.manifest.secret is None and not settings.secret_path.exists():
        print_text(
            f"the secret was not in the backup: put it to {settings.secret_path} before anything starts,"
            " or signed addresses of old letters no longer verify"
        )
    if erasures is not None:
        print_text(f"erased again, as since the backup: {people}")
    if not same_moment:
        print_text(
            f"{done.held} letters that waited are held for an agent, and all letters are stopped: look at the outbox view,"
            " then let them go again there"
        )
        print_text("numbers of tickets skip 10,000: those that were given after the backup are nobody else's")
    print_text(
        "the search finds old tickets as the scheduler writes its index; `uketsuke reindex --go-on` does it at once"
    )
    if done.are_books_equal is False:
        print(f"uketsuke: the books are not those of the backup: {done.books}", file=sys.stderr)
        sys.exit(1)
    print_text(
        "the books are those of the backup" if done.are_books_equal else "the backup has no books to compare with"
    )


def _erase_again(settings: Settings, store: Store, erased: Mapping[str, datetime], taken_at: datetime) -> int:
    """Erase whom the backup has brought back; how many people."""
    from runtime.retention import forget_again
    from runtime.secret import load_secret

    if not erased:
        return 0
    secret = load_secret(settings.secret_path)
    return sum(1 for _ in forget_again(store, erased, secret, taken_at=taken_at, now=utc_now(), by=operator()))


def _verify(archive: Archive) -> None:
    with Bar("verify") as bar:
        bar.expect(archive.manifest.rows)
        for rows in archive.verify():
            bar.step(rows)


def _print_manifest(manifest: Manifest) -> None:
    secret = "with the secret" if manifest.secret else "without the secret"
    print_text(
        f"taken at {manifest.taken_at.isoformat(timespec='seconds')} from {manifest.engine} by uketsuke {manifest.version},"
        f" shape {manifest.shape}, {len(manifest.tables)} tables, {manifest.rows} rows, {secret}"
    )
    if (books := manifest.books) is not None:
        names = ("accepted", "ticketed", "joined", "parked", "waiting", "duplicates", "deleted")
        print_text("books: " + ", ".join(f"{name} {books[name]}" for name in names))


def _secret_of(settings: Settings) -> bytes | None:
    """The content of the secret's file.

    Raises:
        ConfigError: It is there and cannot be read, or is not there though the desk needs it.
    """
    path = settings.secret_path
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"UKETSUKE_SECRET_FILE: {path}: {error.strerror}; name a file this user may read, or add --without-secret"
        ) from None


@contextmanager
def _secret_in_place(settings: Settings, content: bytes | None) -> Iterator[None]:
    """Put the secret where the settings have it; it goes again where what follows fails.

    Raises:
        ConfigError: Another one lies there, or it cannot be written.
    """
    path, is_ours = settings.secret_path, False
    if content is not None:
        is_ours = _put(path, content)
    try:
        yield
    except BaseException:
        if is_ours:
            path.unlink(missing_ok=True)
        raise


def _put(path: Path, content: bytes) -> bool:
    """Write a secret for its owner alone; False if the same one is there."""
    try:
        if path.exists():
            if path.read_bytes().strip() == content.strip():
                return False
            raise ConfigError(
                f"UKETSUKE_SECRET_FILE: {path}: is another secret than that of the backup; move it away, or add --without-secret"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigError(f"UKETSUKE_SECRET_FILE: {path}: {error.strerror}; name a file this user may write") from None
    return True
