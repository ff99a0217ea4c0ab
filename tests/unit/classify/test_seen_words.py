"""How much of a mail is made of words that the models never saw: what it counts, and that it tells another field apart."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from classify.artefacts import BUILT_IN, CARD, SEEN, WEIGHTS, load, seen_file
from classify.assess import assess
from classify.examples import examples_of
from classify.features import SentenceEncoder, mask, words
from classify.labelled import load_corpus
from classify.learned import LearnedScorer, TextFeatures
from classify.scorer import NoModels
from classify.seen_words import seen_in, share_unseen
from classify.segment import make_document
from classify.units import units_of
from ingest.parse import newly_written
from models.errors import ConfigError

if TYPE_CHECKING:
    from classify.labelled import LabelledMail
    from classify.units import Unit
    from policy.pack import Pack

CORPUS = Path(__file__).parents[3] / "classify" / "corpus"
KITCHEN = (
    "玉ねぎを薄切りにして、弱火で飴色になるまで炒めます。\n鶏もも肉は一口大に切り、塩胡椒を揉み込んで三十分ほど寝かせてください。\n"
    "鍋に出汁を注ぎ、煮立ったら灰汁を掬い、味噌を溶き入れます。\n仕上げに刻み葱と柚子の皮を散らすと香りが引き立ちます。"
)
COURT = (
    "被告は原告に対し、賃貸借契約の解除に基づき本件建物の明渡しを求められている。\n賃借人の債務不履行が背信行為と認めるに足りない特段の事情の有無が争点である。\n"
    "原審は敷金返還請求権の譲渡を有効と判断したが、上告人は民法第九十条違反を主張する。\n仮処分の申立てを却下した決定に対し、即時抗告がなされた。"
)
CLOUD = (
    "ECSインスタンスにSSHで接続できません。\n昨日の夕方までは接続できていました。\nセキュリティグループの設定は変更していません。\n"
    "エラーメッセージは Connection timed out です。原因の調査をお願いいたします。"
)


@pytest.fixture(scope="module")
def scorer() -> LearnedScorer:
    return load(BUILT_IN, SentenceEncoder())


def _units(body: str, pack: Pack) -> tuple[Unit, ...]:
    return units_of(make_document("", body, (), pack.cues))


def test_a_word_counts_once_and_numbers_and_marks_not_at_all(pack: Pack) -> None:
    units = _units("接続できません。\n設定は変えていません。", pack)
    said = [["alpha", "alpha", "42", "!", "beta"], ["gamma", "beta"]]
    assert share_unseen(units, said, {"alpha", "beta"}) == pytest.approx(1 / 3)
    assert share_unseen(units, said, {"alpha", "beta", "gamma"}) == 0.0
    assert share_unseen(units, [["42"], ["!"]], {"alpha"}) is None


def test_words_of_log_lines_are_not_counted(pack: Pack) -> None:
    units = _units("接続できません。\n2026-11-20 10:01:02 ERROR worker-7f9 Zxqv: refused", pack)
    assert [unit.line.is_log for unit in units] == [False, True]
    assert share_unseen(units, [["接続"], ["zxqv", "worker"]], {"接続"}) == 0.0


def test_the_shipped_words_are_those_of_the_corpus(pack: Pack) -> None:
    examples = examples_of(load_corpus(sorted(CORPUS.glob("*.mails")), newly_written), pack)
    of_corpus = seen_in(words([mask(unit.text) for one in examples for unit in one.units]))
    kept = (BUILT_IN / SEEN).read_bytes()
    assert kept == seen_file(of_corpus), "the corpus changed: run uketsuke train"
    card = tomllib.loads((BUILT_IN / CARD).read_text(encoding="utf-8"))
    assert card["seen_words_sha256"] == hashlib.sha256(kept).hexdigest()


@pytest.mark.parametrize("text", [KITCHEN, COURT])
def test_a_mail_of_another_field_stands_out(text: str, scorer: LearnedScorer, pack: Pack) -> None:
    mail = load_corpus([CORPUS / "w1.mails"], newly_written)[0].mail
    of_our_field = assess(replace(mail, subject="接続できない", reply_text=CLOUD), pack, scorer).unknown_words
    of_another = assess(replace(mail, subject="", reply_text=text), pack, scorer).unknown_words
    assert of_our_field is not None
    assert of_another is not None
    assert of_our_field < 0.1
    assert of_another > 0.3


def test_mails_that_the_models_did_not_see_have_few_new_words(scorer: LearnedScorer, pack: Pack) -> None:
    sealed: tuple[LabelledMail, ...] = load_corpus(sorted((CORPUS / "sealed").glob("*.mails")), newly_written)
    shares = [assess(one.mail, pack, scorer).unknown_words for one in sealed[:60]]
    assert median(share for share in shares if share is not None) < 0.12


def test_nothing_is_measured_without_models_without_kept_words_and_without_text(
    scorer: LearnedScorer, pack: Pack
) -> None:
    mail = load_corpus([CORPUS / "w1.mails"], newly_written)[0].mail
    assert assess(mail, pack, NoModels()).unknown_words is None
    assert assess(replace(mail, subject="", reply_text=""), pack, scorer).unknown_words is None
    features: TextFeatures = scorer._features  # the same models, as of before the words were kept
    older = LearnedScorer(
        TextFeatures(features.encoder, features.chars, features.tokens),
        scorer._ridges,
        scorer._combiners,
    )
    without, seen = assess(mail, pack, older), assess(mail, pack, scorer)
    assert without.unknown_words is None
    assert seen.unknown_words == 0.0
    assert replace(seen, unknown_words=None) == without, "nothing else may depend on it"


def test_artefacts_of_before_are_read_and_damaged_words_are_refused(tmp_path: Path) -> None:
    card = (BUILT_IN / CARD).read_text(encoding="utf-8")
    (tmp_path / WEIGHTS).write_bytes((BUILT_IN / WEIGHTS).read_bytes())
    (tmp_path / CARD).write_text(
        "".join(line for line in card.splitlines(keepends=True) if "seen_words" not in line), encoding="utf-8"
    )
    encoder = SentenceEncoder()
    assert load(tmp_path, encoder)._features.seen == frozenset()
    (tmp_path / CARD).write_text(card, encoding="utf-8")
    with pytest.raises(ConfigError, match="run uketsuke train"):
        load(tmp_path, encoder)
    (tmp_path / SEEN).write_bytes((BUILT_IN / SEEN).read_bytes() + "別\n".encode())
    with pytest.raises(ConfigError, match="run uketsuke train"):
        load(tmp_path, encoder)
