"""The words of the queue and the ticket page, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

QUEUE: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "skip": "本文へ移動", "todo": "対応が必要", "service": "契約・請求など", "waiting": "お客様待ち", "mine": "自分の担当", "no_agent": "担当者なし",
        "first_incident": "障害の可能性", "first_overdue": "応答目標を超過", "due": "応答目標", "due_by": "{at} まで", "overdue_since": "{at} を超過",
        "assignee": "担当", "waited": "経過", "choose": "選択", "choose_all": "このページをすべて選択", "chosen_do": "選択した受付を", "do_it": "実行", "none_chosen": "受付が選択されていません。",
        "take": "自分が担当する", "leave": "担当から外す", "assign_to": "{name} に割り当てる", "no_such_agent": "その担当者は登録されていません。", "no_such_step": "その操作はできません。",
        "snooze_until": "次の日時まで保留", "snooze_1h": "1時間後", "snooze_tomorrow": "明日の朝", "snooze_business": "翌営業日", "snooze_monday": "次の月曜日", "undo": "元に戻す", "did_take": "{n}件を自分の担当にしました。", "did_leave": "{n}件を担当から外しました。", "did_assign": "{n}件を割り当てました。", "did_snooze": "{n}件を保留にしました。",
        "did_undone": "{n}件を元に戻しました。", "did_ready": "{n}件を「対応可」にしました。", "did_needs_review": "{n}件を「要確認」にしました。", "did_answered": "{n}件を「回答済み」にしました。", "did_closed": "{n}件を完了にしました。",
        "did_waiting_customer": "{n}件を「お客様待ち」にしました。", "did_waiting_recurrence": "{n}件を「再現待ち」にしました。", "did_note": "メモを残しました。", "did_reply": "返信を作成しました。",
        "left_gone": "見つかりません", "left_illegal": "この状態からは移せません", "left_changed": "他の人が先に更新しました", "left_over": "変更できなかった受付",
        "filter": "絞り込み", "filter_by": "絞り込む", "clear_filters": "条件をすべて解除", "any": "指定なし", "f_category": "区分", "f_product": "プロダクト", "f_language": "言語", "f_region": "リージョン", "f_agent": "担当", "f_complete": "情報の充足", "f_lacks": "不足している項目", "f_customer": "お客様", "f_customer_help": "アドレス、または @ドメイン", "f_age": "経過",
        "complete_yes": "揃っている", "complete_no": "不足あり", "age_1h": "1時間以上前", "age_1d": "1日以上前", "age_3d": "3日以上前", "age_7d": "1週間以上前", "age_30d": "30日以上前", "drop_filter": "この条件を外す",
        "alike": "似た問い合わせが続いています", "alike_line": "{what}: {since} 以降{count}件(お客様{senders}名)", "alike_see": "まとめて見る", "alike_mixed": "複数のプロダクト",
        "refresh": "新しい変更があります。", "reload": "再読み込み", "changed_here": "この受付は更新されました。", "viewing": "{name}さんが閲覧中", "writing": "{name}さんが返信を作成中",
        "keys": "キーボード操作", "keys_help": "? でこの一覧を開きます。文字の入力中は無効です。", "keys_off": "1文字のショートカットを使わない", "close_dialog": "閉じる", "k_next": "次の受付へ", "k_prev": "前の受付へ", "k_open": "開く", "k_choose": "選択・解除", "k_search": "検索へ", "k_queue": "受付一覧へ", "k_outbox": "送信一覧へ", "k_mine": "自分の担当へ", "k_take": "自分が担当する", "k_close": "完了にする", "k_snooze": "保留にする", "k_reply": "返信を書く", "k_note": "メモを書く", "k_undo": "元に戻す", "k_back": "一覧へ戻る", "k_older": "次のページ", "k_approve": "承認して送信", "k_help": "この一覧",
        "theme": "表示", "theme_auto": "自動", "theme_light": "明るい", "theme_dark": "暗い", "settings_menu": "設定",
        "facts": "読み取れた情報", "copy": "コピー", "copied": "コピーしました", "copy_help": "押すとコピーします", "fact_account": "アカウント", "fact_region": "リージョン", "fact_resource": "リソース", "fact_when": "日時", "fact_error": "エラーコード", "fact_request": "RequestId", "fact_address": "メール", "fact_ip": "IPアドレス",
        "customer_page": "お客様の受付一覧", "tickets_of": "{who} の受付", "no_tickets": "受付はありません。", "and_company": "同じ会社のお客様", "open_count": "対応中{open}件 / 全{all}件", "letters_wrote": "送った返信",
        "conflict_title": "この受付は、表示後に更新されています", "conflict_text": "操作は行っていません。変更を確かめてから、必要であればもう一度操作してください。入力された内容は下に残っています。", "conflict_since": "その間の変更", "back_to_ticket": "受付に戻る", "typed": "入力された内容",
        "reopen": "対応を再開する", "close_now": "完了にする", "more_moves": "ほかの状態へ", "timeline": "経緯", "ticket_work": "対応", "version_of": "版", "books_page": "受付数の照合",
        "spam_tag": "迷惑メール", "queue_title": "受付一覧", "total": "計", "assigned": "担当を割り当て", "unassigned": "担当を外した", "overdue": "応答目標を超過", "undone": "操作を元に戻した", "replied": "返信による", "row_opens": "開く", "no_smarthost": "送信サーバー(UKETSUKE_SMARTHOST)が設定されていないため、返信は送信待ちのまま残ります。",
    },
    "en": {
        "skip": "Skip to content", "todo": "To do", "service": "Contract and billing", "waiting": "Waiting for customer", "mine": "Mine", "no_agent": "nobody",
        "first_incident": "maybe an incident", "first_overdue": "past its target", "due": "Answer due", "due_by": "by {at}", "overdue_since": "was due {at}",
        "assignee": "Agent", "waited": "Waiting", "choose": "Choose", "choose_all": "Choose all on this page", "chosen_do": "With the chosen tickets", "do_it": "Do it", "none_chosen": "No ticket is chosen.",
        "take": "Take over", "leave": "Give back", "assign_to": "Assign to {name}", "no_such_agent": "There is no such agent.", "no_such_step": "There is no such step.",
        "snooze_until": "Snooze until", "snooze_1h": "in an hour", "snooze_tomorrow": "tomorrow morning", "snooze_business": "next business day", "snooze_monday": "next Monday", "undo": "Undo", "did_take": "{n} taken over.", "did_leave": "{n} given back.", "did_assign": "{n} assigned.", "did_snooze": "{n} snoozed.",
        "did_undone": "{n} taken back.", "did_ready": "{n} moved to ready.", "did_needs_review": "{n} moved to needs review.", "did_answered": "{n} moved to answered.", "did_closed": "{n} closed.",
        "did_waiting_customer": "{n} moved to waiting for customer.", "did_waiting_recurrence": "{n} moved to waiting for recurrence.", "did_note": "Note added.", "did_reply": "The reply is written.",
        "left_gone": "not found", "left_illegal": "cannot be moved there from where it is", "left_changed": "someone else was quicker", "left_over": "Left as they are",
        "filter": "Filter", "filter_by": "Filter", "clear_filters": "Clear all", "any": "any", "f_category": "Category", "f_product": "Product", "f_language": "Language", "f_region": "Region", "f_agent": "Agent", "f_complete": "Information", "f_lacks": "Lacks", "f_customer": "Customer", "f_customer_help": "address or @domain", "f_age": "Age",
        "complete_yes": "complete", "complete_no": "incomplete", "age_1h": "older than 1 hour", "age_1d": "older than 1 day", "age_3d": "older than 3 days", "age_7d": "older than a week", "age_30d": "older than 30 days", "drop_filter": "Drop this filter",
        "alike": "Similar reports are coming in", "alike_line": "{what}: {count} since {since}, from {senders} customers", "alike_see": "Show them", "alike_mixed": "different products",
        "refresh": "Something has changed.", "reload": "Reload", "changed_here": "This ticket has changed.", "viewing": "{name} is looking at it", "writing": "{name} is writing a reply",
        "keys": "Keyboard", "keys_help": "? opens this list. Keys do nothing while you type.", "keys_off": "No single-key shortcuts", "close_dialog": "Close", "k_next": "next ticket", "k_prev": "previous ticket", "k_open": "open", "k_choose": "choose or not", "k_search": "search", "k_queue": "queue", "k_outbox": "outbox", "k_mine": "my tickets", "k_take": "take over", "k_close": "close", "k_snooze": "snooze", "k_reply": "write a reply", "k_note": "write a note", "k_undo": "undo", "k_back": "back to the queue", "k_older": "next page", "k_approve": "approve and send", "k_help": "this list",
        "theme": "Colours", "theme_auto": "auto", "theme_light": "light", "theme_dark": "dark", "settings_menu": "Settings",
        "facts": "What was understood", "copy": "copy", "copied": "copied", "copy_help": "Click to copy", "fact_account": "account", "fact_region": "region", "fact_resource": "resource", "fact_when": "time", "fact_error": "error code", "fact_request": "RequestId", "fact_address": "mail", "fact_ip": "IP address",
        "customer_page": "All tickets of this customer", "tickets_of": "Tickets of {who}", "no_tickets": "No tickets.", "and_company": "others of the same company", "open_count": "{open} open, {all} in all", "letters_wrote": "letters sent",
        "conflict_title": "This ticket has changed since you looked", "conflict_text": "Nothing was done. Please look at what has changed, and do it again if it is still right. What you typed is kept below.", "conflict_since": "What happened meanwhile", "back_to_ticket": "Back to the ticket", "typed": "What you typed",
        "reopen": "Open again", "close_now": "Close", "more_moves": "Other states", "timeline": "History", "ticket_work": "Work", "version_of": "version", "books_page": "The books of accepted mails",
        "spam_tag": "spam", "queue_title": "Queue", "total": "total", "assigned": "assigned", "unassigned": "given back", "overdue": "past its response target", "undone": "taken back", "replied": "by a reply", "row_opens": "open", "no_smarthost": "No smarthost is set (UKETSUKE_SMARTHOST): letters stay queued.",
    },
}  # fmt: skip
