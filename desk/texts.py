"""The desk's own words, Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.trust_texts import TRUST_JA

if TYPE_CHECKING:
    from collections.abc import Mapping

JA: Mapping[str, str] = {
    "queue": "受付一覧", "outbox": "送信一覧", "reports": "品質レポート", "sign_in": "サインイン", "sign_out": "サインアウト",
    "name": "ユーザー名", "password": "パスワード", "sign_in_failed": "ユーザー名またはパスワードが違います。", "sign_in_wait": "失敗が続いたため、しばらくお待ちください。",
    "ready": "対応可", "needs_review": "要確認", "waiting_customer": "お客様待ち", "answered": "回答済み", "waiting_recurrence": "再現待ち",
    "snoozed": "保留", "closed": "完了", "parked": "読取不可", "all": "すべて",
    "received": "受信直後", "triaged": "判定済み",
    "accept": "受付", "request_information": "情報のお願い", "split": "分割のお願い", "out_of_scope": "範囲外", "policy_notice": "非開示のご案内", "account_notice": "アカウントのご案内", "no_reply": "返信なし",
    "follow_up": "再度のお願い", "reminder": "リマインド", "recurrence": "再現待ちのご案内", "completed": "情報が揃ったご連絡", "acknowledgement": "受付のご連絡",
    "queued": "送信待ち", "sent": "送信済み", "held": "承認待ち", "shadow": "表示のみ", "suppressed": "送信せず", "discarded": "破棄", "failed": "送信失敗", "bounced": "不達",
    "ref": "受付番号", "subject": "件名", "sender": "差出人", "what": "内容", "checklist": "チェックリスト", "state": "状態", "arrived": "受信", "letter": "返信",
    "no_rows": "該当するものはありません。", "newer": "新しい順の先頭へ", "older": "次のページ", "no_subject": "(件名なし)",
    "mail": "いただいたメール", "own_words": "お客様が書かれた部分", "whole_text": "引用・署名を含む全文", "inline_answers": "引用の間に書かれた回答", "attachments": "添付ファイル", "raw": "原文(.eml)を保存",
    "issues": "ご質問", "category": "区分", "products": "プロダクト", "context": "環境", "decision": "判定", "confidence": "確からしさ", "why": "判定の理由", "silence": "返信しない理由",
    "missing": "不足", "unsure": "不確か", "present": "あり", "answered_item": "不明と回答", "absent": "なし", "proof": "根拠", "facets": "現象の内訳", "links": "★ 現象とのつながり", "linked": "つながりあり", "not_linked": "つながりが見えない", "accounts": "アカウント", "several_accounts": "複数アカウントの可能性",
    "hints": "気づき", "history": "履歴", "note": "メモ", "add_note": "メモを残す", "move": "状態を変える", "release": "この返信を送る", "discard": "この返信を破棄", "automatic": "自動メール", "trust": "差出人の確認", "trust_aligned": "確認済み", "trust_unchecked": "未確認", "trust_failed": "失敗(なりすましの疑い)", "warnings": "読み取り時の注意", "secrets": "認証情報らしき記載(伏字にしています)", "to": "宛先", "as_sent": "送信される形のまま見る", "kind": "種類", "created": "作成", "error": "エラー", "try_again": "もう一度読み取る", "parked_help": "自動の読み取りに失敗したメールです。原文はそのまま保存されています。", "just_received": "受信したばかりのメールです。まもなく判定されます。", "no_letter": "返信はありません。", "deliveries": "配達回数", "legend": "色の意味", "no_reports": "まだレポートはありません。毎週月曜日に作成されます。", "not_found": "見つかりません", "language_other": "English", "held_help": "担当者の確認を待っています。", "by": "記録者",
    "urgent": "至急", "once_recovered": "一度発生し解消", "not_reproducible": "再現せず", "deletes_resources": "リソース削除", "wants_close": "クローズ希望", "reseller": "代理店", "complaint": "苦情", "connection_kind": "接続方法", "region": "リージョン", "resource": "リソース", "when": "日時", "zone_missing": "タイムゾーン不明", "ongoing": "継続中", "frequency": "頻度", "condition": "発生条件", "works_for": "正常な環境", "fails_for": "発生する範囲", "access_source": "アクセス元",
    "filed": "起票", "joined": "同じ件への追加メール", "moved": "状態の変更", "reply_queued": "返信を作成", "reply_sent": "返信を送信", "reply_held": "返信は承認待ち", "reply_suppressed": "返信せず", "reply_shadow": "返信を表示のみ", "reply_failed": "返信に失敗", "reply_deferred": "送信を延期", "reply_discarded": "返信を破棄", "reply_bounced": "返信が不達",
    "glyphs": "チェックリストの見方", "attach_size": "{size} バイト", "actions": "対応", "error_kind": "エラー", "connectivity_kind": "接続", "display_kind": "表示", "behaviour_kind": "動作", "books": "受信 {accepted} = 起票 {ticketed} + 追加 {joined} + 読取不可 {parked} + 判定待ち {waiting} + 重複 {duplicates}",
    "customer": "お客様", "held_why": "保留の理由", "letter_why": "送信の状況", "text": "本文", "language_ja": "日本語", "language_en": "英語", "language_zh": "中国語", "main_menu": "メニュー",
    "error_400": "内容を読み取れません", "error_403": "受け付けられません", "error_405": "この操作はできません", "error_409": "この操作はできません", "error_411": "受け付けられません", "error_413": "大きすぎます", "error_503": "ただいまデータベースに接続できません",
}  # fmt: skip
EN: Mapping[str, str] = {
    "queue": "Queue", "outbox": "Outbox", "reports": "Reports", "sign_in": "Sign in", "sign_out": "Sign out",
    "name": "User name", "password": "Password", "sign_in_failed": "Wrong user name or password.", "sign_in_wait": "Too many failures; please wait a few minutes.",
    "ready": "Ready", "needs_review": "Needs review", "waiting_customer": "Waiting for customer", "answered": "Answered", "waiting_recurrence": "Waiting for recurrence",
    "snoozed": "Snoozed", "closed": "Closed", "parked": "Unreadable", "all": "All",
    "received": "just received", "triaged": "triaged",
    "accept": "accepted", "request_information": "request for information", "split": "split notice", "out_of_scope": "out of scope", "policy_notice": "not disclosed", "account_notice": "other account", "no_reply": "no reply",
    "follow_up": "follow-up", "reminder": "reminder", "recurrence": "wait for recurrence", "completed": "complete now", "acknowledgement": "acknowledgement",
    "queued": "queued", "sent": "sent", "held": "held", "shadow": "shadow", "suppressed": "not sent", "discarded": "discarded", "failed": "failed", "bounced": "bounced",
    "ref": "Ticket", "subject": "Subject", "sender": "From", "what": "About", "checklist": "Checklist", "state": "State", "arrived": "Arrived", "letter": "Letter",
    "no_rows": "Nothing here.", "newer": "Back to the newest", "older": "Next page", "no_subject": "(no subject)",
    "mail": "The mail", "own_words": "The customer's own words", "inline_answers": "Answers written between quotes", "whole_text": "Whole text with quotes and signature", "attachments": "Attachments", "raw": "Download the raw mail (.eml)",
    "issues": "Issues", "category": "Category", "products": "Products", "context": "Environment", "decision": "Decision", "confidence": "Confidence", "why": "Why this decision", "silence": "Why no letter",
    "missing": "missing", "unsure": "unsure", "present": "present", "answered_item": "answered: unknown", "absent": "absent", "proof": "Proof", "facets": "Facets of the symptom", "links": "★ Linked with the symptom", "linked": "linked", "not_linked": "no link seen", "accounts": "Accounts", "several_accounts": "maybe several accounts",
    "hints": "Hints", "history": "History", "note": "Note", "add_note": "Add note", "move": "Move to", "release": "Send this letter", "discard": "Discard this letter", "automatic": "Automatic mail", "trust": "Sender check", "trust_aligned": "proven", "trust_unchecked": "not proven", "trust_failed": "failed: maybe forged", "warnings": "Reading warnings", "secrets": "possible credentials (masked here)", "to": "To", "as_sent": "See it as it goes out", "kind": "Kind", "created": "Created", "error": "Error", "try_again": "Try again", "parked_help": "This mail could not be read automatically. Its raw bytes are kept as they came.", "just_received": "This mail has just come in and will be triaged in a moment.", "no_letter": "There is no letter.", "deliveries": "Deliveries", "legend": "Colours", "no_reports": "No reports yet. One is made every Monday.", "not_found": "Not found", "language_other": "日本語", "held_help": "Waiting for an agent.", "by": "by",
    "urgent": "urgent", "once_recovered": "once, recovered", "not_reproducible": "not reproducible", "deletes_resources": "deletes resources", "wants_close": "wants to close", "reseller": "reseller", "complaint": "complaint", "connection_kind": "connection", "region": "region", "resource": "resource", "when": "time", "zone_missing": "zone unknown", "ongoing": "still going on", "frequency": "how often", "condition": "condition", "works_for": "works for", "fails_for": "fails for", "access_source": "accessed from",
    "filed": "filed", "joined": "another mail joined", "moved": "moved", "reply_queued": "letter written", "reply_sent": "letter sent", "reply_held": "letter held", "reply_suppressed": "letter not sent", "reply_shadow": "letter shown only", "reply_failed": "letter failed", "reply_deferred": "sending deferred", "reply_discarded": "letter discarded", "reply_bounced": "letter bounced",
    "glyphs": "How to read the checklist", "attach_size": "{size} bytes", "actions": "Actions", "error_kind": "error", "connectivity_kind": "connectivity", "display_kind": "display", "behaviour_kind": "behaviour", "books": "accepted {accepted} = ticketed {ticketed} + joined {joined} + unreadable {parked} + waiting {waiting} + duplicates {duplicates}",
    "customer": "customer", "held_why": "Why it is held", "letter_why": "What became of it", "text": "Text", "language_ja": "Japanese", "language_en": "English", "language_zh": "Chinese", "main_menu": "Menu",
    "error_400": "Not understood", "error_403": "Not accepted", "error_405": "Not possible", "error_409": "Not possible", "error_411": "Not accepted", "error_413": "Too large", "error_503": "The database does not answer",
}  # fmt: skip
REASONS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "missing": "必須の項目が不足", "complete": "必須の項目はすべて揃っている", "unsure": "有無を断定できない項目", "answered": "今回のメールで回答いただいた項目", "joined": "既存の件への追加メール", "automatic": "自動送信のメール", "nothing_left": "お礼・無関係な内容のみ",
        "several_accounts": "複数アカウントの記載", "several_issues": "独立したご質問が複数", "all_out_of_scope": "すべてサポート範囲外", "nothing_disclosed": "非開示の内容のみ", "recipient": "宛先の決め方",
        "hold_low_confidence": "判定の確からしさが基準未満", "hold_complaint": "苦情の可能性があるため担当者が先に確認", "hold_new_matter": "進行中の件に新しい用件が届いたため確認", "hold_half_answer": "回答として不十分なため確認", "hold_closed_ticket": "完了した件へのメールのため確認", "no_letters_in_language": "この言語の文面がない",
        "may_not_reply": "返信してはいけないメール", "null_sender": "差出人が空(<>)", "trust_failed": "差出人の確認に失敗", "no_usable_address": "返信できる宛先がない", "role_address": "人が読まない宛先", "bounce_hold": "最近この宛先への返信が不達", "repeated_body": "1時間以内に同じ本文", "letter_spent": "同じ種類の返信を送付済み", "letters_spent": "お願いと再度のお願いを送付済み", "quick_reply": "直後の自動的な返信とみられる",
        "rate_sender_hour": "この差出人への返信が1時間の上限に達した", "rate_sender_day": "この差出人への返信が1日の上限に達した", "rate_domain_hour": "このドメインへの返信が1時間の上限に達した", "rate_total": "返信全体が10分間の上限に達した", "mode": "運用モード", "hold": "担当者の確認待ち", "own_address": "宛先が窓口自身のアドレス",
    },
    "en": {
        "missing": "required items missing", "complete": "nothing required is missing", "unsure": "neither surely there nor surely absent", "answered": "answered by this mail", "joined": "joined an open ticket", "automatic": "automatic mail", "nothing_left": "nothing to answer",
        "several_accounts": "several accounts named", "several_issues": "several separate questions", "all_out_of_scope": "all out of scope", "nothing_disclosed": "only what is not disclosed", "recipient": "how the recipient was chosen",
        "hold_low_confidence": "confidence under the threshold", "hold_complaint": "maybe a complaint", "hold_new_matter": "new matter", "hold_half_answer": "half an answer", "hold_closed_ticket": "a mail on a closed ticket", "no_letters_in_language": "no letters in this language",
        "may_not_reply": "must not be answered", "null_sender": "null sender", "trust_failed": "sender check failed", "no_usable_address": "no usable address", "role_address": "role address", "bounce_hold": "address bounced lately", "repeated_body": "repeated text", "letter_spent": "this letter was sent before", "letters_spent": "request and follow-up were sent", "quick_reply": "reply within a minute",
        "rate_sender_hour": "this sender's letters of one hour are used up", "rate_sender_day": "this sender's letters of one day are used up", "rate_domain_hour": "this domain's letters of one hour are used up", "rate_total": "all letters of ten minutes are used up", "mode": "mode of operation", "hold": "held for an agent", "own_address": "the desk's own address",
    },
}  # fmt: skip
TOKENS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "bounce": "不達通知", "auto_reply": "自動応答", "bulk": "一斉配信", "list": "メーリングリスト", "loop": "この窓口からのメールの折り返し",
        "auto": "自動送信", "approve": "担当者の承認後に送信", "shadow": "表示のみで送信しない", "ja": "日本語", "en": "英語", "zh": "中国語", "other": "その他の言語", "recipient": "宛先", "from": "差出人",
        "rule": "規則", "model": "学習モデル", "reply_to_aligned": "確認済みの差出人の Reply-To", "from_aligned": "確認済みの差出人", "from_without_envelope": "From のアドレス(配送時の差出人は不明)", "from_matches_envelope": "From のアドレス(配送時の差出人と同じドメイン)", "envelope_sender": "配送時の差出人", "envelope_sender_no_from": "配送時の差出人(From に宛先なし)",
    },
    "en": {
        "bounce": "bounce", "auto_reply": "automatic reply", "bulk": "bulk mail", "list": "mailing list", "loop": "our own mail come back",
        "auto": "letters go out by themselves", "approve": "an agent releases each letter", "shadow": "letters are only shown", "ja": "Japanese", "en": "English", "zh": "Chinese", "other": "another language", "recipient": "recipient", "from": "sender",
        "rule": "rule", "model": "model", "reply_to_aligned": "Reply-To of a proven sender", "from_aligned": "From of a proven sender", "from_without_envelope": "From, the envelope's sender unknown", "from_matches_envelope": "From, of the envelope sender's domain", "envelope_sender": "the envelope's sender", "envelope_sender_no_from": "the envelope's sender, for want of a From",
    },
}  # fmt: skip
# What the machine says in English, as whole sentences; {0} is the first group, by its name where it has one. Empty: the name of
# the step says it all.
DETAILS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        **TRUST_JA,
        r"([\d.]+) is under ([\d.]+)": "{0}(基準 {1})", r"(\d+) account ids? named": "アカウント ID {0} 件", r"(\d+) letters, the limit is (\d+)": "{0} 通(上限 {1} 通)",
        r"(T\d+) has had this kind of letter": "{0}", r"(T\d+) has had its request and its follow-up; a person goes on": "{0}、以後は担当者が対応", r"nobody reads at an address of this form": "", r"the desk would write to itself": "",
        r"only acknowledgements, unrelated matters or nothing at all": "", r"no required item is surely absent": "", r"a complaint goes to a person first": "", r"a new matter in an open ticket: an agent decides where it belongs": "", r"the ticket is closed: an agent decides how it goes on": "", r"the reply settles too little to be sure that it is an answer": "",
        r"the envelope sender is <>": "", r"the sender's identity check failed": "", r"neither From nor envelope sender can be written to": "", r"a letter to this address came back lately": "", r"same text as the sender's last mail within the hour": "", r"came within a minute of our letter and says nothing new": "", r"no usable address": "返信できる宛先なし",
        r"shadow mode: only shown": "表示のみで送信しない運用", r"approve mode: an agent releases it": "担当者の承認後に送信する運用", r"the recipient's server returned the letter": "宛先のサーバーから返送", r"given up: (.*)": "再送を終了: {0}", r"the smarthost refuses our name or password \((\d+)\)": "送信サーバーがユーザー名またはパスワードを拒否({0})", r"the smarthost refuses our sender: (.*)": "送信サーバーが差出人を拒否: {0}",
        r"no ticket (T\d+)": "受付番号 {0} の受付はありません。", r"no (?:stray |parked )?mail (\d+)": "メール {0} はありません。", r"no letter (\d+)": "返信 {0} はありません。", r"no report (\d+)": "レポート {0} はありません。", r"mail (\d+) has no part (\d+)": "メール {0} に添付 {1} はありません。", r"no state (.*)": "「{0}」という状態はありません。",
        r"(T\d+) cannot move from (\w+) to (\w+)": "{0} は「{1}」から「{2}」にできません。画面を読み込み直してください。", r"(T\d+) cannot move from (\w+) to (\w+) (\w+)": "{0} は「{1}」のため、返信({2})を「{3}」にできません。",
        r"this form has expired; go back and load the page again": "フォームの有効期限が切れました。前の画面を読み込み直してください。", r"this address or form is not one of the desk's": "このアドレスまたは入力は正しくありません。", r"this form was sent from another site": "別のサイトから送られたフォームは受け付けません。", r"this form does not say how long it is": "長さの分からないフォームは受け付けません。", r"this form is too large": "入力が長すぎます。", r"Requested action aborted: try again later": "しばらくしてから読み込み直してください。", r"Not Found": "このアドレスのページはありません。", r"Method Not Allowed": "このアドレスではできない操作です。",
        r"read as plain text only: (.*)": "構造を読めず、本文のみ読み取り({0})", r"mail-parser failed \((.*)\); read with the standard parser": "別の方法で読み取り({0})", r"structure not readable \((.*)\); read as one text": "構造を読めず、全体を本文として読み取り({0})", r"a line that is no header stood before the headers": "ヘッダーの前に余分な行がある", r"an over-long header was cut": "長すぎるヘッダーを途中まで読み取り", r"a header line had lost its folding": "ヘッダーの折り返しが崩れている", r"text cut at (\d+) characters": "本文を {0} 文字まで読み取り", r"(\d+) characters could not be decoded": "読み取れない文字が {0} 字あり", r"headers behind the (\d+)th were not looked at": "{0} 行目より後のヘッダーは未読", r"parts behind the (\d+)th were not looked at": "{0} 個目より後のパートは未読", r"the parts of the mail could not be told apart: .*": "パートの境界が見つからず、区切れない部分がある", r"the mail ends before its last part is closed: something may be cut off": "メールが途中で終わっており、末尾が欠けている可能性がある", r"the text is encrypted \((.*)\) and cannot be read here": "本文が {0} で暗号化されており読み取れない", r"the text is packed into its S/MIME signature and cannot be read here": "本文が S/MIME 署名に格納されており読み取れない", r"the text cannot be read here": "本文を読み取れない", r"holds an entry for a calendar": "予定表への登録データを含む", r"signed with (.*); the signature was not checked": "{0} の署名あり(署名は未検証)", r"Outlook packed files into winmail.dat; they cannot be shown here": "Outlook の winmail.dat に格納されたファイルは表示できない", r"no address in From; taken from the envelope": "From に宛先がないため配送時の差出人から取得", r"no address in From; taken from (.*)": "From に宛先がないため {0} から取得", r"no sender address": "差出人のアドレスなし",
    },
    "en": {
        r"(T\d+) cannot move from (\w+) to (\w+)": "{0} cannot move from “{1}” to “{2}”.", r"(T\d+) cannot move from (\w+) to (\w+) (\w+)": "{0} is “{1}”: its letter ({2}) cannot become “{3}”.", r"no state (.*)": "There is no state “{0}”.", r"Requested action aborted: try again later": "Please load the page again in a while.",
        r"no ticket (T\d+)": "There is no ticket {0}.", r"no (?:stray |parked )?mail (\d+)": "There is no mail {0}.", r"no letter (\d+)": "There is no letter {0}.", r"no report (\d+)": "There is no report {0}.", r"mail (\d+) has no part (\d+)": "Mail {0} has no part {1}.",
        r"this form has expired; go back and load the page again": "This form has expired; go back and load the page again.", r"this address or form is not one of the desk's": "This address or form is not one of the desk's.", r"this form was sent from another site": "This form was sent from another site.", r"this form does not say how long it is": "This form does not say how long it is.", r"this form is too large": "This form is too large.",
        r"Not Found": "There is no page at this address.", r"Method Not Allowed": "This address does not take that.",
    },
}  # fmt: skip
LANGUAGES: Mapping[str, Mapping[str, str]] = {"ja": JA, "en": EN}


def words(language: str) -> Mapping[str, str]:
    """The texts of a language; Japanese where it is unknown."""
    return LANGUAGES.get(language, JA)
