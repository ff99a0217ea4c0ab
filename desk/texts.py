"""The desk's own words, Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.access_texts import ACCESS, DETAILS_OF_ACCESS
from desk.conversation_texts import CONVERSATION, DETAILS_MORE, REASONS_MORE
from desk.machines_texts import MACHINES
from desk.own_mails_texts import DETAILS_OF_OWN_MAILS, OWN_MAILS
from desk.queue_texts import QUEUE
from desk.reply_texts import DETAILS_BY_HAND, REASONS_BY_HAND, REPLIES
from desk.report_texts import DETAILS_OF_REPORTS, REPORTS
from desk.search_texts import SEARCH
from desk.shaping_texts import SHAPING
from desk.trust_texts import TRUST_JA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.pack import Pack

JA: Mapping[str, str] = {
    **CONVERSATION["ja"], **ACCESS["ja"], **MACHINES["ja"], **REPLIES["ja"], **SHAPING["ja"], **SEARCH["ja"], **QUEUE["ja"], **REPORTS["ja"], **OWN_MAILS["ja"],
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
    "hints": "検出した語句", "history": "履歴", "note": "メモ", "add_note": "メモを残す", "move": "状態を変える", "release": "この返信を送る", "discard": "この返信を破棄", "automatic": "自動メール", "trust": "差出人の確認", "trust_aligned": "確認済み", "trust_unchecked": "未確認", "trust_failed": "失敗(なりすましの疑い)", "warnings": "読み取り時の注意", "secrets": "認証情報らしき記載(伏字にしています)", "to": "宛先", "as_sent": "送信形式で表示", "kind": "種類", "created": "作成", "error": "エラー", "try_again": "もう一度読み取る", "parked_help": "自動の読み取りに失敗したメールです。原文はそのまま保存されています。", "just_received": "受信したばかりのメールです。まもなく判定されます。", "no_letter": "返信はありません。", "deliveries": "配達回数", "legend": "色の意味", "not_found": "見つかりません", "language_other": "English", "held_help": "担当者の確認を待っています。", "by": "記録者",
    "urgent": "至急", "once_recovered": "一度発生し解消", "not_reproducible": "再現せず", "deletes_resources": "リソース削除", "wants_close": "クローズ希望", "reseller": "代理店", "sensitive": "要注意", "security": "セキュリティ", "complaint": "苦情", "connection_kind": "接続方法", "region": "リージョン", "resource": "リソース", "when": "日時", "zone_missing": "タイムゾーン不明", "ongoing": "継続中", "frequency": "頻度", "condition": "発生条件", "works_for": "正常な環境", "fails_for": "発生する範囲", "access_source": "アクセス元",
    "split_opened": "分割のお願いから新しい受付", "recurrence_expired": "再現待ちの期間が終了", "filed": "起票", "joined": "同じ件への追加メール", "moved": "状態の変更", "reply_queued": "返信を作成", "reply_sent": "返信を送信", "reply_held": "返信は承認待ち", "reply_suppressed": "返信せず", "reply_shadow": "返信を表示のみ", "reply_failed": "返信に失敗", "reply_deferred": "送信を延期", "reply_discarded": "返信を破棄", "reply_bounced": "返信が不達",
    "glyphs": "チェックリストの見方", "attach_size": "{size} バイト", "actions": "対応", "error_kind": "エラー", "connectivity_kind": "接続", "display_kind": "表示", "behaviour_kind": "動作", "books": "受信 {accepted} = 起票 {ticketed} + 追加 {joined} + 読取不可 {parked} + 判定待ち {waiting} + 重複 {duplicates} + 削除済み {deleted}",
    "customer": "お客様", "held_why": "承認待ちの理由", "letter_why": "送信の状況", "text": "本文", "language_ja": "日本語", "language_en": "英語", "language_zh": "中国語", "main_menu": "メニュー",
    "error_400": "内容を読み取れません", "error_403": "受け付けられません", "error_405": "この操作はできません", "error_409": "この操作はできません", "error_411": "受け付けられません", "error_413": "大きすぎます", "error_503": "ただいまデータベースに接続できません",
    "letter_settings": "返信の設定", "letter_texts": "返信の文面", "stop_all": "すべての返信を止める", "stop_sure": "本当にすべての返信を止めますか", "stop_help": "止めている間は、返信は1通も送信されません。送信待ちの返信と、これから作成される返信は「承認待ち」になります。すでに送信サーバーに渡し始めた返信は止められません。", "stop_yes": "止める", "stop_no": "キャンセル",
    "stopped_now": "すべての返信を止めています。", "stopped_by": "{by} が {at} に停止", "resume": "返信を再開する", "release_stopped": "停止中にたまった返信{count}通をまとめて送る", "total_held": "返信全体が10分間の上限に達したため、{count}通を承認待ちにしています。異常な受信がないか確認してください。", "see_held": "承認待ちを見る",
    "undelivered": "返信が届いていません", "judge_right": "この返信でよかった", "judge_wrong": "送るべきではなかった", "judged": "担当者の評価", "judgement_right": "この返信でよかった", "judgement_wrong": "送るべきではなかった", "judgement_released": "承認して送信", "judgement_discarded": "破棄", "judged_right": "返信を評価: この返信でよかった", "judged_wrong": "返信を評価: 送るべきではなかった",
    "modes": "種類ごとの動作と実績", "modes_help": "「設定ファイルのとおり」以外を選ぶと、次に受信するメールから適用されます。実績は直近30日間の通数です。", "mode_of": "動作", "mode_pack": "設定ファイルのとおり({mode})", "set_mode": "変更", "n_sent": "送信済み", "n_held": "承認待ち", "n_released": "承認して送信", "n_discarded": "破棄", "n_shadow": "表示のみ", "n_suppressed": "送信せず", "n_failed": "失敗・不達", "n_right": "正しかった割合", "right_of": "{right}/{judged}通",
    "shadow_table": "表示のみの返信と、その後の担当者の対応", "shadow_help": "送信した場合に移るはずだった状態と、担当者が最初に移した状態を比べています(直近30日間)。", "n_all": "通数", "n_same": "担当者も同じ対応", "n_other": "別の対応", "n_open": "対応前", "would_be": "返信の想定", "agent_did": "担当者の対応",
    "address_rules": "宛先ごとの規則", "rules_help": "アドレス(taro@example.com)またはドメイン(@example.com、サブドメインを含む)を登録します。より細かい指定が優先されます。「送らない」は返信を作成しても送信しません。「制限しない」は不達の記録と宛先・ドメインごとの上限を適用しません。", "pattern": "アドレスまたは @ドメイン", "verdict": "扱い", "verdict_block": "送らない", "verdict_allow": "制限しない", "rule_note": "理由・メモ", "add_rule": "登録", "drop_rule": "削除", "bad_pattern": "アドレス(taro@example.com)または @ドメイン(@example.com)の形で入力してください。", "no_rules": "登録はありません。",
    "audit": "変更の記録", "no_audit": "まだ記録はありません。", "letters_stopped": "すべての返信を停止", "letters_resumed": "返信を再開", "stopped_released": "停止中の返信をまとめて送信", "rule_block": "「送らない」に登録", "rule_allow": "「制限しない」に登録", "rule_dropped": "宛先の規則を削除", "mode_set": "動作を変更", "text_saved": "文面を保存", "text_restored": "設定ファイルの文面に戻した", "total_reached": "返信全体の上限に到達", "in_letters": "{count}通", "version": "第{number}版", "as_pack": "設定ファイルのとおり",
    "template": "文面", "part": "共通部分", "edited": "編集済み", "from_pack": "設定ファイルのまま", "texts_help": "保存すると、次に作成される返信から使われます。再起動は要りません。", "edit_text": "文面を編集", "preview": "プレビュー", "preview_on": "プレビューに使う受付番号", "show_preview": "プレビューを表示", "save": "保存", "save_note": "変更の理由(任意)", "preview_live": "入力に合わせて自動で更新されます。", "text_wrong": "この文面は使えません", "at_line": "{line} 行目", "not_saved": "保存していません。入力した文面は下に残っています。", "saved": "保存しました。次に作成される返信から使われます。", "conflict": "{by} が先に保存しました。", "conflict_help": "保存していません。入力した文面は下に残っています。相手の版との違いを確かめ、必要ならもう一度保存してください。",
    "versions": "版の一覧", "version_now": "現在の版", "show_diff": "現在の文面との違い", "restore": "この版に戻す", "restore_pack": "設定ファイルの文面に戻す", "no_versions": "保存された版はありません。", "diff_of": "違い", "diff_none": "違いはありません。", "variables": "使える項目", "no_preview": "プレビューできる受付がありません。", "preview_failed": "プレビューを表示できません", "no_address": "この受付のメールには返信できる宛先がありません。", "not_read": "この受付のメールはまだ読み取られていません。", "saved_by": "{by}、{at}",
}  # fmt: skip
EN: Mapping[str, str] = {
    **CONVERSATION["en"], **ACCESS["en"], **MACHINES["en"], **REPLIES["en"], **SHAPING["en"], **SEARCH["en"], **QUEUE["en"], **REPORTS["en"], **OWN_MAILS["en"],
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
    "hints": "Hints", "history": "History", "note": "Note", "add_note": "Add note", "move": "Move to", "release": "Send this letter", "discard": "Discard this letter", "automatic": "Automatic mail", "trust": "Sender check", "trust_aligned": "proven", "trust_unchecked": "not proven", "trust_failed": "failed: maybe forged", "warnings": "Reading warnings", "secrets": "possible credentials (masked here)", "to": "To", "as_sent": "See it as it goes out", "kind": "Kind", "created": "Created", "error": "Error", "try_again": "Try again", "parked_help": "This mail could not be read automatically. Its raw bytes are kept as they came.", "just_received": "This mail has just come in and will be triaged in a moment.", "no_letter": "There is no letter.", "deliveries": "Deliveries", "legend": "Colours", "not_found": "Not found", "language_other": "日本語", "held_help": "Waiting for an agent.", "by": "by",
    "urgent": "urgent", "once_recovered": "once, recovered", "not_reproducible": "not reproducible", "deletes_resources": "deletes resources", "wants_close": "wants to close", "reseller": "reseller", "sensitive": "sensitive", "security": "security", "complaint": "complaint", "connection_kind": "connection", "region": "region", "resource": "resource", "when": "time", "zone_missing": "zone unknown", "ongoing": "still going on", "frequency": "how often", "condition": "condition", "works_for": "works for", "fails_for": "fails for", "access_source": "accessed from",
    "split_opened": "a split mail opened another ticket", "recurrence_expired": "its time of waiting for recurrence is over", "filed": "filed", "joined": "another mail joined", "moved": "moved", "reply_queued": "letter written", "reply_sent": "letter sent", "reply_held": "letter held", "reply_suppressed": "letter not sent", "reply_shadow": "letter shown only", "reply_failed": "letter failed", "reply_deferred": "sending deferred", "reply_discarded": "letter discarded", "reply_bounced": "letter bounced",
    "glyphs": "How to read the checklist", "attach_size": "{size} bytes", "actions": "Actions", "error_kind": "error", "connectivity_kind": "connectivity", "display_kind": "display", "behaviour_kind": "behaviour", "books": "accepted {accepted} = ticketed {ticketed} + joined {joined} + unreadable {parked} + waiting {waiting} + duplicates {duplicates} + deleted {deleted}",
    "customer": "customer", "held_why": "Why it is held", "letter_why": "Outcome", "text": "Text", "language_ja": "Japanese", "language_en": "English", "language_zh": "Chinese", "main_menu": "Menu",
    "error_400": "Not understood", "error_403": "Not accepted", "error_405": "Not possible", "error_409": "Not possible", "error_411": "Not accepted", "error_413": "Too large", "error_503": "The database does not answer",
    "letter_settings": "Letter settings", "letter_texts": "Letter texts", "stop_all": "Stop all letters", "stop_sure": "Really stop all letters?", "stop_help": "While letters are stopped, none is sent. Queued letters, and those written from now on, are held. A letter that is already being handed to the mail server cannot be called back.", "stop_yes": "Stop them", "stop_no": "Cancel",
    "stopped_now": "All letters are stopped.", "stopped_by": "by {by} at {at}", "resume": "Let letters go again", "release_stopped": "Send all {count} letters that the stop held", "total_held": "All letters of ten minutes are used up: {count} are held. Please check whether too much mail is coming in.", "see_held": "See what is held",
    "undelivered": "A letter did not arrive", "judge_right": "Would have been right", "judge_wrong": "Should not go", "judged": "Agent's word", "judgement_right": "would have been right", "judgement_wrong": "should not go", "judgement_released": "released", "judgement_discarded": "discarded", "judged_right": "letter judged: would have been right", "judged_wrong": "letter judged: should not go",
    "modes": "What letters of each kind do, and did", "modes_help": "What you choose here stands in place of the pack's, from the next mail on. The figures are those of the last 30 days.", "mode_of": "Mode", "mode_pack": "pack: {mode}", "set_mode": "Change", "n_sent": "sent", "n_held": "held", "n_released": "released", "n_discarded": "discarded", "n_shadow": "shadow", "n_suppressed": "not sent", "n_failed": "failed, bounced", "n_right": "right", "right_of": "{right} of {judged}",
    "shadow_table": "Shadow: what would have gone, what agents did", "shadow_help": "Compared: the state that the ticket would have taken had the letter gone, and the state an agent first moved it to (last 30 days).", "n_all": "letters", "n_same": "agent did the same", "n_other": "agent did otherwise", "n_open": "nothing yet", "would_be": "Letter's way", "agent_did": "Agent's way",
    "address_rules": "Rules for addresses", "rules_help": "An address (taro@example.com) or a domain (@example.com, with its sub-domains). The most exact rule counts. “Block”: no letter goes there. “Allow”: neither returned letters nor the limits per address and domain hold a letter back.", "pattern": "Address or @domain", "verdict": "Rule", "verdict_block": "block", "verdict_allow": "allow", "rule_note": "Why", "add_rule": "Add", "drop_rule": "Remove", "bad_pattern": "Please write an address (taro@example.com) or an @domain (@example.com).", "no_rules": "No rules yet.",
    "audit": "Who changed what", "no_audit": "Nothing yet.", "letters_stopped": "stopped all letters", "letters_resumed": "let letters go again", "stopped_released": "released what the stop held", "rule_block": "blocked an address", "rule_allow": "allowed an address", "rule_dropped": "removed a rule", "mode_set": "changed a mode", "text_saved": "saved a text", "text_restored": "went back to the pack's text", "total_reached": "the limit of all letters was reached", "in_letters": "{count} letters", "version": "version {number}", "as_pack": "as the pack says",
    "template": "Letter", "part": "Shared part", "edited": "edited", "from_pack": "the pack's own", "texts_help": "A saved text is used from the next letter on; nothing need be restarted.", "edit_text": "Edit the text", "preview": "Preview", "preview_on": "Ticket for the preview", "show_preview": "Show the preview", "save": "Save", "save_note": "Why (optional)", "preview_live": "Follows what you type.", "text_wrong": "This text cannot be used", "at_line": "line {line}", "not_saved": "Nothing was saved. What you typed is kept below.", "saved": "Saved. The next letter uses it.", "conflict": "{by} saved first.", "conflict_help": "Nothing was saved. What you typed is kept below: compare it with the other version, and save again if it should stand.",
    "versions": "Versions", "version_now": "current", "show_diff": "Compare with the current text", "restore": "Restore this version", "restore_pack": "Go back to the pack's text", "no_versions": "No saved versions.", "diff_of": "Differences", "diff_none": "No differences.", "variables": "What a text may name", "no_preview": "There is no ticket to preview with.", "preview_failed": "No preview", "no_address": "The mail of this ticket has no address to write to.", "not_read": "The mail of this ticket has not been read yet.", "saved_by": "{by}, {at}",
}  # fmt: skip
REASONS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        **REASONS_MORE["ja"],
        **REASONS_BY_HAND["ja"],
        "missing": "必須の項目が不足", "complete": "必須の項目はすべて揃っている", "unsure": "有無を断定できない項目", "answered": "今回のメールで回答いただいた項目", "joined": "既存の件への追加メール", "automatic": "自動送信のメール", "nothing_left": "お礼・無関係な内容のみ",
        "several_accounts": "複数アカウントの記載", "other_account": "この差出人のものと確認されていないアカウントの記載", "several_issues": "独立したご質問が複数", "all_out_of_scope": "すべてサポート範囲外", "nothing_disclosed": "非開示の内容のみ", "recipient": "宛先の決め方",
        "hold_low_confidence": "判定の確からしさが基準未満", "hold_complaint": "苦情の可能性があるため担当者が先に確認", "hold_new_matter": "進行中の件に新しい用件が届いたため確認", "hold_half_answer": "回答として不十分なため確認", "hold_closed_ticket": "完了した件へのメールのため確認", "no_letters_in_language": "この言語の文面がない",
        "may_not_reply": "返信してはいけないメール", "null_sender": "差出人が空(<>)", "trust_failed": "差出人の確認に失敗", "no_usable_address": "返信できる宛先がない", "role_address": "人が読まない宛先", "bounce_hold": "最近この宛先への返信が不達", "repeated_body": "同じ差出人から同じ本文を受付済み", "letter_spent": "同じ種類の返信を送付済み", "letters_spent": "お願いと再度のお願いを送付済み", "quick_reply": "直後の自動的な返信とみられる",
        "rate_sender_hour": "この差出人への返信が1時間の上限に達した", "rate_sender_day": "この差出人への返信が1日の上限に達した", "rate_domain_hour": "このドメインへの返信が1時間の上限に達した", "rate_total": "返信全体が10分間の上限に達した", "mode": "運用モード", "hold": "担当者の確認待ち", "own_address": "宛先が窓口自身のアドレス",
        "blocked": "宛先が「送らない」に登録されている", "same_text": "同じ文面を24時間以内に送付済み", "stopped": "すべての返信の停止により保留", "restored": "バックアップから復元したため保留(すでに送信済みの可能性あり)", "mode_off": "この種類の返信を作成しない設定", "hold_security": "セキュリティに関わるため担当者が先に確認", "hold_other_account": "差出人のものと確認できないアカウントのため確認", "hold_unread_language": "読み取りに対応していない言語のため確認", "hold_no_dialogue": "お伺いへの返信がない件が多く、機械による送信の可能性があるため確認", "hold_sensitive": "法務・通報・取り下げなどの可能性があるため担当者が先に確認", "hold_forwarded": "転送されたメールの中に記載がある可能性があるため確認", "hold_nothing_told": "用件を読み取れないため確認", "hold_bcc": "窓口が To・Cc にない(Bcc・転送)ため確認",
    },
    "en": {
        **REASONS_MORE["en"],
        **REASONS_BY_HAND["en"],
        "missing": "required items missing", "complete": "nothing required is missing", "unsure": "neither surely there nor surely absent", "answered": "answered by this mail", "joined": "joined an open ticket", "automatic": "automatic mail", "nothing_left": "nothing to answer",
        "several_accounts": "several accounts named", "other_account": "an account not known as this sender's", "several_issues": "several separate questions", "all_out_of_scope": "all out of scope", "nothing_disclosed": "only what is not disclosed", "recipient": "how the recipient was chosen",
        "hold_low_confidence": "confidence under the threshold", "hold_complaint": "maybe a complaint", "hold_new_matter": "new matter", "hold_half_answer": "half an answer", "hold_closed_ticket": "a mail on a closed ticket", "no_letters_in_language": "no letters in this language",
        "may_not_reply": "must not be answered", "null_sender": "null sender", "trust_failed": "sender check failed", "no_usable_address": "no usable address", "role_address": "role address", "bounce_hold": "address bounced lately", "repeated_body": "repeated text", "letter_spent": "this letter was sent before", "letters_spent": "request and follow-up were sent", "quick_reply": "reply within a minute",
        "rate_sender_hour": "this sender's letters of one hour are used up", "rate_sender_day": "this sender's letters of one day are used up", "rate_domain_hour": "this domain's letters of one hour are used up", "rate_total": "all letters of ten minutes are used up", "mode": "mode of operation", "hold": "held for an agent", "own_address": "the desk's own address",
        "blocked": "the address is on the desk's block list", "same_text": "the same letter went there within a day", "stopped": "held when all letters were stopped", "restored": "held by a restore; it may have gone since the backup", "mode_off": "letters of this kind are off", "hold_security": "a security matter goes to a person first", "hold_other_account": "an account not known as the sender's", "hold_unread_language": "a language that our reading was not trained for", "hold_no_dialogue": "many questions there were never answered", "hold_sensitive": "law, abuse, a withdrawal: a person answers", "hold_forwarded": "forwarded: the answers may stand below", "hold_nothing_told": "nothing was told that could be asked about", "hold_bcc": "the desk stands in neither To nor Cc (Bcc, forwarded)",
    },
}  # fmt: skip
TOKENS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "bounce": "不達通知", "auto_reply": "自動応答", "bulk": "一斉配信", "list": "メーリングリスト", "loop": "この窓口からのメールの折り返し",
        "auto": "自動送信", "off": "作成しない", "approve": "担当者の承認後に送信", "shadow": "表示のみで送信しない", "ja": "日本語", "en": "英語", "zh": "中国語", "other": "その他の言語", "recipient": "宛先", "from": "差出人",
        "rule": "規則", "rules": "規則", "agent": "担当者", "model": "学習モデル", "reply_to_aligned": "確認済みの差出人の Reply-To", "from_aligned": "確認済みの差出人", "from_without_envelope": "From のアドレス(配送時の差出人は不明)", "from_matches_envelope": "From のアドレス(配送時の差出人と同じドメイン)", "envelope_sender": "配送時の差出人", "envelope_sender_no_from": "配送時の差出人(From に宛先なし)",
    },
    "en": {
        "bounce": "bounce", "auto_reply": "automatic reply", "bulk": "bulk mail", "list": "mailing list", "loop": "our own mail come back",
        "auto": "letters go out by themselves", "off": "no letter is written", "approve": "an agent releases each letter", "shadow": "letters are only shown", "ja": "Japanese", "en": "English", "zh": "Chinese", "other": "another language", "recipient": "recipient", "from": "sender",
        "rule": "rule", "rules": "rules", "agent": "agent", "model": "model", "reply_to_aligned": "Reply-To of a proven sender", "from_aligned": "From of a proven sender", "from_without_envelope": "From, the envelope's sender unknown", "from_matches_envelope": "From, of the envelope sender's domain", "envelope_sender": "the envelope's sender", "envelope_sender_no_from": "the envelope's sender, for want of a From",
    },
}  # fmt: skip
# What the machine says in English, as whole sentences; {0} is the first group, by its name where it has one. Empty: the name of
# the step says it all.
DETAILS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        **DETAILS_OF_ACCESS["ja"],
        **DETAILS_OF_REPORTS["ja"],
        **DETAILS_OF_OWN_MAILS["ja"],
        **TRUST_JA,
        **DETAILS_MORE["ja"],
        **DETAILS_BY_HAND["ja"],
        r"([\d.]+) is under ([\d.]+)": "{0}(基準 {1})", r"(\d+) account ids? named": "アカウント ID {0}件", r"(\d+) letters, the limit is (\d+)": "{0}通(上限{1}通)",
        r"(T\d+) has had this kind of letter": "{0}", r"(T\d+) has had its request and its follow-up; a person goes on": "{0}、以後は担当者が対応", r"nobody reads at an address of this form": "", r"the desk would write to itself": "",
        r"only acknowledgements, unrelated matters or nothing at all": "", r"no required item is surely absent": "", r"a complaint goes to a person first": "", r"a new matter in an open ticket: an agent decides where it belongs": "", r"words that lead to another matter: an agent decides where it belongs": "", r"the ticket is closed: an agent decides how it goes on": "", r"the reply settles too little to be sure that it is an answer": "",
        r"the envelope sender is <>": "", r"the sender's identity check failed": "", r"neither From nor envelope sender can be written to": "", r"a letter to this address came back lately": "", r"same text as an earlier mail of the sender": "", r"same text as the sender's last mail within the hour": "", r"came within a minute of our letter and says nothing new": "", r"no usable address": "返信できる宛先なし",
        r"no account known as the sender's": "", r"a matter of security goes to a person first": "", r"many of our questions there were never answered": "", r"law, abuse, a withdrawal or no more mail: a person answers": "", r"a forwarded mail may hold below what the letter asks for": "", r"neither a symptom nor a product, place or resource was found": "", r"an agent makes sure whose account it is": "", r"the reading is not trained for this language": "", r"the desk stands in neither To nor Cc: a blind copy or forwarded": "", r"the desk's block list names this address": "", r"the same letter went to this address within a day": "", r"all letters are stopped; let them go again first": "すべての返信を止めています。先に返信を再開してください。", r"no such rule": "この規則はすでに削除されています。", r"no letter text (.*)": "「{0}」という文面はありません。", r"no version (\d+)": "第{0}版はありません。", r"no kind (.*)": "「{0}」という種類の返信はありません。", r"no mode (.*)": "「{0}」という動作はありません。",
        r"does not render: '([^']*)' is undefined": "「{0}」という項目はありません。", r"does not render: '([^']*)' has no attribute '([^']*)'": "「{0}」に「{1}」という項目はありません。", r"does not render: '([^']*) object' has no attribute '([^']*)'": "「{1}」という項目はありません。", r"does not render: '?([\w-]+)'?(?: not found in the '.*' loader|)": "「{0}」という共通部分はありません。", r"does not render: (.*)": "文面として読み取れません: {0}", r"stands on the list of banned words; say it kindly": "使わないと決めた言葉が含まれています。言い換えてください。", r"must name the ticket: .*": "受付番号がどこにもありません。{{{{ ref }}}} または {{{{ t.accepted }}}} を入れてください。", r"filter (\w+) has no place in a letter; .*": "フィルター「{0}」は文面では使えません。", r"(\w+): a letter may only write variables, choose \(if\), repeat \(for\) and include parts": "「{0}」は文面では使えません。使えるのは項目の表示、if、for、include です。", r"is longer than (\d+) characters": "長すぎます({0}文字まで)。", r"include needs the name of a part in quotes; .*": "include には共通部分(名前は _ で始まります)を引用符で書いてください。", r"a letter includes at most (\d+) parts": "include は1通に {0} 個までです。", r"a part includes no other part": "共通部分の中では include を使えません。", r"include has no place within for": "for の中では include を使えません。", r"for goes through a list of the letter .*": "for に書けるのは、文面の項目(questions など)だけです。", r"does not render: one thing within another, too deep": "入れ子が深すぎます。", r"for: at most (\d+), one within the other": "for を重ねられるのは {0} 段までです。",
        r"the ticket is closed by now": "受付は終了済み", r"the customer has written since": "その後お客様からご連絡あり", r"an earlier letter of the ticket is held still": "同じ受付番号の前の返信が保留中", r"shadow mode: only shown": "表示のみで送信しない運用", r"approve mode: an agent releases it": "担当者の承認後に送信する運用", r"the recipient's server returned the letter": "宛先のサーバーから返送", r"given up: (.*)": "再送を終了: {0}", r"the smarthost refuses our name or password \((\d+)\)": "送信サーバーがユーザー名またはパスワードを拒否({0})", r"the smarthost refuses our sender: (.*)": "送信サーバーが差出人を拒否: {0}",
        r"no ticket (T\d+)": "受付番号 {0} の受付はありません。", r"no (?:stray |parked )?mail (\d+)": "メール {0} はありません。", r"no letter (\d+)": "返信 {0} はありません。", r"mail (\d+) has no part (\d+)": "メール {0} に添付 {1} はありません。", r"no state (.*)": "「{0}」という状態はありません。",
        r"(T\d+) cannot move from (\w+) to (\w+)": "{0} は「{1}」から「{2}」にできません。画面を読み込み直してください。", r"(T\d+) cannot move from (\w+) to (\w+) (\w+)": "{0} は「{1}」のため、返信({2})を「{3}」にできません。",
        r"this form has expired; go back and load the page again": "フォームの有効期限が切れました。前の画面を読み込み直してください。", r"this address or form is not one of the desk's": "このアドレスまたは入力は正しくありません。", r"this form was sent from another site": "別のサイトから送られたフォームは受け付けません。", r"this form does not say how long it is": "長さの分からないフォームは受け付けません。", r"this form is too large": "入力が長すぎます。", r"Requested action aborted: try again later": "しばらくしてから読み込み直してください。", r"Not Found": "このアドレスのページはありません。", r"Method Not Allowed": "このアドレスではできない操作です。",
        r"read as plain text only: (.*)": "構造を読めず、本文のみ読み取り({0})", r"mail-parser failed \((.*)\); read with the standard parser": "別の方法で読み取り({0})", r"structure not readable \((.*)\); read as one text": "構造を読めず、全体を本文として読み取り({0})", r"a line that is no header stood before the headers": "ヘッダーの前に余分な行がある", r"an over-long header was cut": "長すぎるヘッダーを途中まで読み取り", r"a header line had lost its folding": "ヘッダーの折り返しが崩れている", r"text cut at (\d+) characters": "本文を{0}文字まで読み取り", r"(\d+) characters could not be decoded": "読み取れない文字が{0}字あり", r"headers behind the (\d+)th were not looked at": "{0} 行目より後のヘッダーは未読", r"parts behind the (\d+)th were not looked at": "{0} 個目より後のパートは未読", r"the parts of the mail could not be told apart: .*": "パートの境界が見つからず、区切れない部分がある", r"the mail ends before its last part is closed: something may be cut off": "メールが途中で終わっており、末尾が欠けている可能性がある", r"the text is encrypted \((.*)\) and cannot be read here": "本文が {0} で暗号化されており読み取れない", r"the text is packed into its S/MIME signature and cannot be read here": "本文が S/MIME 署名に格納されており読み取れない", r"the text cannot be read here": "本文を読み取れない", r"holds an entry for a calendar": "予定表への登録データを含む", r"signed with (.*); the signature was not checked": "{0} の署名あり(署名は未検証)", r"Outlook packed files into winmail.dat; they cannot be shown here": "Outlook の winmail.dat に格納されたファイルは表示できない", r"no address in From; taken from the envelope": "From に宛先がないため配送時の差出人から取得", r"no address in From; taken from (.*)": "From に宛先がないため {0} から取得", r"no sender address": "差出人のアドレスなし",
    },
    "en": {
        **DETAILS_OF_ACCESS["en"],
        **DETAILS_OF_REPORTS["en"],
        **DETAILS_OF_OWN_MAILS["en"],
        **DETAILS_BY_HAND["en"],
        r"(T\d+) cannot move from (\w+) to (\w+)": "{0} cannot move from “{1}” to “{2}”.", r"(T\d+) cannot move from (\w+) to (\w+) (\w+)": "{0} is “{1}”: its letter ({2}) cannot become “{3}”.", r"no state (.*)": "There is no state “{0}”.", r"Requested action aborted: try again later": "Please load the page again in a while.",
        r"no ticket (T\d+)": "There is no ticket {0}.", r"no (?:stray |parked )?mail (\d+)": "There is no mail {0}.", r"no letter (\d+)": "There is no letter {0}.", r"mail (\d+) has no part (\d+)": "Mail {0} has no part {1}.",
        r"this form has expired; go back and load the page again": "This form has expired; go back and load the page again.", r"this address or form is not one of the desk's": "This address or form is not one of the desk's.", r"this form was sent from another site": "This form was sent from another site.", r"this form does not say how long it is": "This form does not say how long it is.", r"this form is too large": "This form is too large.",
        r"all letters are stopped; let them go again first": "All letters are stopped; let them go again first.", r"no such rule": "This rule is gone already.", r"no letter text (.*)": "There is no letter text {0}.", r"no version (\d+)": "There is no version {0}.", r"no kind (.*)": "There is no kind of letter {0}.", r"no mode (.*)": "There is no mode {0}.",
        r"Not Found": "There is no page at this address.", r"Method Not Allowed": "This address does not take that.",
    },
}  # fmt: skip
LANGUAGES: Mapping[str, Mapping[str, str]] = {"ja": JA, "en": EN}


def words(language: str) -> Mapping[str, str]:
    """The texts of a language; Japanese where it is unknown."""
    return LANGUAGES.get(language, JA)


_LABELLED = {  # a pack's label and the texts that it stands in the place of
    "product": ("products", "f_product", "canned_product", "reply_product"),
    "region": ("region", "fact_region", "f_region"),
    "resource": ("resource", "fact_resource"),
    "account": ("fact_account",),
}


def labels_of(pack: Pack, language: str) -> Mapping[str, str]:
    """Texts that the pack's own names for things stand in the place of (its `labels`)."""
    own = {key: label.get(language) or label[pack.default_language] for key, label in pack.labels.items()}
    return {text: own[key] for key, texts in _LABELLED.items() if key in own for text in texts}
