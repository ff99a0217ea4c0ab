"""Makes docs/quirks.md out of the specimens' notes: one line a case, so that page and specimens cannot part.

python -m tests.specimens.quirks
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "quirks.md"
GROUPS = {
    "charsets": "Charsets, headers, parts and files",
    "own_words": "The sender's own words",
    "automatic": "Automatic mail, and people who look like it",
}
HEAD = """# Quirks of real mail

Each line is a case that off-the-shelf reading gets wrong or that can go wrong, the specimen that shows it (`tests/specimens/`, our own writing) and
what makes it hard. `tests/specimens/test_specimens.py` holds every one. Made by `python -m tests.specimens.quirks`; write the note, not this page.
"""


def page() -> str:
    """The page as the notes of now make it."""
    out = [HEAD]
    for group, title in GROUPS.items():
        notes = sorted((FOLDER / group).rglob("*.json"))
        out.append(f"\n## {title} ({len(notes)})\n\n| specimen | what makes it hard |\n|---|---|\n")
        for note in notes:
            why = " ".join(str(json.loads(note.read_text(encoding="utf-8"))["why"]).replace("|", "\\|").split())
            out.append(f"| `{note.relative_to(FOLDER / group).with_suffix('').as_posix()}` | {why} |\n")
    return "".join(out)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
