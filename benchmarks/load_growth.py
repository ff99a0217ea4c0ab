"""stub"""

from pathlib import Path


def growth_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None: ...
