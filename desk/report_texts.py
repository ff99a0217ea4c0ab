"""The words of the pages of reports, Japanese and English; merged into `desk.texts`. How a period is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_WEEKDAYS = "月火水木金土日"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip
_WHOLE_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip

REPORTS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "report_elsewhere": "このデスクではレポートを作成していません。レポートを作成しているデスクをご確認ください。",
        "report_newest": "最新の週次レポート",
        "report_read": "レポートを読む",
        "report_none_yet": "週次レポートはまだありません。最初の1週間が終わると作成されます。途中経過は下のリンクからご覧いただけます。",
        "report_current": "途中経過",
        "report_current_day": "今日",
        "report_current_week": "今週",
        "report_current_month": "今月",
        "report_find": "期間を指定して開く",
        "report_find_help": "指定した日を含む日・週・月のレポートを開きます。まだ終わっていない期間は、現時点までの集計です。",
        "report_day_field": "日付",
        "report_kind_field": "単位",
        "report_open": "開く",
        "report_bad_day": "日付を 2026-11-29 の形式で入力し、単位を選んでください。",
        "report_in_future": "この期間はまだ始まっていません。今日までの日付を入力してください。",
        "report_kind_day": "日次",
        "report_kind_week": "週次",
        "report_kind_month": "月次",
        "report_saved": "作成済みのレポート",
        "report_none_of_kind": "この種類のレポートはまだありません。",
        "report_made_at": "{at} 作成",
        "report_period": "期間",
        "report_made": "作成日時",
        "report_so_far": "この期間はまだ終わっていません。現時点までの集計です。",
        "report_not_saved": "この期間のレポートは保存されていないため、現在の記録から集計しています。",
        "report_back_to_all": "レポート一覧",
        "report_before_day": "前の日",
        "report_before_week": "前の週",
        "report_before_month": "前の月",
        "report_after_day": "次の日",
        "report_after_week": "次の週",
        "report_after_month": "次の月",
        "report_k_before": "前の期間",
        "report_k_after": "次の期間",
        "report_neighbours": "前後の期間",
        "report_files": "ダウンロード",
        "report_file_html": "HTML ファイル",
        "report_file_csv": "CSV(表計算用)",
        "report_file_json": "JSON",
        "report_file_txt": "テキスト",
        "report_mail": "自分にメールで送る",
        "report_mailed": "レポートを {to} 宛てに送信します(数分以内に届きます)。",
        "report_mail_waits": "レポートを {to} 宛ての送信待ちに入れました。送信用のメールサーバーが設定されるまで送信されません。",
        "report_no_address": "メールアドレスが登録されていないため送れません。",
        "report_address_odd": "登録されているメールアドレスには送れません。半角英数字のアドレスを登録してください。",
        "report_set_address": "「自分の設定」でメールアドレスを登録する",
        "report_subscribe": "毎回メールで受け取る",
        "report_behind": "レポートの数字に含まれるチケット",
        "report_back": "レポートに戻る",
        "report_behind_one": "該当するチケット: {total}件",
        "report_behind_many": "数字は{count}、該当するチケットは{total}件です(1件のチケットを複数回数えることがあります)。",
        "report_behind_changed": "レポート作成時の数字は{said}でした。その後の変更(評価の登録やチケットの統合など)により現在の数と異なります。",
        "report_behind_none": "該当するチケットはありません。",
        "report_behind_range": "{first}〜{last}件目 / 全{total}件",
        "report_customer": "お客様(ドメイン)",
        "report_no_domain": "フリーメールなど",
        "report_received": "受信日時",
        "report_lacked": "初回の不足",
        "report_lacked_unsure": "{item}(不確か)",
        "report_times": "{count}回",
        "report_nothing_lacked": "なし",
        "report_not_checked": "対象外",
        "report_state_now": "現在の状態",
        "report_states_are_now_at": "状態は現在のもの、数字は{at}時点のものです。「対象外」は、情報の不足を確認する対象ではないチケットです。",
        "report_states_are_now": "状態は現在のもの、数字は集計時点のものです。「対象外」は、情報の不足を確認する対象ではないチケットです。",
        "report_previous_page": "← 前のページ",
        "books_help": "受信したメールが、1通残らずチケット・追加メール・読取不可などのいずれかになっているかを確かめます。",
        "books_now": "現在の状態",
        "books_agree": "一致しています",
        "books_differ": "一致していません",
        "books_look": "数は一致していますが、確認が必要です",
        "books_off_by": "差{count}通",
        "books_call": "管理者に連絡し、docs/operate.md の手順に沿って確認してください。",
        "books_days": "直近14日間の照合(各日の終わり時点の累計)",
        "books_no_days": "日ごとの照合はまだ記録されていません。",
        "books_day": "日付",
        "books_sign": "結果",
        "books_accepted": "受信",
        "books_ticketed": "起票",
        "books_joined": "追加",
        "books_parked": "読取不可",
        "books_waiting": "判定待ち",
        "books_duplicates": "重複",
        "books_deleted": "削除済み",
        "my_report_notices": "メールで受け取るレポート",
        "my_report_notices_help": "リーダーと管理者が受け取れます。レポートは期間が終わった次の朝に届きます。",
        "notice_report_day": "日次レポート",
        "notice_report_week": "週次レポート(毎週月曜日)",
        "notice_report_month": "月次レポート(毎月1日)",
        "notice_books": "受付数の照合が合わないときの警告",
    },
    "en": {
        "report_elsewhere": "This desk makes no reports. Look at the desk that makes them.",
        "report_newest": "The newest weekly report",
        "report_read": "Read it",
        "report_none_yet": "There is no weekly report yet: one is made when the first week has ended. What there is so far stands below.",
        "report_current": "So far",
        "report_current_day": "today",
        "report_current_week": "this week",
        "report_current_month": "this month",
        "report_find": "Open a period",
        "report_find_help": "Opens the report of the day, week or month that holds this date. A period that has not ended is counted up to now.",
        "report_day_field": "Date",
        "report_kind_field": "Period",
        "report_open": "Open",
        "report_bad_day": "Give a date like 2026-11-29, and choose day, week or month.",
        "report_in_future": "This period has not begun. Give a date up to today.",
        "report_kind_day": "Daily",
        "report_kind_week": "Weekly",
        "report_kind_month": "Monthly",
        "report_saved": "Saved reports",
        "report_none_of_kind": "There is no report of this kind yet.",
        "report_made_at": "made {at}",
        "report_period": "Period",
        "report_made": "Made",
        "report_so_far": "This period has not ended. These are its figures so far.",
        "report_not_saved": "No report of this period is saved; it is counted from what is on record now.",
        "report_back_to_all": "All reports",
        "report_before_day": "Day before",
        "report_before_week": "Week before",
        "report_before_month": "Month before",
        "report_after_day": "Next day",
        "report_after_week": "Next week",
        "report_after_month": "Next month",
        "report_k_before": "period before",
        "report_k_after": "next period",
        "report_neighbours": "Periods before and after",
        "report_files": "Download",
        "report_file_html": "HTML file",
        "report_file_csv": "CSV (for spreadsheets)",
        "report_file_json": "JSON",
        "report_file_txt": "Text",
        "report_mail": "Send it to me by mail",
        "report_mailed": "The report is on its way to {to}; it takes some minutes.",
        "report_mail_waits": "The report waits to be sent to {to}: no mail server is set for sending.",
        "report_no_address": "It cannot be sent: you have no mail address here.",
        "report_address_odd": "It cannot be sent to your mail address. Give one of plain letters and digits.",
        "report_set_address": "Set your mail address under “My settings”",
        "report_subscribe": "Get every report by mail",
        "report_behind": "The tickets behind a figure",
        "report_back": "Back to the report",
        "report_behind_one": "Tickets: {total}",
        "report_behind_many": "The figure is {count}, of {total} tickets; a ticket may count more than once.",
        "report_behind_changed": "The report said {said} when it was made. Words on letters, merges and the like have changed it since.",
        "report_behind_none": "No ticket counts here.",
        "report_behind_range": "{first}–{last} of {total}",
        "report_customer": "Customer (domain)",
        "report_no_domain": "mailbox provider or none",
        "report_received": "Received",
        "report_lacked": "Missing at first",
        "report_lacked_unsure": "{item} (unsure)",
        "report_times": "{count} times",
        "report_nothing_lacked": "nothing",
        "report_not_checked": "not checked",
        "report_state_now": "State now",
        "report_states_are_now_at": "States are those of now; the figure is of {at}. “Not checked”: the desk does not ask for anything there.",
        "report_states_are_now": "States are those of now; the figure is of when it was counted. “Not checked”: the desk does not ask for anything there.",
        "report_previous_page": "← Previous page",
        "books_help": "Has every mail that came in become a ticket, a part of one, or one of the rest that is named here?",
        "books_now": "The books now",
        "books_agree": "They agree",
        "books_differ": "They do not agree",
        "books_look": "The numbers agree, but something needs a look",
        "books_off_by": "off by {count}",
        "books_call": "Tell an admin; docs/operate.md says what to do.",
        "books_days": "The last 14 days (sums as each day ended)",
        "books_no_days": "No day has been counted yet.",
        "books_day": "Day",
        "books_sign": "Result",
        "books_accepted": "Accepted",
        "books_ticketed": "Ticketed",
        "books_joined": "Joined",
        "books_parked": "Unreadable",
        "books_waiting": "Waiting",
        "books_duplicates": "Duplicates",
        "books_deleted": "Deleted",
        "my_report_notices": "Reports by mail",
        "my_report_notices_help": "For leads and admins. A report comes the morning after its period has ended.",
        "notice_report_day": "daily report",
        "notice_report_week": "weekly report (Mondays)",
        "notice_report_month": "monthly report (the 1st)",
        "notice_books": "a warning when the books of accepted mails do not agree",
    },
}

DETAILS_OF_REPORTS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        r"this desk makes no reports": "このデスクではレポートを作成していません。",
        r"no report (.*) yet": "「{0}」はまだ始まっていない期間です。",
        r"no report (.*)": "「{0}」という期間はありません。2026-11-29(日)、2026-W48(週)、2026-11(月)のように指定してください。",
        r"this report has no such picture": "このレポートにその図はありません。",
        r"a report is no file of this form": "レポートをこの形式で保存することはできません。",
        r"this report has no such figure": "レポートにその数字はありません。",
        # What is wrong with the books.
        r"lost: (\d+) deliver(?:y|ies) of the door's tally without a mail": "紛失: 受信の記録があるのに保存されていないメール{0}通",
        r"uncounted: (\d+) deliver(?:y|ies) of mails that the door never counted": "記録漏れ: 保存されているのに受信の記録がないメール{0}通",
        r"orphan: (\d+) mails? triaged without a ticket( \([\d, ]+\))?": "行き先なし: 判定済みなのにチケットがないメール{0}通{1}",
        r"twice: (\d+) mails? parked or waiting, and of a ticket too( \([\d, ]+\))?": "重複計上: 読取不可または判定待ちなのにチケットにも含まれるメール{0}通{1}",
        r"odd: (\d+) mails? in no known state": "状態不明のメール{0}通",
        r"stuck: (\d+) mails? waiting for more than an hour": "滞留: 1時間以上判定を待っているメール{0}通",
    },
    "en": {
        r"this desk makes no reports": "This desk makes no reports.",
        r"no report (.*) yet": "The period “{0}” has not begun.",
        r"no report (.*)": "There is no period “{0}”. Periods are written 2026-11-29 (a day), 2026-W48 (a week), 2026-11 (a month).",
        r"this report has no such picture": "This report has no such picture.",
        r"a report is no file of this form": "A report cannot be saved in this form.",
        r"this report has no such figure": "Reports have no such figure.",
        r"lost: (\d+) deliver(?:y|ies) of the door's tally without a mail": "Lost: {0} counted when they came in, but kept nowhere",
        r"uncounted: (\d+) deliver(?:y|ies) of mails that the door never counted": "Uncounted: {0} kept, but never counted when they came in",
        r"orphan: (\d+) mails? triaged without a ticket( \([\d, ]+\))?": "Orphans: {0} triaged without a ticket{1}",
        r"twice: (\d+) mails? parked or waiting, and of a ticket too( \([\d, ]+\))?": "Counted twice: {0} unreadable or waiting, and part of a ticket too{1}",
        r"odd: (\d+) mails? in no known state": "Odd: {0} in no known state",
        r"stuck: (\d+) mails? waiting for more than an hour": "Stuck: {0} waiting for more than an hour",
    },
}


def period_text(kind: str, first: date, last: date, language: str) -> str:
    """A period as a person writes it: 2026年第48週(11月23日〜29日), Week 48 of 2026 (23–29 Nov)."""
    if language == "ja":
        return _japanese(kind, first, last)
    if kind == "month":
        return f"{_WHOLE_MONTHS[first.month - 1]} {first.year}"
    if kind == "day":
        return f"{_DAYS[first.weekday()]} {first.day} {_MONTHS[first.month - 1]} {first.year}"
    year, week, _ = first.isocalendar()
    begin, end = (f"{day.day} {_MONTHS[day.month - 1]}" for day in (first, last))
    if first.year != last.year:
        begin, end = f"{begin} {first.year}", f"{end} {last.year}"
    days = f"{begin} – {end}" if first.month != last.month else f"{first.day}–{end}"
    return f"Week {week} of {year} ({days})"


def _japanese(kind: str, first: date, last: date) -> str:
    if kind == "month":
        return f"{first.year}年{first.month}月"
    if kind == "day":
        return f"{first.year}年{first.month}月{first.day}日({_WEEKDAYS[first.weekday()]})"
    year, week, _ = first.isocalendar()
    # A week that goes over the turn of a year names both.
    begin, end = (f"{one.year}年" if first.year != last.year else "" for one in (first, last))
    month = f"{last.month}月" if first.month != last.month else ""
    return f"{year}年第{week}週({begin}{first.month}月{first.day}日〜{end}{month}{last.day}日)"
