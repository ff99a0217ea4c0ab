"""[shell] Writes a new pack into a folder: the small one of `files`, or a copy of one that is there.

Promises: either a whole pack that loads as it is, or a `ConfigError` and no folder. Nothing that is there is written over.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from models.errors import ConfigError
from policy.load import find_pack, load_pack

FILES = Path(__file__).parent / "files"
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


def new_pack(folder: Path) -> int:
    """Write the small pack into a new folder; returns the number of its files.

    Raises:
        ConfigError: The folder is there, cannot be written, or its name is no name for a pack.
    """
    return _make(FILES, folder, models="")


def copy_pack(name: str, folder: Path) -> int:
    """Copy a pack into a new folder, under the folder's name; returns the number of its files.

    The copy is read by the models that read its origin: it is the same trade until somebody says otherwise.

    Raises:
        PackError: There is no such pack, or it is unsound.
        ConfigError: As for `new_pack`.
    """
    return _make(find_pack(name), folder, models=load_pack(name).models)


def _make(origin: Path, folder: Path, models: str) -> int:
    ident = folder.resolve().name
    if _ID.fullmatch(ident) is None:
        raise ConfigError(f"{folder}: a pack is named by its folder: small letters, digits and _, like city_library")
    if folder.exists():
        raise ConfigError(f"{folder}: is there already, and nothing is written over; name a new folder")
    draft = folder.with_name(f".{folder.name}.new")
    try:
        shutil.copytree(origin, draft, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        _name(draft / "pack.toml", ident, models)
        draft.rename(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}; name a folder that this user may write") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sum(1 for file in folder.rglob("*") if file.is_file())


def _name(file: Path, ident: str, models: str) -> None:
    """Give the pack its id, and say whose models read it."""
    text = file.read_text(encoding="utf-8")
    text = re.sub(r'^id = ".*"', f'id = "{ident}"', text, count=1, flags=re.MULTILINE)
    if re.search(r"^models = ", text, re.MULTILINE) is None:
        note = "# whose models read the mails: this pack is a copy of that one"
        text = re.sub(r"^(id = .*)$", rf'\1\nmodels = "{models}"   {note}', text, count=1, flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
