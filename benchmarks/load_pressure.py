"""stub"""

from pathlib import Path


def pressure_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None: ...
