"""`train` and `evaluate`: the learned models, from the corpus that ships with the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from runtime.cli.common import print_text, settings_with_logs
from runtime.cli.progress import with_progress
from runtime.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from classify.labelled import LabelledMail
    from models.assessment import Assessment
    from models.decision import Decision
    from models.mail import Mail
    from policy.pack import Pack

CORPUS = Path(__file__).parents[2] / "classify" / "corpus"


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (train, evaluate):
        app.command()(command)


def train(
    out: Annotated[Path | None, typer.Option(help="folder for the artefacts; default: the built-in one")] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(help="a .mails file or a folder; may be given several times; default: the built-in corpus"),
    ] = None,
) -> None:
    """Train the models from the corpus; the same corpus gives the same weights, up to rounding."""
    from classify.artefacts import BUILT_IN
    from classify.features import SentenceEncoder
    from classify.labelled import corpus_digest, load_corpus
    from classify.nearest import write
    from classify.train import train as fit
    from ingest.parse import newly_written
    from policy.load import load_pack

    settings = settings_with_logs()
    files = [file for path in corpus or [CORPUS] for file in _files(path)]
    mails = load_corpus(files, newly_written)
    folder = out or BUILT_IN
    digest = corpus_digest(files)
    fit(mails, digest, folder, load_pack(settings.pack), utc_now().date())
    write(mails, digest, SentenceEncoder(), folder)
    print_text(f"trained on {len(mails)} mails; artefacts in {folder}")
    print_text("how precise letters are is now unknown: measure it with uketsuke evaluate --curves")


def evaluate(
    corpus: Annotated[Path | None, typer.Option(help="a .mails file or a folder; default: the built-in corpus")] = None,
    *,
    curve: Annotated[bool, typer.Option("--curve", help="the learning curve too")] = False,
    curves: Annotated[
        bool, typer.Option("--curves", help="write beside the weights how precise letters are, by threshold")
    ] = False,
    plots: Annotated[Path | None, typer.Option(help="a folder for plots (SVG)")] = None,
) -> None:
    """Cross-validate, each writer left out in turn, and print every figure by label."""
    from classify.evaluate import evaluate as measure
    from classify.load import load_scorer
    from policy.load import load_pack

    settings = settings_with_logs()
    pack = load_pack(settings.pack)
    curves_file = _curves_file(corpus or CORPUS) if curves else None

    def progress(writers: Sequence[str]) -> Iterator[str]:
        return with_progress(writers, "evaluate")

    report = measure(
        _corpus(corpus),
        pack,
        decider(pack),
        progress,
        shipped=load_scorer,
        with_curve=curve,
        plots=plots,
        curves_file=curves_file,
    )
    for line in report:
        print_text(line)


def decider(pack: Pack) -> Callable[[Mail, Assessment], Decision]:
    """The decision on a mail that nobody has seen before, for the evaluation of dispositions."""
    from responders.decide import decide
    from runtime.cli.reading import preview_history

    now = utc_now()

    def decide_first(mail: Mail, seen: Assessment) -> Decision:
        return decide(mail, seen, preview_history(now), pack)

    return decide_first


def _corpus(path: Path | None) -> tuple[LabelledMail, ...]:
    from classify.labelled import load_corpus
    from ingest.parse import newly_written

    return load_corpus(_files(path or CORPUS), newly_written)


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.mails")) if path.is_dir() else [path]


def _curves_file(corpus: Path) -> Path:
    """Where the curves go, looked at before the long run: they would not be those of weights from other mails."""
    from classify.artefacts import BUILT_IN
    from classify.labelled import corpus_digest
    from classify.precision import FILE, corpus_beside

    file = BUILT_IN / FILE
    if corpus_beside(file) != corpus_digest(_files(corpus)):
        raise ConfigError(f"--curves: the weights in {BUILT_IN} were trained on other mails; run uketsuke train")
    return file
