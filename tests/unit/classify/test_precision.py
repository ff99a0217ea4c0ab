"""Thresholds of letters: they come from what was measured, luck does not count, and curves of other weights are not used."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify import artefacts
from classify.assess import assess
from classify.figures import Read, letter_curves, letters_report
from classify.labelled import load_corpus
from classify.precision import (
    ENOUGH,
    FILE,
    PrecisionCurve,
    corpus_beside,
    curve_of,
    curves_text,
    dump_curves,
    load_curves,
    parse_curves,
    weights_beside,
    wilson_lower,
)
from classify.scorer import NoModels
from ingest.parse import newly_written
from models.assessment import Facet, Section
from models.decision import Decision, Disposition, LetterKind
from models.errors import ConfigError
from policy.pack import Pack

CORPUS = Path(__file__).parents[3] / "classify" / "corpus"
WEIGHTS = "ab" * 32


def letters(*groups: tuple[float, int, int]) -> list[tuple[float, bool]]:
    """(confidence, right, wrong) -> that many letters of this confidence."""
    return [(said, place < right) for said, right, wrong in groups for place in range(right + wrong)]


def curve(*groups: tuple[float, int, int]) -> PrecisionCurve:
    return curve_of(LetterKind.SPLIT, letters(*groups))


RISING = ((0.555, 10, 30), (0.7, 30, 20), (0.9, 95, 5))


def test_steps_count_what_is_at_least_as_sure() -> None:
    counts = [(one.threshold, one.letters, one.right) for one in curve(*RISING).steps]
    assert counts == [(0.55, 190, 135), (0.7, 150, 125), (0.9, 100, 95)]


def test_a_wanted_precision_sets_the_least_threshold_that_reaches_it() -> None:
    one = curve(*RISING)
    assert [one.threshold_for(wanted) for wanted in (0.0, 0.71, 0.72, 0.83, 0.84, 0.95)] == [
        *(0.55, 0.55, 0.7, 0.7, 0.9, 0.9)
    ]
    assert one.threshold_for(0.96) is None, "every letter waits for an agent"


def test_precision_and_coverage_between_and_beyond_the_steps() -> None:
    one = curve(*RISING)
    assert one.precision_at(0.2) == pytest.approx(135 / 190)
    assert one.precision_at(0.71) == 0.95
    assert one.precision_at(0.91) is None
    assert [one.coverage_at(threshold) for threshold in (0.0, 0.7, 0.91, None)] == [1.0, 150 / 190, 0.0, 0.0]


def test_a_lucky_step_is_no_threshold() -> None:
    """0.8 looks like 0.9 at or above it, only because the letters just under it failed, and those above are no better."""
    one = curve((0.6, 50, 10), (0.79, 0, 10), (0.8, 40, 0), (0.9, 40, 10))
    assert one.precision_at(0.8) == pytest.approx(80 / 90)
    assert one.threshold_for(0.85) == 0.8
    dip = curve((0.6, 30, 0), (0.7, 20, 10), (0.8, 45, 5))
    assert dip.precision_at(0.6) == pytest.approx(95 / 110)
    assert dip.threshold_for(0.86) == 0.6
    assert dip.threshold_for(0.89) == 0.8
    worse_above = curve((0.7, 40, 0), (0.8, 40, 20))
    assert worse_above.threshold_for(0.75) == 0.7
    assert worse_above.threshold_for(0.85) is None, "the surer letters are worse: no threshold mends that"


def test_few_letters_prove_nothing() -> None:
    assert curve((0.9, ENOUGH - 1, 0)).threshold_for(0.5) is None
    assert curve((0.9, ENOUGH, 0)).threshold_for(0.99) == 0.9
    assert curve((0.6, 40, 40), (0.9, ENOUGH - 1, 0)).threshold_for(0.9) is None


def test_the_lower_bound_is_wilsons() -> None:
    assert wilson_lower(81, 263) == pytest.approx(0.2553, abs=1e-4)  # Newcombe 1998, Statist. Med. 17, 857-872, table I
    assert wilson_lower(15, 148) == pytest.approx(0.0624, abs=1e-4)
    assert wilson_lower(0, 20) == 0.0
    assert wilson_lower(29, 29) == pytest.approx(0.8830, abs=1e-4)


MEASURED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@given(MEASURED)
def test_a_threshold_keeps_what_it_promises(measured: list[tuple[float, bool]]) -> None:
    one = curve_of(LetterKind.SPLIT, measured)
    assert one.steps[0].letters == len(measured)
    found = [one.threshold_for(wanted / 20) for wanted in range(21)]
    for wanted, threshold in enumerate(found):
        if threshold is not None:
            above = [is_right for confidence, is_right in measured if confidence >= threshold]
            assert len(above) >= ENOUGH
            assert sum(above) / len(above) >= wanted / 20
    known = [threshold for threshold in found if threshold is not None]
    assert known == sorted(known), "a higher wish never lowers the threshold"
    assert found == [*known, *[None] * (len(found) - len(known))]


@given(MEASURED)
def test_curves_survive_their_text(measured: list[tuple[float, bool]]) -> None:
    curves = {kind: curve_of(kind, measured) for kind in (LetterKind.SPLIT, LetterKind.ACKNOWLEDGEMENT)}
    assert parse_curves(curves_text(curves, WEIGHTS), WEIGHTS).by_kind == curves


def card(folder: Path, weights: str) -> Path:
    (folder / artefacts.CARD).write_text(f'weights_sha256 = "{weights}"\ncorpus_sha256 = "c"\n', encoding="utf-8")
    return folder / FILE


def test_curves_belong_to_the_weights_beside_them(tmp_path: Path) -> None:
    file = card(tmp_path, WEIGHTS)
    assert (weights_beside(file), corpus_beside(file)) == (WEIGHTS, "c")
    dump_curves(file, {LetterKind.SPLIT: curve(*RISING)})
    loaded = load_curves(file)
    assert (loaded.trouble, loaded.by_kind[LetterKind.SPLIT]) == ("", curve(*RISING))
    card(tmp_path, "cd" * 32)
    other = load_curves(file)
    assert not other.by_kind
    assert "measured with other weights" in other.trouble
    assert "uketsuke evaluate --curves" in other.trouble


def test_without_curves_there_is_a_reason(tmp_path: Path) -> None:
    assert "not there" in load_curves(tmp_path / FILE).trouble


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[nonsense]\nsteps = [[0.5, 2, 1]]",
        "[split]\nsteps = []",
        "[split]\nsteps = [[0.5, 2]]",
        "[split]\nsteps = [[0.5, 2, 3]]",
        "[split]\nsteps = [[0.6, 9, 8], [0.5, 5, 5]]",
        "[split]\nsteps = [[0.5, 5, 5], [0.6, 9, 8]]",
        "split = 1",
        "not toml",
    ],
)
def test_damaged_curves_are_an_error_or_empty(tmp_path: Path, text: str) -> None:
    file = card(tmp_path, WEIGHTS)
    file.write_text(f'format = 1\nweights_sha256 = "{WEIGHTS}"\n{text}\n', encoding="utf-8")
    if not text:
        assert load_curves(file).by_kind == {}
    else:
        with pytest.raises(ConfigError, match=r"precision\.toml.*uketsuke evaluate --curves"):
            load_curves(file)


def test_no_card_no_curves(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="uketsuke train"):
        dump_curves(tmp_path / FILE, {})


def test_loading_curves_loads_no_numbers_library() -> None:
    code = "import sys, classify.precision; sys.exit('numpy' in sys.modules or 'sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_shipped_curves_belong_to_the_shipped_weights() -> None:
    curves = load_curves(artefacts.BUILT_IN / FILE)
    assert curves.trouble == ""
    assert {LetterKind.REQUEST_INFORMATION, LetterKind.SPLIT, LetterKind.ACKNOWLEDGEMENT} <= set(curves.by_kind)


@pytest.fixture
def request_read(pack: Pack) -> Read:
    one = load_corpus([CORPUS / "w3.mails"], newly_written)[0]
    truth = replace(
        one, sections=frozenset({Section.WHEN}), answered=frozenset({Section.GOAL}), facets=frozenset({Facet.STEPS})
    )
    asked = Decision(
        disposition=Disposition.REQUEST_INFORMATION,
        letter=LetterKind.REQUEST_INFORMATION,
        missing=("where",),
        confidence=0.9,
    )
    return Read(truth=truth, seen=assess(one.mail, pack, NoModels()), decision=asked, right=asked)


@pytest.mark.parametrize(
    ("missing", "along", "is_right"),
    [
        (("where",), ("who",), True),
        (("when",), (), False),
        (("goal",), (), False),
        (("facet:steps",), (), False),
        (("where",), ("when",), False),
    ],
)
def test_a_letter_that_asks_for_what_is_there_is_wrong(
    request_read: Read, missing: tuple[str, ...], along: tuple[str, ...], is_right: bool
) -> None:
    decision = replace(request_read.decision, missing=missing, asked_along=along)
    assert replace(request_read, decision=decision).is_right_letter is is_right


def test_letters_are_counted_by_kind_held_or_not(request_read: Read) -> None:
    wrong = replace(request_read, right=replace(request_read.right, disposition=Disposition.ACCEPT))
    held = replace(wrong, decision=replace(wrong.decision, hold=True, confidence=0.4))
    silent = replace(wrong, decision=replace(wrong.decision, letter=None))
    found = letter_curves([request_read] * ENOUGH + [held, silent])
    assert [(kind, one.steps[0].letters, one.steps[0].right) for kind, one in found.items()] == [
        (LetterKind.REQUEST_INFORMATION, ENOUGH + 1, ENOUGH)
    ]
    said = list(letters_report(found, wanted=(0.9, 0.99)))
    assert said[1:] == [
        "  request_information    all: 0.952  0.773  n 21",
        "    0.90  0.40  0.952  0.773  100%  n 21",
        "    0.99  0.90  1.000  0.839   95%  n 20",
    ]
