"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("uketsuke")
    except PackageNotFoundError:  # run from its sources
        return "0"


VERSION = _installed()
