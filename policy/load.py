"""A folder of TOML and letter templates becomes one `Pack`, checked whole.

Promises: either a pack in which every letter renders and every reference leads somewhere, or a `PackError` that names
file, key and mend. Reads files only; `docs/policy.md` describes each of them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import PackError
from policy.build import build_pack
from policy.verify import verify

if TYPE_CHECKING:
    from policy.pack import Pack

BUILT_IN = Path(__file__).parent
FILES = ("pack", "sections", "categories", "kinds", "questions", "products", "regions", "resources", "related", "cues")
OPTIONAL = ("asides", "advice")  # a small pack asks nothing along and has no advice


def load_pack(name: str | Path) -> Pack:
    """The pack of that built-in name or in that folder.

    Raises:
        PackError: Something is missing or wrong; the first finding, in one line.
    """
    folder = find_pack(name)
    files = {file: _read(folder / f"{file}.toml") for file in FILES}
    files |= {file: _read(path) if (path := folder / f"{file}.toml").exists() else {} for file in OPTIONAL}
    pack = build_pack(files, _letters(folder / "letters"))
    verify(pack)
    return pack


def find_pack(name: str | Path) -> Path:
    """The folder of a built-in name, or the folder itself."""
    for folder in (BUILT_IN / str(name), Path(name)):
        if (folder / "pack.toml").is_file():
            return folder
    known = ", ".join(sorted(path.parent.name for path in BUILT_IN.glob("*/pack.toml")))
    raise PackError(file=str(name), key="pack.toml", mend=f"no such pack; name a folder that holds one, or: {known}")


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackError(file=file.name, key="-", mend=f"{error.strerror}; every pack needs this file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(file=file.name, key="-", mend=f"not readable as TOML: {error}") from None


def _letters(folder: Path) -> dict[tuple[str, str], str]:
    """Template texts by (kind, language); `_name` files are parts that letters include."""
    return {(file.stem, file.parent.name): _letter(file) for file in sorted(folder.glob("*/*.txt"))}


def _letter(file: Path) -> str:
    name = f"letters/{file.parent.name}/{file.name}"
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PackError(file=name, key="-", mend=f"{error.strerror}; it must be readable") from None
    except UnicodeDecodeError as error:
        raise PackError(file=name, key="-", mend=f"not readable: {error}; save it as UTF-8") from None
