"""A quality report as one self-contained page: figures, bars, comparison with the week before. Everything is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from models.assessment import Category, Section

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from policy.pack import Pack
    from reports.quality import QualityReport

_WORDS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "title": "チケット品質レポート", "made": "作成", "tickets": "チケット数", "automatic": "うち自動メール", "complete": "初回メールで情報が揃っていた割合", "doubtful": "初回メールで揃っていたか断定できない割合", "unsure": "有無を断定できなかった項目", "asked": "情報をお願いした件数", "answered": "お願いの後に揃った割合", "ready": "対応可になるまでの時間(中央値)", "hours": "時間",
        "before": "前週", "by_disposition": "判定の内訳", "by_category": "区分の内訳", "by_product": "多かったプロダクト", "missing": "不足していた項目", "sections": "トラブルのチケットに書かれていた項目", "by_day": "日別の件数", "silence": "返信しなかった理由", "missing_by_category": "区分ごとの不足", "none": "なし",
        "advice": "まず手を打つところ", "advice_text": "もっとも多く不足していたのは「{item}」です({count} 件)。問い合わせフォームや案内ページで、この項目の記入例を示すと効果が見込めます。", "advice_none": "不足の目立つ項目はありませんでした。",
        "accept": "受付", "request_information": "情報のお願い", "split": "分割のお願い", "out_of_scope": "範囲外", "policy_notice": "非開示のご案内", "account_notice": "アカウントのご案内", "no_reply": "返信なし", "of": "件中",
        "by_language": "言語の内訳", "ja": "日本語", "en": "英語", "zh": "中国語", "other": "その他", "automatic_mail": "自動送信",
        "may_not_reply": "返信してはいけないメール", "null_sender": "差出人が空", "trust_failed": "差出人の確認に失敗", "no_usable_address": "返信できる宛先なし", "role_address": "人が読まない宛先", "own_address": "窓口自身のアドレス", "bounce_hold": "宛先に不達があった", "repeated_body": "同じ本文の繰り返し", "letter_spent": "同じ返信を送付済み", "letters_spent": "お願いを送り終えている", "quick_reply": "直後の自動的な返信", "closed": "完了した受付", "no_letters_in_language": "この言語の文面がない",
        "rate_sender_hour": "差出人ごとの上限(1時間)", "rate_sender_day": "差出人ごとの上限(1日)", "rate_domain_hour": "ドメインごとの上限(1時間)", "rate_total": "全体の上限(10分間)", "blocked": "「送らない」に登録された宛先", "same_text": "同じ文面を24時間以内に送付済み", "stopped": "すべての返信を停止中", "mode_off": "作成しない設定の種類",
    },
    "en": {
        "title": "Ticket quality report", "made": "made", "tickets": "Tickets", "automatic": "automatic mails among them", "complete": "Surely complete at the first mail", "doubtful": "Not sure whether the first mail was complete", "unsure": "Required items we were not sure of", "asked": "Asked for information", "answered": "Complete after asking", "ready": "Median time until ready", "hours": "h",
        "before": "week before", "by_disposition": "Decisions", "by_category": "Categories", "by_product": "Products asked about most", "missing": "What was missing", "sections": "What trouble tickets held at first", "by_day": "Tickets by day", "silence": "Why letters were not sent", "missing_by_category": "Missing, by category", "none": "none",
        "advice": "Where to act first", "advice_text": 'Most often missing was "{item}" ({count} tickets). An example of it on the contact form or the help page should pay.', "advice_none": "No item was missing often.",
        "accept": "accepted", "request_information": "request for information", "split": "split notice", "out_of_scope": "out of scope", "policy_notice": "not disclosed", "account_notice": "other account", "no_reply": "no reply", "of": "of",
        "by_language": "Languages", "ja": "Japanese", "en": "English", "zh": "Chinese", "other": "other", "automatic_mail": "automatic mail",
        "may_not_reply": "must not be answered", "null_sender": "null sender", "trust_failed": "sender check failed", "no_usable_address": "no usable address", "role_address": "role address", "own_address": "the desk's own address", "bounce_hold": "address bounced", "repeated_body": "repeated text", "letter_spent": "letter sent before", "letters_spent": "all requests sent", "quick_reply": "reply within a minute", "closed": "ticket closed", "no_letters_in_language": "no letters in this language",
        "rate_sender_hour": "limit per sender and hour", "rate_sender_day": "limit per sender and day", "rate_domain_hour": "limit per domain and hour", "rate_total": "limit of all letters in ten minutes", "blocked": "address on the block list", "same_text": "same letter within a day", "stopped": "all letters stopped", "mode_off": "letters of this kind are off",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a bar chart."""

    label: str
    value: int
    share: float  # of the longest, in [0, 1]
    note: str = ""


def render_html(report: QualityReport, before: QualityReport, pack: Pack, language: str, now: datetime) -> str:
    """The page, in the language asked for where we have its words, else in English."""
    w = _WORDS.get(language, _WORDS["en"])
    names = {category.value: pack.categories[category].name.get(language, category.value) for category in Category}
    products = {one.id: one.name.get(language, one.id) for one in pack.products.values()}
    items = {item: question.heading.get(language, item) for item, question in pack.questions.items()}
    return (
        _environment()
        .get_template("report.html")
        .render(
            w=w,
            lang=language,
            report=report,
            before=before,
            now=now,
            charts=[
                (
                    w["by_day"],
                    [
                        Bar(label=f"{day:%m/%d}", value=count, share=count / max(1, *(c for _, c in report.by_day)))
                        for day, count in report.by_day
                    ],
                ),
                (w["by_disposition"], bars(report.by_disposition, w)),
                (w["by_category"], bars(report.by_category, names)),
                (w["by_language"], bars(report.by_language, w)),
                (w["missing"], bars(report.missing_items, items)),
                (w["unsure"], bars(report.unsure_items, items)),
                (w["sections"], _section_bars(report, pack, language, w)),
                (w["by_product"], bars(report.by_product, products)[:10]),
                (w["silence"], bars(report.silence, {**w, "automatic": w["automatic_mail"]})),
            ],
            missing_by_category=[
                (names.get(one, one), bars(counts, items)[:4]) for one, counts in report.missing_by_category.items()
            ],
            advice=_advice(report, items, w),
            percent=percent,
        )
    )


def bars(counts: Mapping[str, int], names: Mapping[str, str]) -> list[Bar]:
    """Bars of a counter, the largest first."""
    longest = max(counts.values(), default=1)
    return [Bar(label=names.get(key, key), value=value, share=value / longest) for key, value in counts.items()]


def percent(share: float | None) -> str:
    """A share for a person; a dash where there is nothing to divide by."""
    return "–" if share is None else f"{share * 100:.0f}%"


def _section_bars(report: QualityReport, pack: Pack, language: str, w: Mapping[str, str]) -> list[Bar]:
    if not report.trouble:
        return []
    return [
        Bar(
            label=pack.sections[section].get(language, section.value),
            value=report.sections_present[section],
            share=report.sections_present[section] / report.trouble,
            note=f"{w['of']} {report.trouble}" if language == "en" else f"/ {report.trouble}",
        )
        for section in Section
    ]


def _advice(report: QualityReport, items: Mapping[str, str], w: Mapping[str, str]) -> str:
    for item, count in report.missing_items.items():
        return w["advice_text"].format(item=items.get(item, item), count=count)
    return w["advice_none"]


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
