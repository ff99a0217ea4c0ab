"""Advice in words: every code and unit in both languages, numbers that lead to their tickets, nothing read twice."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from policy.load import load_pack
from policy.pack import Pack
from reports.advice import Advice
from reports.figures import Cell, Figures
from reports.frame import Frame, Links
from reports.parts import Suggestion
from reports.periods import period_of
from reports.suggestions import suggestion
from reports.wording import Wording
from reports.words_advice import ADVICE
from tests.support.quality_figures import WEEK, figures, report

NOTICES = ("split", "out_of_scope", "not_disclosed", "other_account")
LACKS = ("needed", "not_given", "lacking", "unsure", "lacking_only", "share", "rest_share")
# Every code, with the names and numbers that it has, and what its gain may count.
CODES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "question_unanswered": (("item",), ("asked", "due", "answered", "share", "rest_share"), ("answers",)),
    "domain_lacks": (("domain", "item"), LACKS, ("requests", "clear")),
    "domain_unclear": (("domain", "item"), LACKS, ("clear",)),
    "product_lacks": (("product", "item"), LACKS, ("requests", "clear")),
    "product_unclear": (("product", "item"), LACKS, ("clear",)),
    "category_lacks": (
        ("category", "item"),
        ("needed", "lacking", "lacking_only", "share", "answer_share"),
        ("requests", "clear"),
    ),
    "domain_notice": (("domain", "measure"), ("people", "count", "share", "rest_share"), ("notices",)),
    "product_notice": (("product", "measure"), ("people", "count", "share", "rest_share"), ("notices",)),
    "kind_let_go": (("kind",), ("judged", "released", "went", "share"), ("releases",)),
    "kind_hold_less": (("kind",), ("judged", "released", "went", "share"), ("releases",)),
    "kind_shadow_right": (("kind",), ("judged", "right", "shadow", "share"), ("written",)),
    "kind_reworked": (("kind",), ("judged", "edited", "discarded", "share"), ("reworked",)),
    "kind_wrong": (("kind",), ("went", "heard_wrong", "stopped", "objected", "repeated", "share"), ("wrong",)),
    "letters_bounced": (("kind",), ("went", "bounced", "of_kind", "share"), ("bounced",)),
    "letters_failed": (("kind",), ("tried", "failed", "of_kind", "share"), ("failed",)),
    "train_again": (
        ("reasons",),
        ("people", "corrected", "corrected_usual", "held", "held_usual"),
        ("misread",),
    ),
    "intake_low": ((), ("now", "usual", "low"), ("",)),
}
NAMED = {
    "item": "when",
    "domain": "acme.example",
    "product": "ecs",
    "category": "product.troubleshooting",
    "kind": "split",
    "measure": "split",
    "reasons": "held,corrected",
}
CELL = Cell("not_given", "domain_item", "acme.example|when")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("alibabacloud_jp")


def made(code: str, unit: str = "", **more: object) -> Advice:
    names, numbers, units = CODES[code]
    whole = Advice(
        code=code,
        names={name: NAMED[name] for name in names},
        numbers={name: 0.5 if name.endswith("share") else 7 for name in numbers},
        gain=3.9,
        unit=unit or units[0],
        cell=CELL,
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def said(one: Advice, pack: Pack, language: str = "ja", now: Figures | None = None) -> Suggestion:
    wording = Wording(pack=pack, language=language)
    return suggestion(one, Frame(report=report(now or figures()), wording=wording, links=Links(desk=""), lines={}))


def plain(found: Suggestion) -> str:
    return " / ".join(("".join(run.text for run in found.title), "".join(run.text for run in found.text), found.gain))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("code", CODES)
def test_every_advice_has_words_whose_places_are_all_filled(code: str, language: str, pack: Pack) -> None:
    for unit in CODES[code][2]:
        for gain in (1.0, 3.9):
            told = plain(said(made(code, unit, gain=gain), pack, language))
            assert "{" not in told
            assert not unit or str(int(gain)) in told or "one" in told
    if code.endswith("_notice"):
        for measure in NOTICES:
            names = {**made(code).names, "measure": measure}
            all_of_them = said(made(code, names=names, numbers={**made(code).numbers, "share": 1.0}), pack, language)
            assert "{" not in plain(all_of_them)
            assert "100%" not in plain(all_of_them)
            assert measure not in plain(all_of_them) or measure == "split"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_word_is_left_over(language: str) -> None:
    ends = {f"{code}{end}" for code in CODES for end in ("_title", "_text", "_all_text")}
    ends |= {f"{code}_{measure}_title" for code in CODES for measure in NOTICES}
    ends |= {f"spares_{unit}{end}" for _, _, units in CODES.values() for unit in units for end in ("", "_one")}
    others = re.compile(r"(per|row)(_\w+)?|see_these|(notice|train)_\w+|shift_usual|\w+_shift")
    assert [key for key in ADVICE[language] if key not in ends and not others.fullmatch(key)] == []


def test_a_number_leads_to_the_tickets_that_it_counts(pack: Pack) -> None:
    lacking = Cell("lacking", "domain_item", "acme.example|when")
    one = made("domain_lacks", cells={"not_given": CELL, "lacking": lacking}, numbers={**dict.fromkeys(LACKS, 0.5), "not_given": 10, "lacking": 9})  # fmt: skip
    found = said(one, pack, now=figures({CELL: 10, lacking: 9}))
    links = {run.text: run.href for run in found.text if run.href}
    assert links["10"].endswith("measure=not_given&dimension=domain_item&value=acme.example%7Cwhen")
    assert "measure=lacking&" in links["9"]
    assert links["該当するチケット(10件)"] == links["10"]


def test_what_is_said_in_words_of_the_newcomer(pack: Pack) -> None:
    assert (
        said(made("category_lacks", "requests", gain=12.9), pack).gain
        == "見込める効果: 情報のお願いを週に12件以上減らせます"
    )
    assert (
        said(made("kind_wrong", gain=13.2), pack, "en").gain == "This would prevent at least 13 wrong letters a week."
    )
    assert "(フォームがあれば入力欄)" in plain(said(made("category_lacks"), pack))
    price = plain(said(made("kind_wrong", numbers=dict.fromkeys(CODES["kind_wrong"][1], 0.1) | {"went": 205, "stopped": 13}), pack))  # fmt: skip
    assert "「返信の設定」" in price
    assert "週に約205通の承認が必要になり、誤り13通以上を送信前に止められます" in price
    assert said(made("intake_low", numbers={"now": 0, "usual": 86, "low": 9.5}), pack).gain == ""
    low = plain(said(made("intake_low", numbers={"now": 0, "usual": 86, "low": 9.5}), pack))
    assert "通常約86件のところ0件です。受信が止まっていないかご確認ください" in low


def test_how_long_it_has_been_so(pack: Pack) -> None:
    four = made("domain_lacks", periods=4, shares=(0.62, 0.58, 0.6, 0.61))
    assert "4週連続で当てはまります(割合: 62% → 58% → 60% → 61%)。" in plain(said(four, pack))
    assert "5週以上連続" in plain(said(replace(four, periods=5, is_longer=True), pack))
    assert "for 4 weeks in a row (share: 62% → 58% → 60% → 61%)" in plain(said(four, pack, "en"))
    assert "3週連続で当てはまります。" in plain(said(made("train_again", periods=3), pack))
    assert "連続" not in plain(said(made("domain_lacks", shares=(0.6,)), pack))


@pytest.mark.parametrize(("kind", "per"), [("day", "1日に"), ("week", "週に"), ("month", "月に")])
def test_the_gain_is_of_the_period(kind: str, per: str, pack: Pack) -> None:
    now = replace(figures(), period=period_of(kind, WEEK.first_day, "Asia/Tokyo"))
    assert f"お願いを{per}3件以上" in said(made("domain_lacks", "requests"), pack, now=now).gain


def test_what_is_filled_in_is_not_read_again(pack: Pack) -> None:
    one = made("domain_lacks", names={"domain": "{needed}.{x}.example", "item": "{domain}"})
    found = said(one, pack)
    assert "{needed}.{x}.example" in plain(found)
    assert [run.is_foreign for run in found.title if "{needed}" in run.text] == [True]
