"""The words of the page of mails to our own people, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_MAILS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "own_mails_page": "社内宛てメール",
        "own_mails": "社内宛てメール",
        "own_mails_help": "品質レポート、警告、担当者へのお知らせ、他のヘルプデスクへの引き渡しとして送ったメールの一覧です。お客様への返信は「送信一覧」にあります。",
        "own_mails_sent_help": "「送信済み」は送信サーバーがメールを受け取ったことを示し、宛先に届いたことを示すものではありません。後から戻ってきたメールは「届いていません」に変わります。",
        "own_mails_unsent": "送信サーバー(UKETSUKE_SMARTHOST)が設定されていないため、メールは保管されたままです。",
        "own_mails_shown": "表示するメール",
        "own_mails_all": "すべて",
        "own_mails_failed": "届いていないもの",
        "own_mails_reports": "レポートと警告",
        "own_mails_notices": "お知らせ",
        "own_mails_hand_over": "引き渡し",
        "own_mails_what": "内容",
        "own_mails_to": "宛先",
        "own_mails_written": "作成日時",
        "own_mails_none": "該当するメールはありません。",
        "own_mails_tried": "メールを送信待ちに戻しました。",
        "own_mail_report": "品質レポート",
        "own_mail_alarm": "受付数の不一致の警告",
        "own_mail_notice": "担当者へのお知らせ",
        "own_mail_hand_over": "引き渡し",
        "own_mail_queued": "送信待ち",
        "own_mail_sent": "送信済み",
        "own_mail_failed": "届いていません",
        "own_mail_tries": "{count}回試行",
        "own_mail_next": "次回 {at}",
        "own_mail_raw": "原本",
        "own_mail_try_again": "再送",
        "own_mail_refused": "{to} 宛ての最新のメール({what}、{at} 作成)は届いていません。",
        "own_mail_why": "理由: {error}",
        "own_mail_check_address": "「自分の設定」でアドレスを確認する",
        "own_mail_see_all": "社内宛てメールの一覧と再送",
        "hand_over_list": "引き渡したメールの一覧",
    },
    "en": {
        "own_mails_page": "Mails to our own people",
        "own_mails": "Mails to our own people",
        "own_mails_help": "Reports, warnings, notices to agents and tickets handed over to another help desk. Letters to customers stand in the outbox.",
        "own_mails_sent_help": "“Sent” means that our mail server took the mail, not that it arrived. A mail that comes back later turns to “not delivered”.",
        "own_mails_unsent": "There is no smarthost (UKETSUKE_SMARTHOST): the mails wait.",
        "own_mails_shown": "Mails shown",
        "own_mails_all": "All",
        "own_mails_failed": "Not delivered",
        "own_mails_reports": "Reports and warnings",
        "own_mails_notices": "Notices",
        "own_mails_hand_over": "Hand-over",
        "own_mails_what": "What",
        "own_mails_to": "To",
        "own_mails_written": "Written",
        "own_mails_none": "There are no such mails.",
        "own_mails_tried": "The mail waits to be sent again.",
        "own_mail_report": "quality report",
        "own_mail_alarm": "alarm of the books",
        "own_mail_notice": "notice to an agent",
        "own_mail_hand_over": "hand-over",
        "own_mail_queued": "waiting",
        "own_mail_sent": "sent",
        "own_mail_failed": "not delivered",
        "own_mail_tries": "tried {count} times",
        "own_mail_next": "next {at}",
        "own_mail_raw": "as sent",
        "own_mail_try_again": "Try again",
        "own_mail_refused": "The latest mail to {to} ({what}, written {at}) was not delivered.",
        "own_mail_why": "Why: {error}",
        "own_mail_check_address": "Check the address under “My settings”",
        "own_mail_see_all": "All mails to our own people, to try again",
        "hand_over_list": "The mails handed over",
    },
}

DETAILS_OF_OWN_MAILS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        r"the recipient's server returned it": "宛先のメールサーバーから戻ってきました",
        r"waited for the smarthost until it was no news any more": "送信できないまま1日が過ぎたため、お知らせとしての送信を取りやめました",
        r"mail (\d+) to our own people is not kept any more": "送信から30日を過ぎたため、このメールの原本は保管していません。",
        r"no memo (\d+)": "社内宛てメール {0} はありません。",
    },
    "en": {
        r"mail (\d+) to our own people is not kept any more": "This mail was sent more than 30 days ago; it is not kept.",
        r"no memo (\d+)": "There is no mail {0} to our own people.",
    },
}
