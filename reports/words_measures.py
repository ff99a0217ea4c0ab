"""What each cell of a report counts, in words. Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURES: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "tickets": "受け付けたチケット(自動送信・迷惑メールを含む)", "spam": "迷惑メール", "automatic": "自動送信メール", "people": "お客様からのチケット", "off_hours": "営業時間外に届いたチケット", "held": "担当者の確認に回したチケット", "split": "分割をお願いしたチケット", "out_of_scope": "対応範囲外のチケット", "not_disclosed": "非開示事項に関するチケット", "other_account": "別アカウントに関するチケット", "awaits_agent": "担当者の対応を待っているチケット",
        "workable": "情報の確認が必要なチケット", "complete": "初回から情報が揃っていたチケット", "incomplete": "初回に情報が不足していたチケット", "doubtful": "初回に揃っていたか断定できなかったチケット", "asked": "情報をお願いしたチケット", "answered": "お願いにご回答があったチケット", "complete_after_one": "1回のお願いで情報が揃ったチケット", "asked_twice": "2回お願いしたチケット",
        "needed": "項目が必要だったチケット", "given": "項目が初回に記入されていたチケット", "unsure": "項目の有無を断定できなかったチケット", "lacking": "項目が初回に不足していたチケット", "item_asked": "項目をお願いしたチケット", "item_due": "項目をお願いし、ご回答があったか期限を過ぎたチケット", "item_answered": "お願いして項目のご回答があったチケット",
        "letters": "作成した返信", "hand_letters": "担当者が作成した返信", "went": "自動で送信した返信", "went_by_hand": "担当者が承認・編集して送信した返信", "letters_held": "承認待ちの返信", "letters_shadow": "表示のみの返信", "letters_suppressed": "送信しなかった返信", "letters_discarded": "破棄した返信", "letters_failed": "送信に失敗した返信", "letters_bounced": "不達になった返信", "judged_released": "担当者がそのまま承認した返信", "judged_discarded": "担当者が破棄した返信", "judged_edited": "担当者が編集した返信", "judged_right": "担当者が正しいと評価した返信", "judged_wrong": "担当者が誤りと評価した返信",
        "objected": "お客様から「記載済み」とご指摘があった返信", "repeated": "担当者がお願いをやり直した返信", "heard_wrong": "送信後に誤りと分かった返信", "shadow_same": "表示のみの返信で、担当者も同じ対応をしたもの", "shadow_other": "表示のみの返信で、担当者が別の対応をしたもの", "shadow_open": "表示のみの返信で、対応前のもの", "suppressed": "送信しなかった返信", "mails": "受信したメール", "mails_defective": "読み取りに問題があったメール", "corrected": "担当者が訂正した読み取り",
    },
    "en": {
        "tickets": "Tickets opened, automatic mails and spam included", "spam": "Spam", "automatic": "Automatic mails", "people": "Tickets of customers", "off_hours": "Tickets that came outside business hours", "held": "Tickets held for a person", "split": "Tickets with several matters in one mail", "out_of_scope": "Tickets out of scope", "not_disclosed": "Tickets about what is not disclosed", "other_account": "Tickets about another account", "awaits_agent": "Tickets that await an agent",
        "workable": "Tickets that needed a check of their information", "complete": "Tickets complete on arrival", "incomplete": "Tickets that lacked something on arrival", "doubtful": "Tickets of which we were not sure whether they were complete", "asked": "Tickets in which we asked for information", "answered": "Tickets whose request was answered", "complete_after_one": "Tickets complete after one request", "asked_twice": "Tickets in which we asked twice",
        "needed": "Tickets that needed the item", "given": "Tickets that gave the item on arrival", "unsure": "Tickets of which we were not sure whether they gave the item", "lacking": "Tickets that lacked the item on arrival", "item_asked": "Tickets in which we asked for the item", "item_due": "Tickets in which we asked for the item and an answer came or was due", "item_answered": "Tickets that gave the item when asked",
        "letters": "Letters written by the desk", "hand_letters": "Letters written by agents", "went": "Letters that went by themselves", "went_by_hand": "Letters that an agent released or edited", "letters_held": "Letters that are held", "letters_shadow": "Letters that were only shown", "letters_suppressed": "Letters that were not sent", "letters_discarded": "Letters that were discarded", "letters_failed": "Letters that could not be sent", "letters_bounced": "Letters that bounced", "judged_released": "Letters released as they were", "judged_discarded": "Letters discarded by an agent", "judged_edited": "Letters edited by an agent", "judged_right": "Letters that an agent called right", "judged_wrong": "Letters that an agent called wrong",
        "objected": "Letters to which the customer said “it was there”", "repeated": "Letters after which an agent had to ask again", "heard_wrong": "Letters that went and turned out wrong", "shadow_same": "Letters only shown, where the agent did the same", "shadow_other": "Letters only shown, where the agent did otherwise", "shadow_open": "Letters only shown, not handled yet", "suppressed": "Letters that were not sent", "mails": "Mails", "mails_defective": "Mails with a defect when they were read", "corrected": "Readings corrected by agents",
    },
}  # fmt: skip
DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    "ja": {"all": "全体", "category": "区分", "product": "プロダクト", "language": "言語", "domain": "お客様", "item": "項目", "category_item": "区分と項目", "product_item": "プロダクトと項目", "language_item": "言語と項目", "domain_item": "お客様と項目", "day": "日付", "hour": "時間帯", "disposition": "判定", "state": "状態", "kind": "返信の種類", "reason": "理由", "warning": "問題", "target": "訂正した項目"},
    "en": {"all": "all", "category": "category", "product": "product", "language": "language", "domain": "customer", "item": "item", "category_item": "category and item", "product_item": "product and item", "language_item": "language and item", "domain_item": "customer and item", "day": "day", "hour": "hour", "disposition": "decision", "state": "state", "kind": "kind of letter", "reason": "reason", "warning": "defect", "target": "target"},
}  # fmt: skip
