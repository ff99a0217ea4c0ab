"""[shell] Reads labelled mails by models that have not seen their writer, and by the rules alone; `classify.figures` counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from classify.assess import assess
from classify.examples import examples_of
from classify.features import SentenceEncoder
from classify.figures import Read, headline, letter_curves, letters_report, report
from classify.plots import plot_curve, plot_letters, plot_reads
from classify.precision import dump_curves
from classify.scorer import NoModels
from classify.train import Training
from models.assessment import FACETS_OF_KIND, Finding, Issue, Section
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from classify.labelled import LabelledMail
    from classify.scorer import Scorer
    from models.assessment import Assessment
    from models.decision import Decision
    from models.mail import Mail
    from policy.pack import Pack

    Decide = Callable[[Mail, Assessment], Decision]
    Progress = Callable[[Sequence[str]], Iterable[str]]

_SURE = 0.99
SHARES = (0.15, 0.35, 0.65)  # of the other writers, for the learning curve
_FOLDS = 3


def evaluate(
    mails: Sequence[LabelledMail],
    pack: Pack,
    decide: Decide,
    progress: Progress,
    *,
    shipped: Callable[[], Scorer] = NoModels,
    with_curve: bool = False,
    plots: Path | None = None,
    curves_file: Path | None = None,
) -> Iterator[str]:
    """A report in plain text, line by line: rules alone, then rules and models with each writer left out in turn.

    Args:
        mails: Labelled mails. Of one writer only, they are read by `shipped` instead: there is nothing to leave out.
        pack: The policy.
        decide: The decision on a mail that nobody has seen before.
        progress: Wraps a loop that takes long.
        shipped: Loads the scorer of this installation.
        with_curve: The learning curve too.
        plots: A folder for the plots.
        curves_file: Beside the weights that these mails have trained; gets the precision of letters by threshold.

    Raises:
        ConfigError: Plots are wanted without matplotlib, or curves from the mails of one writer.
    """
    writers = sorted({one.writer for one in mails})
    if curves_file and len(writers) == 1:
        raise ConfigError("curves need mails of several writers: each is left out of training in turn")
    yield from (f"{len(mails)} mails by {len(writers)} writers", "", "== rules alone")
    yield from report(read_all(mails, pack, NoModels(), decide))
    if len(writers) == 1:
        yield from ("", "== the models of this installation")
        yield from report(read_all(mails, pack, shipped(), decide))
        return
    reads = left_out(mails, pack, decide, progress)
    yield from ("", "== rules and models, writer left out", *report(reads))
    letters = letter_curves(reads)
    yield from letters_report(letters)
    if curves_file:
        dump_curves(curves_file, letters)
        yield f"curves of the letters written to {curves_file}"
    if plots:
        plot_reads(reads, plots)
        plot_letters(letters, plots)
    if with_curve:
        yield from ("", "== learning curve: mails of other writers, figures")
        whole = len(mails) - len(mails) // len(writers)
        curve = [*learning_curve(mails, pack, decide, progress), (whole, headline(reads))]
        yield from (f"{n:>6}  " + "  ".join(f"{name} {value:.3f}" for name, value in said.items()) for n, said in curve)
        if plots:
            plot_curve(curve, plots)


def read_all(mails: Iterable[LabelledMail], pack: Pack, scorer: Scorer, decide: Decide) -> list[Read]:
    """Every mail read by the same scorer."""
    return [_read(one, pack, scorer, decide) for one in mails]


def left_out(mails: Sequence[LabelledMail], pack: Pack, decide: Decide, progress: Progress) -> list[Read]:
    """Every mail read by models that were trained without its writer; at least two writers."""
    training = Training.of(examples_of(mails, pack), SentenceEncoder(), pack)
    reads: list[Read] = []
    for writer in progress(sorted({one.writer for one in mails})):
        scorer = training.without(writer).fit().scorer()
        reads += read_all([one for one in mails if one.writer == writer], pack, scorer, decide)
    return reads


def learning_curve(
    mails: Sequence[LabelledMail], pack: Pack, decide: Decide, progress: Progress
) -> Iterator[tuple[int, dict[str, float]]]:
    """(mean number of mails learnt from, figures) for growing shares of the other writers, in folds of writers."""
    examples, encoder = examples_of(mails, pack), SentenceEncoder()
    writers = sorted({one.writer for one in mails})
    folds = [writers[fold::_FOLDS] for fold in range(_FOLDS)]
    for part in SHARES:
        reads: list[Read] = []
        sizes = []
        for number in progress([str(number) for number, fold in enumerate(folds) if fold]):
            out = folds[int(number)]
            others = [one for one in writers if one not in out]
            kept = set(others[: max(2, round(part * len(others)))])
            some = [one for one in examples if one.truth.writer in kept]
            sizes.append(len(some))
            scorer = Training.of(some, encoder, pack).fit().scorer()
            reads += read_all([one for one in mails if one.writer in out], pack, scorer, decide)
        yield sum(sizes) // len(sizes), headline(reads)


def _read(one: LabelledMail, pack: Pack, scorer: Scorer, decide: Decide) -> Read:
    seen = assess(one.mail, pack, scorer)
    return Read(truth=one, seen=seen, decision=decide(one.mail, seen), right=decide(one.mail, as_labelled(one, seen)))


def as_labelled(truth: LabelledMail, seen: Assessment) -> Assessment:
    """The assessment that the labels describe, without doubt; what has no label is kept as it was read."""
    return replace(
        seen,
        issues=tuple(
            Issue(gist="", category=issue.category, products=tuple(sorted(issue.products)), confidence=_SURE)
            for issue in truth.issues
        ),
        sections={one: _labelled(present=one in truth.sections, said=one in truth.answered) for one in Section},
        symptom_kind=truth.kind,
        facets={
            one: _labelled(present=one in truth.facets, said=False)
            for one in (FACETS_OF_KIND[truth.kind] if truth.kind else ())
        },
        evidence_linked=truth.evidence_linked,
        goal_linked=truth.goal_linked,
        multiple_accounts=truth.multiple_accounts,
        refers_elsewhere=truth.refers_elsewhere,
        hints=(),  # what was read besides must not decide what would be right
        confidence=_SURE,
    )


def _labelled(*, present: bool, said: bool) -> Finding:
    return Finding(present=present, answered=present or said, confidence=_SURE)
