"""The shipped weights: they belong to the corpus, survive a round trip, and read unseen mails as well as they are said to."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from classify.artefacts import BUILT_IN, CARD, WEIGHTS, load, save
from classify.assess import assess
from classify.evaluate import as_labelled
from classify.examples import examples_of
from classify.features import SentenceEncoder
from classify.labelled import LabelledMail, corpus_digest, load_corpus
from classify.learned import LearnedScorer
from classify.load import load_scorer
from classify.scorer import NoModels
from classify.train import Training
from ingest.parse import newly_written
from models.assessment import Section
from models.errors import ConfigError
from policy.pack import Pack

CORPUS = Path(__file__).parents[3] / "classify" / "corpus"


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="module")
def corpus() -> tuple[LabelledMail, ...]:
    return load_corpus(sorted(CORPUS.glob("*.mails")), newly_written)


@pytest.fixture(scope="module")
def sealed() -> tuple[LabelledMail, ...]:
    return load_corpus(sorted((CORPUS / "sealed").glob("*.mails")), newly_written)


def test_the_shipped_weights_were_trained_on_the_corpus_as_it_is() -> None:
    card = tomllib.loads((BUILT_IN / CARD).read_text(encoding="utf-8"))
    assert card["corpus_sha256"] == corpus_digest(CORPUS.glob("*.mails")), "the corpus changed: run uketsuke train"
    assert card["weights_sha256"] == hashlib.sha256((BUILT_IN / WEIGHTS).read_bytes()).hexdigest()


def test_saved_weights_say_the_same_when_loaded(
    corpus: tuple[LabelledMail, ...], encoder: SentenceEncoder, pack: Pack, tmp_path: Path
) -> None:
    some = [mail for mail in corpus if mail.writer in {"w3", "w7"}]
    fitted = Training.of(examples_of(some, pack), encoder, pack).fit()
    save(tmp_path, fitted.features, fitted.ridges, fitted.combiners, {})
    fresh = fitted.scorer()
    loaded = load(tmp_path, encoder)
    for mail in some[:6]:
        one, other = assess(mail.mail, pack, fresh), assess(mail.mail, pack, loaded)
        assert [issue.category for issue in one.issues] == [issue.category for issue in other.issues]
        for section in Section:
            assert one.sections[section].confidence == pytest.approx(other.sections[section].confidence, abs=0.02)


def test_weights_that_do_not_belong_to_their_card_are_refused(tmp_path: Path, encoder: SentenceEncoder) -> None:
    (tmp_path / CARD).write_bytes((BUILT_IN / CARD).read_bytes())
    (tmp_path / WEIGHTS).write_bytes(b"other")
    with pytest.raises(ConfigError, match="run uketsuke train"):
        load(tmp_path, encoder)


def test_mails_of_an_unseen_writer_are_read_far_better_than_by_the_rules_alone(
    sealed: tuple[LabelledMail, ...], pack: Pack
) -> None:
    def right(scorer: LearnedScorer | NoModels) -> tuple[float, float]:
        reads = [(one, assess(one.mail, pack, scorer)) for one in sealed]
        first = sum(bool(seen.issues) and seen.issues[0].category is one.issues[0].category for one, seen in reads)
        sections = sum((s in one.sections) == seen.sections[s].present for one, seen in reads for s in Section)
        return first / len(reads), sections / (len(reads) * len(Section))

    scorer = load_scorer()
    assert isinstance(scorer, LearnedScorer)
    learned, rules = right(scorer), right(NoModels())
    assert learned[0] >= max(0.85, rules[0])
    assert learned[1] >= max(0.92, rules[1])


def test_labels_become_an_assessment_without_doubt(sealed: tuple[LabelledMail, ...], pack: Pack) -> None:
    one = sealed[0]
    seen = as_labelled(one, assess(one.mail, pack, NoModels()))
    assert {s for s in Section if seen.sections[s].present} == set(one.sections)
    assert [issue.category for issue in seen.issues] == [issue.category for issue in one.issues]


def test_whoever_loads_the_models_multiplies_in_one_thread() -> None:
    with threadpool_limits(limits=2):
        load_scorer()
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
