"""The first mails of a simulated quarter: labelled mails of our own writing, bent to the habits of whoever sends them. Pure.

A habit is made by choosing and cutting, never by a word that nobody would write: who never says since when sends the mails
that were labelled so; whose product is nearly always split gets the mails that hold several questions.
"""

from __future__ import annotations

from base64 import encodebytes
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from models.assessment import Category, Section

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from classify.labelled import LabelledMail

MOSTLY_SPLIT = "rds"  # the product whose mails nearly always hold several questions
_KEPT_ALONE = 0.05  # of its mails with one question
_WRITING = SMTP.clone(max_line_length=900)
_SEVEN_BITS, _LOST = 128, 23
_SEVERAL = 2
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
_OFTEN_WITHOUT_TIME = 0.5
_BY_FORM = 0.9  # of all mails, once there is a form
_ASKED_BY_FORM = frozenset({Section.WHEN, Section.WHERE, Section.GOAL})  # nobody sends it without them


class Habit(StrEnum):
    """What a company does time and again."""

    NONE = ""
    NO_TIME = "no time"  # never says since when
    SEVERAL = "several"  # several questions at once
    SILENT = "silent"  # hardly ever writes back
    NEW_FIELD = "new field"  # asks about what the models have never read of


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer: its domain, how much it writes beside others, its language and its habit."""

    domain: str
    weight: float
    language: str = "ja"
    habit: Habit = Habit.NONE
    first_week: int = 0


COMPANIES = (
    Company(domain="kumano-logi.example", weight=7, habit=Habit.NO_TIME),
    Company(domain="aozora-si.example", weight=6, habit=Habit.SEVERAL),
    Company(domain="hokuto-foods.example", weight=5, habit=Habit.SILENT),
    Company(domain="kasumi-ai.example", weight=5, habit=Habit.NEW_FIELD, first_week=10),
    Company(domain="shiosai-bank.example", weight=6),
    Company(domain="midori-pay.example", weight=5),
    Company(domain="tachibana-denki.example", weight=5),
    Company(domain="minato-games.example", weight=5),
    Company(domain="yamabiko-media.example", weight=4),
    Company(domain="sakuragi-hosp.example", weight=4),
    Company(domain="tsurumi-univ.example", weight=3),
    Company(domain="asahigaoka-city.example", weight=3),
    Company(domain="ginga-travel.example", weight=3),
    Company(domain="kogane-shouken.example", weight=3),
    Company(domain="umikaze-ec.example", weight=3),
    Company(domain="takao-robotics.example", weight=2),
    Company(domain="nadeshiko-apparel.example", weight=2),
    Company(domain="fujimi-print.example", weight=2),
    Company(domain="hayabusa-telecom.example", weight=2),
    Company(domain="komorebi-edu.example", weight=2),
    Company(domain="matsukaze-law.example", weight=1),
    Company(domain="wakaba-nursery.example", weight=1),
    Company(domain="suzukake-clinic.example", weight=1),
    Company(domain="inaho-farm.example", weight=1),
    Company(domain="gmail.com", weight=5),
    Company(domain="yahoo.co.jp", weight=3),
    Company(domain="docomo.ne.jp", weight=1),
    Company(domain="harbourline.example", weight=6, language="en"),
    Company(domain="northwind-retail.example", weight=5, language="en"),
    Company(domain="pelican-analytics.example", weight=4, language="en"),
    Company(domain="bluefern.example", weight=3, language="en"),
    Company(domain="stonebridge-games.example", weight=2, language="en"),
    Company(domain="outlook.com", weight=2, language="en"),
    Company(domain="jinhe-trade.example", weight=1.5, language="zh"),
    Company(domain="qinglan-soft.example", weight=1, language="zh"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMail:
    """What one customer writes of himself."""

    company: Company
    address: str
    name: str
    subject: str
    text: str
    files: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()  # the questions one by one, where there are several


# Of another field than the corpus: what a desk meets when its customers begin something new.
_NEW_FIELD = (
    (
        "ファインチューニングが途中で止まる",
        "大規模言語モデルの追加学習を流していますが、{n}エポック目で損失が発散して止まります。\n学習率を下げ、勾配クリッピングを入れても変わりません。\n蒸留前の教師モデルでは再現しません。量子化の影響でしょうか。",
    ),
    (
        "埋め込みの次元について",
        "ベクトル検索で類似度が極端に偏ります。コサイン類似度の分布が{n}割ほど潰れており、近傍探索の再現率が落ちました。\nトークナイザーを差し替えてからだと思います。",
    ),
    (
        "推論が幻覚を返す",
        "検索拡張生成の回答に、原典にない固有名詞が混じります。温度を0.{n}まで下げてもプロンプトを工夫しても減りません。\nリランカーを挟むと改善する場合もあります。",
    ),
    (
        "画像生成の手指が崩れる",
        "拡散モデルで人物の手指が崩れます。サンプラーを変え、ステップを{n}0回に増やしましたが、潜在空間の補間で破綻します。\n学習素材の著作権表示も合わせて伺いたいです。",
    ),
    (
        "音声合成の抑揚",
        "音声合成で語尾の抑揚が平板になります。韻律の注釈を{n}箇所に入れましたが、話者埋め込みが反映されません。\n方言の読み上げは想定されていますか。",
    ),
)
_NAMES = ("柏木 遼", "三枝 千紘", "野々村 慧", "榛葉 沙耶")


@dataclass(slots=True)
class Letterbox:
    """Deals the labelled mails out, each once before any comes again."""

    chance: random.Random
    corpus: Sequence[LabelledMail]
    _decks: dict[str, list[LabelledMail]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0

    def write(self, company: Company, at: datetime, *, has_form: bool, is_outage: bool = False) -> FirstMail:
        """A mail of that company at that time; `has_form`: its web form asks since when, where and what is wished."""
        self._count += 1
        if company.habit is Habit.NEW_FIELD:
            return self._of_a_new_field(company)
        is_by_form = has_form and not company.habit and self.chance.random() < _BY_FORM
        one = self._deal(company, is_outage=is_outage, is_by_form=is_by_form)
        text = one.mail.text
        if _is_trouble(one):
            if is_by_form and company.language == "ja":
                text = self._by_form(text, at)
            elif not is_by_form and company.habit is not Habit.NO_TIME and self.chance.random() < _OFTEN_WITHOUT_TIME:
                text = without(text, one.marks.get("when", ()))
        sender = one.mail.sender
        local = sender.addr.partition("@")[0] if sender else "info"
        return FirstMail(
            company=company,
            address=f"{local}.q{self._count}@{company.domain}",
            name=sender.name if sender else "",
            subject=one.mail.subject,
            text=text,
            files=tuple(file.filename for file in one.mail.attachments),
            parts=tuple(issue.text for issue in one.issues if issue.text) if len(one.issues) > 1 else (),
        )

    def _by_form(self, text: str, at: datetime) -> str:
        begun = at - timedelta(minutes=self.chance.randrange(20, 400))
        return f"【発生日時】{begun:%Y年%-m月%-d日 %H時%M分}頃から\n【お問い合わせ内容】\n{text}"

    def _of_a_new_field(self, company: Company) -> FirstMail:
        subject, text = self.chance.choice(_NEW_FIELD)
        name = self.chance.choice(_NAMES)
        text = text.format(n=self.chance.randrange(2, 9))
        return FirstMail(
            company=company,
            address=f"ml{self._count}@{company.domain}",
            name=name,
            subject=subject,
            text=f"お世話になっております。カスミAIの{name.partition(' ')[0]}です。\n\n{text}\n\nよろしくお願いいたします。",
        )

    def _deal(self, company: Company, *, is_outage: bool, is_by_form: bool) -> LabelledMail:
        """The next mail that fits; by the form, in place of a trouble that is told in part, one that is told whole."""
        kind = "incident" if is_outage else company.habit.value
        while True:
            one = self._next(f"{company.language} {kind}", lambda one: _fits(one, company, is_outage=is_outage))
            if is_by_form and _is_trouble(one) and not one.sections >= _ASKED_BY_FORM:
                one = self._next(f"{company.language} form", lambda one: _is_told_whole(one, company.language))
            if not _is_alone_about(one, MOSTLY_SPLIT) or self.chance.random() < _KEPT_ALONE:
                return one

    def _next(self, name: str, fits: Callable[[LabelledMail], bool]) -> LabelledMail:
        deck = self._decks[name]
        if not deck:
            deck += filter(fits, self.corpus)
            self.chance.shuffle(deck)
        return deck.pop()


def _is_told_whole(one: LabelledMail, language: str) -> bool:
    return one.language == language and _is_trouble(one) and one.sections >= _ASKED_BY_FORM


def _is_trouble(one: LabelledMail) -> bool:
    return len(one.issues) == 1 and one.issues[0].category in _TROUBLE


def _fits(one: LabelledMail, company: Company, *, is_outage: bool) -> bool:
    if one.language != company.language:
        return False
    if is_outage:
        return Category.INCIDENT in {issue.category for issue in one.issues}
    match company.habit:
        case Habit.NO_TIME:
            return _is_trouble(one) and Section.WHEN not in one.sections
        case Habit.SEVERAL:
            return len(one.issues) > 1
        case _:
            return True


def _is_alone_about(one: LabelledMail, product: str) -> bool:
    """Is it about the product, with at most one question that a desk would answer?"""
    answered = sum(issue.category.is_answerable for issue in one.issues)
    return answered < _SEVERAL and any(product in issue.products for issue in one.issues)


def without(text: str, stretches: Sequence[str]) -> str:
    """The text with these stretches cut out."""
    for stretch in stretches:
        text = text.replace(stretch, "")
    return text


def as_sent(one: FirstMail, *, to: str, message_id: str, at: datetime) -> bytes:
    """The mail as bytes, with files of the right names."""
    return raw_mail(
        {"From": f"{one.name} <{one.address}>", "To": to, "Subject": one.subject, "Message-ID": message_id},
        one.text,
        at,
        one.files,
    )


def raw_mail(fields: dict[str, str], text: str, at: datetime, files: Sequence[str] = ()) -> bytes:
    """A mail of these fields."""
    mail = EmailMessage(policy=_WRITING)
    for name, value in fields.items():
        mail[name] = value
    mail["Date"] = format_datetime(at)
    mail.set_content(text, charset="utf-8", cte="base64")
    for name in files:
        mail.add_attachment(b"\x89PNG" * 8, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def garbled(raw: bytes) -> bytes:
    """As a broken gateway leaves it: bytes of its characters are lost here and there."""
    mail = message_from_bytes(raw, policy=_WRITING)
    part = next(one for one in mail.walk() if one.get_content_type() == "text/plain")
    text = bytes(part.get_payload(decode=True))
    kept = bytes(byte for place, byte in enumerate(text) if byte < _SEVEN_BITS or place % _LOST)
    part.set_payload(encodebytes(kept).decode("ascii"))
    return mail.as_bytes()
