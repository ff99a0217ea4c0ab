"""The desk's own words, Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JA: Mapping[str, str] = {
    "queue": "受付一覧", "outbox": "送信一覧", "reports": "品質レポート", "sign_in": "サインイン", "sign_out": "サインアウト",
    "name": "お名前", "password": "パスワード", "sign_in_failed": "お名前またはパスワードが違います。", "sign_in_wait": "失敗が続いたため、しばらくお待ちください。",
    "ready": "対応可", "needs_review": "要確認", "waiting_customer": "お客様待ち", "answered": "回答済み", "waiting_recurrence": "再現待ち",
    "snoozed": "保留", "closed": "完了", "parked": "読取不可", "all": "すべて",
    "received": "受信直後", "triaged": "判定済み",
    "accept": "受付", "request_information": "情報のお願い", "split": "分割のお願い", "out_of_scope": "範囲外", "policy_notice": "非開示のご案内", "account_notice": "アカウントのご案内", "no_reply": "返信なし",
    "follow_up": "再度のお願い", "reminder": "リマインド", "recurrence": "再現待ちのご案内", "completed": "情報が揃ったご連絡", "acknowledgement": "受付のご連絡",
    "queued": "送信待ち", "sent": "送信済み", "held": "承認待ち", "shadow": "表示のみ", "suppressed": "送信せず", "discarded": "破棄", "failed": "送信失敗", "bounced": "不達",
    "ref": "受付番号", "subject": "件名", "sender": "差出人", "what": "内容", "checklist": "チェックリスト", "state": "状態", "arrived": "受信", "letter": "返信",
    "no_rows": "該当するものはありません。", "newer": "新しい順の先頭へ", "older": "次のページ", "no_subject": "(件名なし)",
    "mail": "いただいたメール", "own_words": "お客様が書かれた部分", "whole_text": "引用・署名を含む全文", "attachments": "添付ファイル", "raw": "原文(.eml)を保存",
    "issues": "ご質問", "category": "区分", "products": "プロダクト", "context": "環境", "decision": "判定", "confidence": "確からしさ", "why": "判定の理由", "silence": "返信しない理由",
    "missing": "不足", "unsure": "不確か", "present": "あり", "answered_item": "不明と回答", "absent": "なし", "proof": "根拠", "facets": "現象の内訳", "links": "★ 現象とのつながり", "linked": "つながりあり", "not_linked": "つながりが見えない", "accounts": "アカウント", "several_accounts": "複数アカウントの可能性",
    "hints": "気づき", "history": "履歴", "note": "メモ", "add_note": "メモを残す", "move": "状態を変える", "release": "この返信を送る", "discard": "この返信を破棄", "automatic": "自動メール", "trust": "差出人の確認", "warnings": "読み取り時の注意", "secrets": "認証情報らしき記載(伏字にしています)", "to": "宛先", "as_sent": "送信される形のまま見る", "kind": "種類", "created": "作成", "error": "エラー", "try_again": "もう一度読み取る", "parked_help": "自動の読み取りに失敗したメールです。原文はそのまま保存されています。", "just_received": "受信したばかりのメールです。まもなく判定されます。", "no_letter": "返信はありません。", "deliveries": "配達回数", "legend": "色の意味", "no_reports": "まだレポートはありません。毎週月曜日に作成されます。", "not_found": "見つかりません", "language_other": "English", "held_help": "担当者の確認を待っています。", "by": "記録者",
    "urgent": "至急", "once_recovered": "一度発生し解消", "not_reproducible": "再現せず", "deletes_resources": "リソース削除", "wants_close": "クローズ希望", "reseller": "代理店", "complaint": "苦情", "connection_kind": "接続方法", "region": "リージョン", "resource": "リソース", "when": "日時",
    "filed": "受付", "joined": "同じ件への追加メール", "moved": "状態の変更", "reply_queued": "返信を作成", "reply_sent": "返信を送信", "reply_held": "返信は承認待ち", "reply_suppressed": "返信せず", "reply_shadow": "返信を表示のみ", "reply_failed": "返信に失敗", "reply_deferred": "送信を延期", "reply_discarded": "返信を破棄", "reply_bounced": "返信が不達",
    "glyphs": "チェックリストの見方", "attach_size": "{size} バイト", "actions": "対応", "error_kind": "エラー", "connectivity_kind": "接続", "display_kind": "表示", "behaviour_kind": "動作", "books": "受信 {accepted} = 起票 {ticketed} + 追加 {joined} + 読取不可 {parked} + 判定待ち {waiting} + 重複 {duplicates}",
}  # fmt: skip
EN: Mapping[str, str] = {
    "queue": "Queue", "outbox": "Outbox", "reports": "Reports", "sign_in": "Sign in", "sign_out": "Sign out",
    "name": "Name", "password": "Password", "sign_in_failed": "Wrong name or password.", "sign_in_wait": "Too many failures; please wait a few minutes.",
    "ready": "Ready", "needs_review": "Needs review", "waiting_customer": "Waiting for customer", "answered": "Answered", "waiting_recurrence": "Waiting for recurrence",
    "snoozed": "Snoozed", "closed": "Closed", "parked": "Unreadable", "all": "All",
    "received": "just received", "triaged": "triaged",
    "accept": "accepted", "request_information": "request for information", "split": "split notice", "out_of_scope": "out of scope", "policy_notice": "not disclosed", "account_notice": "other account", "no_reply": "no reply",
    "follow_up": "follow-up", "reminder": "reminder", "recurrence": "wait for recurrence", "completed": "complete now", "acknowledgement": "acknowledgement",
    "queued": "queued", "sent": "sent", "held": "held", "shadow": "shadow", "suppressed": "not sent", "discarded": "discarded", "failed": "failed", "bounced": "bounced",
    "ref": "Ticket", "subject": "Subject", "sender": "From", "what": "About", "checklist": "Checklist", "state": "State", "arrived": "Arrived", "letter": "Letter",
    "no_rows": "Nothing here.", "newer": "Back to the newest", "older": "Next page", "no_subject": "(no subject)",
    "mail": "The mail", "own_words": "The customer's own words", "whole_text": "Whole text with quotes and signature", "attachments": "Attachments", "raw": "Download the raw mail (.eml)",
    "issues": "Issues", "category": "Category", "products": "Products", "context": "Environment", "decision": "Decision", "confidence": "Confidence", "why": "Why this decision", "silence": "Why no letter",
    "missing": "missing", "unsure": "unsure", "present": "present", "answered_item": "answered: unknown", "absent": "absent", "proof": "Proof", "facets": "Facets of the symptom", "links": "★ Linked with the symptom", "linked": "linked", "not_linked": "no link seen", "accounts": "Accounts", "several_accounts": "maybe several accounts",
    "hints": "Hints", "history": "History", "note": "Note", "add_note": "Add note", "move": "Move to", "release": "Send this letter", "discard": "Discard this letter", "automatic": "Automatic mail", "trust": "Sender check", "warnings": "Reading warnings", "secrets": "possible credentials (masked here)", "to": "To", "as_sent": "See it as it goes out", "kind": "Kind", "created": "Created", "error": "Error", "try_again": "Try again", "parked_help": "This mail could not be read automatically. Its raw bytes are kept as they came.", "just_received": "This mail has just come in and will be triaged in a moment.", "no_letter": "There is no letter.", "deliveries": "Deliveries", "legend": "Colours", "no_reports": "No reports yet. One is made every Monday.", "not_found": "Not found", "language_other": "日本語", "held_help": "Waiting for an agent.", "by": "by",
    "urgent": "urgent", "once_recovered": "once, recovered", "not_reproducible": "not reproducible", "deletes_resources": "deletes resources", "wants_close": "wants to close", "reseller": "reseller", "complaint": "complaint", "connection_kind": "connection", "region": "region", "resource": "resource", "when": "time",
    "filed": "filed", "joined": "another mail joined", "moved": "moved", "reply_queued": "letter written", "reply_sent": "letter sent", "reply_held": "letter held", "reply_suppressed": "letter not sent", "reply_shadow": "letter shown only", "reply_failed": "letter failed", "reply_deferred": "sending deferred", "reply_discarded": "letter discarded", "reply_bounced": "letter bounced",
    "glyphs": "How to read the checklist", "attach_size": "{size} bytes", "actions": "Actions", "error_kind": "error", "connectivity_kind": "connectivity", "display_kind": "display", "behaviour_kind": "behaviour", "books": "accepted {accepted} = ticketed {ticketed} + joined {joined} + unreadable {parked} + waiting {waiting} + duplicates {duplicates}",
}  # fmt: skip
REASONS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "missing": "必須の項目が不足", "complete": "必須の項目はすべて揃っている", "unsure": "有無を断定できない項目", "answered": "今回のメールで回答いただいた項目", "joined": "既存の件への追加メール", "automatic": "自動送信のメール", "nothing_left": "お礼・無関係な内容のみ",
        "several_accounts": "複数アカウントの記載", "several_issues": "独立したご質問が複数", "all_out_of_scope": "すべてサポート範囲外", "nothing_disclosed": "非開示の内容のみ", "recipient": "宛先の決め方",
        "hold_low_confidence": "判定の確からしさが基準未満", "hold_complaint": "苦情の可能性があるため担当者が先に確認", "hold_new_matter": "進行中の件に新しい用件が届いたため確認", "hold_half_answer": "回答として不十分なため確認", "no_letters_in_language": "この言語の文面がない",
        "may_not_reply": "返信してはいけないメール", "null_sender": "差出人が空(<>)", "trust_failed": "差出人の確認に失敗", "no_usable_address": "返信できる宛先がない", "role_address": "人が読まない宛先", "bounce_hold": "最近この宛先への返信が不達", "repeated_body": "1時間以内に同じ本文", "letter_spent": "同じ種類の返信を送付済み", "letters_spent": "お願いと再度のお願いを送付済み", "quick_reply": "直後の自動的な返信とみられる",
    },
    "en": {
        "missing": "required items missing", "complete": "nothing required is missing", "unsure": "neither surely there nor surely absent", "answered": "answered by this mail", "joined": "joined an open ticket", "automatic": "automatic mail", "nothing_left": "nothing to answer",
        "several_accounts": "several accounts named", "several_issues": "several separate questions", "all_out_of_scope": "all out of scope", "nothing_disclosed": "only what is not disclosed", "recipient": "how the recipient was chosen",
        "hold_low_confidence": "confidence under the threshold", "hold_complaint": "maybe a complaint", "hold_new_matter": "new matter", "hold_half_answer": "half an answer", "no_letters_in_language": "no letters in this language",
        "may_not_reply": "must not be answered", "null_sender": "null sender", "trust_failed": "sender check failed", "no_usable_address": "no usable address", "role_address": "role address", "bounce_hold": "address bounced lately", "repeated_body": "repeated text", "letter_spent": "this letter was sent before", "letters_spent": "request and follow-up were sent", "quick_reply": "reply within a minute",
    },
}  # fmt: skip
LANGUAGES: Mapping[str, Mapping[str, str]] = {"ja": JA, "en": EN}


def words(language: str) -> Mapping[str, str]:
    """The texts of a language; Japanese where it is unknown."""
    return LANGUAGES.get(language, JA)
