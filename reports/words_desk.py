"""Words for what the desk itself says: decisions, states, kinds of letters, why none went, defects of mails. Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DESK: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "disposition_accept": "受付", "disposition_request_information": "情報のお願い", "disposition_split": "分割のお願い", "disposition_out_of_scope": "範囲外", "disposition_policy_notice": "非開示のご案内", "disposition_account_notice": "アカウントのご案内", "disposition_no_reply": "返信なし",
        "state_ready": "対応可", "state_needs_review": "要確認", "state_waiting_customer": "お客様待ち", "state_answered": "回答済み", "state_waiting_recurrence": "再現待ち", "state_snoozed": "保留", "state_closed": "完了", "state_parked": "読取不可",
        "kind_request_information": "情報のお願い", "kind_split": "分割のお願い", "kind_out_of_scope": "範囲外", "kind_policy_notice": "非開示のご案内", "kind_account_notice": "アカウントのご案内", "kind_follow_up": "再度のお願い", "kind_reminder": "リマインド", "kind_recurrence": "再現待ちのご案内", "kind_completed": "情報が揃ったご連絡", "kind_acknowledgement": "受付のご連絡",
        "target_section": "{name}", "target_kind": "現象の種類", "target_language": "言語", "target_automatic": "自動メールの判定", "target_issues": "ご質問の区分", "target_letter": "返信の評価",
    },
    "en": {
        "disposition_accept": "accepted", "disposition_request_information": "request for information", "disposition_split": "split notice", "disposition_out_of_scope": "out of scope", "disposition_policy_notice": "not disclosed", "disposition_account_notice": "other account", "disposition_no_reply": "no reply",
        "state_ready": "Ready", "state_needs_review": "Needs review", "state_waiting_customer": "Waiting for customer", "state_answered": "Answered", "state_waiting_recurrence": "Waiting for recurrence", "state_snoozed": "Snoozed", "state_closed": "Closed", "state_parked": "Unreadable",
        "kind_request_information": "request for information", "kind_split": "split notice", "kind_out_of_scope": "out of scope", "kind_policy_notice": "not disclosed", "kind_account_notice": "other account", "kind_follow_up": "follow-up", "kind_reminder": "reminder", "kind_recurrence": "wait for recurrence", "kind_completed": "complete now", "kind_acknowledgement": "acknowledgement",
        "target_section": "{name}", "target_kind": "kind of symptom", "target_language": "language", "target_automatic": "automatic or not", "target_issues": "issues and categories", "target_letter": "a letter, called right or wrong",
    },
}  # fmt: skip

# Why a letter did not go: every silence of the brake, and what a letter keeps as its reason besides.
REASONS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "automatic": "自動送信", "may_not_reply": "返信してはいけないメール", "null_sender": "差出人が空", "trust_failed": "差出人の確認に失敗", "no_usable_address": "返信できる宛先なし", "role_address": "人が読まない宛先", "own_address": "窓口自身のアドレス", "bounce_hold": "宛先に不達があった", "repeated_body": "同じ本文の繰り返し", "letter_spent": "同じ返信を送付済み", "letters_spent": "お願いを送り終えている", "quick_reply": "直後の自動的な返信", "closed": "完了したチケット", "no_letters_in_language": "この言語の文面がない",
        "rate_sender_hour": "差出人ごとの上限(1時間)", "rate_sender_day": "差出人ごとの上限(1日)", "rate_domain_hour": "ドメインごとの上限(1時間)", "rate_total": "全体の上限(10分間)", "blocked": "「送らない」に登録された宛先", "same_text": "同じ文面を24時間以内に送付済み", "stopped": "すべての返信を停止中", "mode_off": "作成しない設定の種類",
    },
    "en": {
        "automatic": "automatic mail", "may_not_reply": "must not be answered", "null_sender": "null sender", "trust_failed": "sender check failed", "no_usable_address": "no usable address", "role_address": "role address", "own_address": "the desk's own address", "bounce_hold": "address bounced", "repeated_body": "repeated text", "letter_spent": "letter sent before", "letters_spent": "all requests sent", "quick_reply": "reply within a minute", "closed": "ticket closed", "no_letters_in_language": "no letters in this language",
        "rate_sender_hour": "limit per sender and hour", "rate_sender_day": "limit per sender and day", "rate_domain_hour": "limit per domain and hour", "rate_total": "limit of all letters in ten minutes", "blocked": "address on the block list", "same_text": "same letter within a day", "stopped": "all letters stopped", "mode_off": "letters of this kind are off",
    },
}  # fmt: skip

# Warnings of the reading, as regular expressions over what the parser says (numbers may stand as #); {0} is the first group. In
# English only those that name a number need other words.
DEFECTS_EN: Mapping[str, str] = {
    r"text cut at .* characters": "an over-long text was cut", r".* characters could not be decoded": "some characters could not be decoded", r"headers behind the .* were not looked at": "too many headers: some were not looked at", r"parts behind the .* were not looked at": "too many parts: some were not looked at",
}  # fmt: skip
DEFECTS_JA: Mapping[str, str] = {
    r"read as plain text only: (.*)": "構造を読めず、本文のみ読み取り({0})", r"mail-parser failed \((.*)\); read with the standard parser": "別の方法で読み取り({0})", r"structure not readable \((.*)\); read as one text": "構造を読めず、全体を本文として読み取り({0})", r"a line that is no header stood before the headers": "ヘッダーの前に余分な行がある", r"an over-long header was cut": "長すぎるヘッダーを途中まで読み取り", r"a header line had lost its folding": "ヘッダーの折り返しが崩れている", r"text cut at .* characters": "長すぎる本文を途中まで読み取り", r".* characters could not be decoded": "読み取れない文字がある", r"headers behind the .* were not looked at": "ヘッダーが多すぎて一部が未読", r"parts behind the .* were not looked at": "パートが多すぎて一部が未読",
    r"the parts of the mail could not be told apart: .*": "パートの境界が見つからず、区切れない部分がある", r"the mail ends before its last part is closed: something may be cut off": "メールが途中で終わっており、末尾が欠けている可能性がある", r"the text is encrypted \((.*)\) and cannot be read here": "本文が暗号化されており読み取れない({0})", r"the text is packed into its S/MIME signature and cannot be read here": "本文が S/MIME 署名に格納されており読み取れない", r"the text cannot be read here": "本文を読み取れない", r"holds an entry for a calendar": "予定表への登録データを含む", r"signed with (.*); the signature was not checked": "{0} の署名あり(署名は未検証)", r"Outlook packed files into winmail\.dat; they cannot be shown here": "Outlook の winmail.dat に格納されたファイルは表示できない", r"no address in From; taken from the envelope": "From に宛先がないため配送時の差出人から取得", r"no address in From; taken from (.*)": "From に宛先がないため {0} から取得", r"no sender address": "差出人のアドレスなし",
}  # fmt: skip

# What is wrong with the books, by the code of the fault; {n} mails.
FAULTS: Mapping[str, Mapping[str, str]] = {
    "ja": {"lost": "受信の記録があるのに、メールが見つかりません: {n}件", "uncounted": "メールがあるのに、受信の記録がありません: {n}件", "orphan": "判定済みなのに、チケットがありません: {n}件", "twice": "読取不可または判定待ちなのに、チケットにも含まれています: {n}件", "odd": "状態の分からないメールがあります: {n}件", "stuck": "1時間以上、判定待ちのままのメールがあります: {n}件", "mails": "(メール番号{ids})"},
    "en": {"lost": "Accepted, but there is no such mail: {n}", "uncounted": "There is a mail, but it was never counted when it was accepted: {n}", "orphan": "Triaged, but without a ticket: {n}", "twice": "Unreadable or waiting, and yet part of a ticket: {n}", "odd": "Mails in no known state: {n}", "stuck": "Mails that have waited to be read for more than an hour: {n}", "mails": " (mails {ids})"},
}  # fmt: skip
