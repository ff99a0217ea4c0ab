"""The words of the access pages, Japanese and English; merged into `desk.texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What the machine says about access, as `texts.DETAILS` holds it.
DETAILS_OF_ACCESS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        r"your role may not do this": "この操作をする権限がありません。必要な場合は管理者にご相談ください。", r"no agent (.*)": "「{0}」という担当者はいません。", r"no role (.*)": "「{0}」という役割はありません。",
        r"(.*) may not sign in any more; let him first": "「{0}」さんは利用を停止されています。先に利用を再開してください。",
    },
    "en": {
        r"your role may not do this": "Your role may not do this. Ask an admin if you need to.", r"no agent (.*)": "There is no agent “{0}”.", r"no role (.*)": "There is no role “{0}”.",
        r"(.*) may not sign in any more; let him first": "“{0}” is deactivated; activate the account first.",
    },
}  # fmt: skip
ACCESS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        # signing in
        "sign_in_pause": "{seconds}秒ほどお待ちのうえ、もう一度サインインしてください。",
        "passwords_off": "パスワードでのサインインは利用できません。",
        "sign_in_by": "{provider} でサインイン",
        "session_expired": "セッションの有効期限が切れました。もう一度サインインしてください。入力した内容は失われていません。サインイン後に確認してから送信できます。",
        "files_lost": "添付ファイルは引き継がれません。送信前にもう一度選択してください。",
        "signed_in_elsewhere": "別のタブですでにサインインし直した場合は、こちらからお進みください。",
        "go_on": "サインイン済みなので続ける",
        "resend": "まだ送信されていません",
        "resend_help": "前のセッションで入力された内容です。ご確認のうえ、よろしければ送信してください。",
        "resend_to": "送信先",
        "resend_yes": "この内容で送信する",
        "resend_no": "送信せずに画面へ戻る",
        "field_text": "本文", "field_subject": "件名", "field_to": "宛先・移動先", "field_cc": "Cc", "field_note": "備考", "field_why": "理由", "field_until": "期限", "field_account": "アカウント ID",
        "field_pattern": "アドレス", "field_verdict": "規則", "field_name": "名前", "field_email": "メールアドレス", "field_role": "役割", "field_language": "言語", "field_kind": "種類", "field_mode": "動作", "field_ref": "受付番号", "field_act": "操作",
        # the link
        "welcome": "ようこそ", "welcome_first": "最初の管理者を登録します。ユーザー名とパスワードを決めてください。",
        "welcome_help": "{name} さんのパスワードを設定します。", "link_until": "このリンクは {at} まで、1回だけ使えます。",
        "welcome_by": "{provider} のアカウントで登録する", "set_password": "設定してサインイン",
        "welcome_gone": "このリンクは使えません", "welcome_gone_help": "リンクはすでに使われたか、期限が切れたか、新しいリンクに置き換えられています。管理者に新しいリンクの発行を依頼してください。最初の管理者のリンクは、起動し直すと新しく表示されます。",
        "new_password": "新しいパスワード", "password_again": "新しいパスワード(確認)", "old_password": "現在のパスワード",
        "password_help": "{shortest}文字以上で決めてください。文字の種類の制限はありません。", "password_ends_sessions": "変更すると、ほかの端末はすべてサインアウトされます。",
        "password_short": "パスワードが短すぎます。{shortest}文字以上で、同じ文字の繰り返しではないものにしてください。", "password_long": "パスワードが長すぎます。", "password_name": "ユーザー名と同じパスワードは使えません。",
        "password_differs": "確認用のパスワードが一致しません。", "wrong_password": "現在のパスワードが違います。",
        "bad_name": "ユーザー名は1文字以上64文字以内で、見える文字だけを使ってください。", "name_taken": "このユーザー名はすでに使われています。", "bad_email": "メールアドレスの形式が正しくありません。", "email_taken": "このメールアドレスは別の担当者が登録しています。", "bad_role": "役割を選んでください。",
        # people
        "people_page": "担当者", "my_page": "自分の設定", "you": "(自分)", "role": "役割", "email": "メールアドレス", "display": "お客様へのメールでの名前", "display_optional": "お客様へのメールでの名前（任意）", "display_help": "返信の冒頭と署名に使われます（例：山田 花子）。空欄の場合は、ユーザー名が使われます。", "bad_display": "お客様へのメールでの名前は120文字以内とし、見えない文字や < > は使わないでください。", "email_optional": "メールアドレス(任意)", "person_state": "状況",
        "role_agent": "担当者", "role_lead": "リーダー", "role_admin": "管理者",
        "role_help_agent": "受付への対応", "role_help_lead": "加えて、返信の設定と文面、定型文、レポート、全返信の停止、送信先の制限、操作の記録", "role_help_admin": "加えて、担当者、トークン、Webhook の管理",
        "person_active": "利用中", "person_invited": "招待中", "person_gone": "停止中", "change": "変更", "change_role": "役割を変更",
        "invite": "招待する", "invite_help": "招待用のリンクを発行します。本人に安全な方法で渡してください。リンクは72時間有効です。",
        "link": "リンク", "link_for": "{name} さんのリンク", "link_once": "このリンクは今だけ表示されます。コピーして本人に渡してください。本人以外には渡さないでください。",
        "new_link": "新しいリンク", "end_sessions": "サインアウトさせる", "deactivate": "利用を停止", "activate": "利用を再開", "last_admin": "最後の管理者は、停止も役割の変更もできません。先に別の管理者を登録してください。",
        # one's own page
        "my_language": "言語", "language_default": "指定しない", "my_notices": "メールで受け取る通知", "notice_new": "新しい受付", "notice_assigned": "自分が担当になった受付", "notice_overdue": "対応期限を過ぎた受付", "notices_need_email": "通知を受け取るには、メールアドレスを登録してください。",
        "details_saved": "保存しました。", "password_saved": "パスワードを変更しました。ほかの端末はサインアウトされました。", "change_password": "パスワードを変更", "sign_out_everywhere": "すべての端末からサインアウト", "sign_out_everywhere_help": "この端末を含め、サインイン中のすべての端末からサインアウトします。",
        # the provider
        "provider_title": "{provider} でのサインイン", "provider_away": "{provider} に接続できません。しばらくしてから、もう一度お試しください。", "provider_stale": "サインインの手続きが途中で切れました。もう一度サインインしてください。", "provider_refused": "{provider} でのサインインを完了できませんでした。もう一度お試しのうえ、解決しない場合は管理者にご連絡ください。",
        "provider_unbound": "「{who}」さんの担当者アカウントは、まだ {provider} と結び付けられていません。管理者にサインイン用のリンクの発行を依頼し、そのリンクを開いて {provider} でサインインしてください。",
        "provider_unknown": "「{who}」さんは、この窓口の担当者として登録されていないか、利用が停止されています。管理者に登録を依頼してください。",
        # the history
        "audit_page": "操作の記録", "audit_csv": "CSV で保存", "audit_by": "操作した人", "audit_kind": "操作", "audit_at": "日時", "audit_detail": "内容", "audit_filter": "絞り込む",
        "signed_in": "サインイン", "signed_out": "サインアウト", "signed_out_everywhere": "すべての端末からサインアウト", "sign_in_failed_event": "サインインに失敗", "sign_in_alarm": "サインインの失敗が多発", "password_refused": "パスワード変更時の確認に失敗",
        "agent_added": "担当者を追加", "invited": "担当者を招待", "link_made": "リンクを発行", "password_set": "リンクからパスワードを設定", "password_changed": "パスワードを変更", "details_changed": "自分の設定を変更", "role_changed": "役割を変更", "role_kept": "最後の管理者のため役割を維持",
        "deactivated": "利用を停止", "activated": "利用を再開", "first_admin": "最初の管理者を登録", "provider_bound": "OpenID のアカウントと結び付け", "agent_created": "OpenID から担当者を追加", "provider_failed": "OpenID でのサインインに失敗", "provider_unknown_event": "登録のない人が OpenID でサインイン",
        "erased": "データを消去", "restored": "バックアップから復元", "mail_erased": "差出人の請求によりメールの内容を消去", "letter_erased": "宛先の方の請求により返信を消去",
        "erased_retention": "保存期間の終了", "erased_request": "本人の請求", "erased_restored": "復元後の再消去", "erased_counts": "{why}: 受付 {tickets}件、メール {mails}通、返信 {letters}通", "erased_customer": "対象者の識別子 {customer}",
    },
    "en": {
        "sign_in_pause": "Please wait {seconds} seconds, then try again.",
        "passwords_off": "Signing in with a password is turned off.",
        "sign_in_by": "Sign in with {provider}",
        "session_expired": "Your session has expired; please sign in again. What you typed is not lost: you can look at it and send it once you are signed in.",
        "files_lost": "Attached files do not come along; please choose them again.",
        "signed_in_elsewhere": "Have you signed in again in another tab?",
        "go_on": "Yes, go on",
        "resend": "Not sent yet",
        "resend_help": "This was typed in an earlier session. Please look at it, and send it if it is right.",
        "resend_to": "Goes to",
        "resend_yes": "Send this",
        "resend_no": "Back to the page without sending",
        "field_text": "Text", "field_subject": "Subject", "field_to": "To", "field_cc": "Cc", "field_note": "Note", "field_why": "Why", "field_until": "Until", "field_account": "Account",
        "field_pattern": "Address", "field_verdict": "Rule", "field_name": "Name", "field_email": "Mail address", "field_role": "Role", "field_language": "Language", "field_kind": "Kind", "field_mode": "Mode", "field_ref": "Ticket", "field_act": "Action",
        "welcome": "Welcome", "welcome_first": "You are the first admin: choose a user name and a password.",
        "welcome_help": "Choose a password for {name}.", "link_until": "This link works once, until {at}.",
        "welcome_by": "Use your account at {provider}", "set_password": "Set it and sign in",
        "welcome_gone": "This link does not work", "welcome_gone_help": "It was used already, is too old, or was replaced by a newer one. Ask an admin for a new link. The first admin's link is printed anew at each start.",
        "new_password": "New password", "password_again": "New password again", "old_password": "Present password",
        "password_help": "At least {shortest} characters, of any kind.", "password_ends_sessions": "Changing it signs you out everywhere else.",
        "password_short": "The password is too short: at least {shortest} characters, and not one character again and again.", "password_long": "The password is too long.", "password_name": "The password must not be your user name.",
        "password_differs": "The two new passwords differ.", "wrong_password": "The present password is wrong.",
        "bad_name": "A user name has 1 to 64 characters, all of them visible.", "name_taken": "This user name is taken.", "bad_email": "This is no mail address.", "email_taken": "Another agent has this mail address.", "bad_role": "Choose a role.",
        "people_page": "People", "my_page": "My settings", "you": "(you)", "role": "Role", "email": "Mail address", "display": "Name in letters to customers", "display_optional": "Name in letters to customers (optional)", "display_help": "Stands at the head of your replies and in their signature. Empty: your user name.", "bad_display": "The name in letters has at most 120 characters, all of them visible, and no < or >.", "email_optional": "Mail address (optional)", "person_state": "State",
        "role_agent": "agent", "role_lead": "lead", "role_admin": "admin",
        "role_help_agent": "works on tickets", "role_help_lead": "also letter settings and texts, canned texts, reports, the stop of all letters, block and allow lists, the audit log", "role_help_admin": "also people, tokens and webhooks",
        "person_active": "active", "person_invited": "invited", "person_gone": "deactivated", "change": "Change", "change_role": "change the role",
        "invite": "Invite", "invite_help": "Makes a link that lets someone choose a password. Hand it over by a way you trust; it works for 72 hours.",
        "link": "Link", "link_for": "Link for {name}", "link_once": "This link is shown this once. Copy it and hand it to that person, and to nobody else.",
        "new_link": "New link", "end_sessions": "Sign out", "deactivate": "Deactivate", "activate": "Activate", "last_admin": "The last admin can be neither deactivated nor given another role. Make another admin first.",
        "my_language": "Language", "language_default": "not set", "my_notices": "Notices by mail", "notice_new": "a new ticket", "notice_assigned": "a ticket is assigned to me", "notice_overdue": "a ticket is overdue", "notices_need_email": "Notices need a mail address.",
        "details_saved": "Saved.", "password_saved": "The password was changed; you are signed out everywhere else.", "change_password": "Change the password", "sign_out_everywhere": "Sign out everywhere", "sign_out_everywhere_help": "Ends all your sessions, this one too.",
        "provider_title": "Signing in with {provider}", "provider_away": "{provider} does not answer. Please try again in a while.", "provider_stale": "This sign-in was left half done. Please sign in again.", "provider_refused": "Signing in with {provider} did not work. Please try again; if it goes on, tell an admin.",
        "provider_unbound": "The agent with the address “{who}” is not bound to {provider} yet, or not any more. Ask an admin for a link, open it, and sign in with {provider} there.",
        "provider_unknown": "“{who}” is no agent of this desk, or not any more. Ask an admin to add you.",
        "audit_page": "Audit log", "audit_csv": "Download as CSV", "audit_by": "Who", "audit_kind": "What", "audit_at": "When", "audit_detail": "Details", "audit_filter": "Filter",
        "signed_in": "signed in", "signed_out": "signed out", "signed_out_everywhere": "signed out everywhere", "sign_in_failed_event": "failed to sign in", "sign_in_alarm": "many failed sign-ins", "password_refused": "present password was wrong",
        "agent_added": "added an agent", "invited": "invited", "link_made": "made a link", "password_set": "set a password by a link", "password_changed": "changed the password", "details_changed": "changed own settings", "role_changed": "changed a role", "role_kept": "role kept: last admin",
        "deactivated": "deactivated", "activated": "activated", "first_admin": "became the first admin", "provider_bound": "bound to an OpenID account", "agent_created": "came in by OpenID as a new agent", "provider_failed": "OpenID sign-in failed", "provider_unknown_event": "OpenID sign-in by somebody unknown",
        "erased": "data erased", "restored": "restored from a backup", "mail_erased": "a mail's content erased at its sender's request", "letter_erased": "a letter erased at its recipient's request",
        "erased_retention": "kept long enough", "erased_request": "at the person's request", "erased_restored": "again, after a restore", "erased_counts": "{why}: tickets {tickets}, mails {mails}, letters {letters}", "erased_customer": "person {customer}",
    },
}  # fmt: skip
