from __future__ import annotations

import csv
import io

import pytest

from desk.audit_pages import _row


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", " =1+1", "\n=1+1", "＝1+1", "＠x", "\t=1"])
def test_a_cell_that_a_spreadsheet_would_count_is_text(cell: str) -> None:
    """What is in there was typed by strangers: the name of a failed sign-in."""
    (read,) = csv.reader(io.StringIO(_row(("at", cell))))
    assert read == ["at", f"'{cell}"]


def test_other_cells_stay_as_they_are() -> None:
    (read,) = csv.reader(io.StringIO(_row(("hanako", "a=b", "山田"))))
    assert read == ["hanako", "a=b", "山田"]
