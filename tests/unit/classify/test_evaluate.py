"""Evaluations: writers are left out, figures are what they say, plots are drawn, curves written, one writer alone is read by the installed models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from classify.artefacts import BUILT_IN, CARD
from classify.assess import assess
from classify.evaluate import evaluate
from classify.figures import Read, error_at_coverage, f1, reliability, report
from classify.labelled import LabelledMail, load_corpus
from classify.precision import FILE, load_curves
from classify.scorer import NoModels
from ingest.parse import newly_written
from models.decision import Decision, Disposition, LetterKind
from models.errors import ConfigError
from policy.pack import Pack
from runtime.cli.models import _curves_file, decider

CORPUS = Path(__file__).parents[3] / "classify" / "corpus"


def some(name: str, amount: int) -> tuple[LabelledMail, ...]:
    return load_corpus([CORPUS / f"{name}.mails"], newly_written)[:amount]


def test_each_writer_is_left_out_and_plots_are_drawn(pack: Pack, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    mails = [*some("w3", 24), *some("w7", 24), *some("w15", 24)]
    left_out: list[str] = []

    def progress(writers: Sequence[str]) -> Sequence[str]:
        left_out.extend(writers)
        return writers

    curves_file = tmp_path / "weights" / FILE
    curves_file.parent.mkdir()
    (curves_file.parent / CARD).write_text('weights_sha256 = "ab"\n', encoding="utf-8")
    lines = list(evaluate(mails, pack, decider(pack), progress, plots=tmp_path / "plots", curves_file=curves_file))
    assert left_out == ["w15", "w3", "w7"]
    assert lines[0] == "72 mails by 3 writers"
    assert sum(line.startswith("disposition  ") for line in lines) == 2, "rules alone, then rules and models"
    assert {file.name for file in (tmp_path / "plots").iterdir()} == {"reliability.svg", "coverage.svg", "letters.svg"}
    assert lines[-1] == f"curves of the letters written to {curves_file}"
    assert LetterKind.REQUEST_INFORMATION in load_curves(curves_file).by_kind


def test_one_writer_alone_is_read_by_the_installed_models(pack: Pack) -> None:
    asked: list[str] = []

    def shipped() -> NoModels:
        asked.append("loaded")
        return NoModels()

    lines = list(evaluate(some("w3", 5), pack, decider(pack), lambda names: names, shipped=shipped))
    assert "== the models of this installation" in lines
    assert asked == ["loaded"]


def test_curves_need_several_writers(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="several writers"):
        list(evaluate(some("w3", 5), pack, decider(pack), lambda names: names, curves_file=tmp_path / FILE))


def test_curves_are_refused_for_mails_that_the_weights_do_not_know() -> None:
    with pytest.raises(ConfigError, match="trained on other mails"):
        _curves_file(CORPUS / "w3.mails")
    assert _curves_file(CORPUS) == BUILT_IN / FILE


def test_the_f1_of_a_label_weighs_presence_and_absence_alike() -> None:
    pairs = [(True, True)] * 8 + [(False, True)] * 2
    assert f1(pairs) == pytest.approx((16 / 18 + 0.0) / 2)
    assert f1([(True, True)]) == 1.0


def read(one: LabelledMail, pack: Pack, *, confidence: float, is_right: bool) -> Read:
    seen = assess(one.mail, pack, NoModels())
    right = Decision(disposition=Disposition.ACCEPT, confidence=1.0)
    said = Disposition.ACCEPT if is_right else Disposition.SPLIT
    return Read(truth=one, seen=seen, decision=replace(right, disposition=said, confidence=confidence), right=right)


def test_reliability_and_coverage_go_by_the_confidence_said(pack: Pack) -> None:
    mails = some("w3", 4)
    reads = [
        read(one, pack, confidence=said, is_right=right)
        for one, said, right in zip(mails, (0.2, 0.4, 0.8, 0.9), (False, True, True, True), strict=True)
    ]
    said, right, amounts = zip(*reliability(reads, bins=2), strict=True)
    assert said == pytest.approx((0.3, 0.85))
    assert (right, amounts) == ((0.5, 1.0), (2, 2))
    assert error_at_coverage(reads, (1.0, 0.75)) == [(1.0, 0.25), (0.75, 0.0)]
    assert "split" in "\n".join(report(reads))
