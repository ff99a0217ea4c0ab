"""The words of mail servers and autoresponders, in subjects and texts: Japanese, English, Chinese, some German and French.

Each pattern's comment says where it is to be looked for. A person may write about any of this: `ingest.automation` decides
which pattern counts beside which sign. Quantifiers are bounded: texts come from strangers.
"""

from __future__ import annotations

import re


def _one_of(*ways: str, start: str = "") -> re.Pattern[str]:
    """Any of these ways to say it, case aside, behind that start."""
    return re.compile(f"{start}(?:{'|'.join(ways)})", re.IGNORECASE)


# --- Who writes

# In the local part or the display name of From.
DAEMON = _one_of(
    r"mailer[-_. ]?daemon",
    r"mail[-_ ]?deliver(?:y|er)?[-_ ]?(?:subsystem|system|service)",
    r"(?<![a-z]\.)post[-_]?master",  # e.postmaster is a person of that name
    r"mail ?administrator",
    r"system administrator",
    r"^mdaemon",
    r"internet mail delivery",
    r"mailerdaemon",
    r"^bounce[sd]?[-+.@]",
    r"^mail.?system",
    r"delivery[-_ ](?:status|failure|report)",
    r"^mailer@",
    r"^microsoftexchange[0-9a-f]{20,}",
    r"courier mail server",
    r"\binterscan\b",
    r"\bmailmarshal\b",
    r"\bimss\b",
)
SERVER_PRODUCT = _one_of(r"\binterscan\b", r"\bmailmarshal\b", r"\bimss\b", r"courier mail server")
# The local part of programs that watch, plan or report.
WATCHER = _one_of(
    r"zabbix|nagios|icinga2?|munin|monit|grafana|alert-?manager|prometheus|mackerel|datadog|pagerduty|sensu|hinemos|jp1|centreon",
    r"(?:monitor(?:ing)?|alerts?|alarms?|watchdog|kanshi)",
    r"cron(?:[-_ ]?daemon)?|anacron|root|logwatch|logcheck|fail2ban|backup|jenkins|gitlab|sonarqube|nobody|www-data|apache|smartd|mdadm|apcupsd",
    start=r"^\W{0,3}(?:[a-z0-9]{1,12}[-_.])?",
)

# --- Failures

# A subject of a server that could not deliver; a label such as 【重要】 may stand before it.
BOUNCE_SUBJECT = _one_of(
    r"undeliver(?:able|ed)",
    r"undelivered mail returned",
    r"delivery (?:status notification|failure|has failed|report|final|notification|(?:is )?delayed|incomplete)",
    r"returned mail|returned to sender|mail returned",
    r"mail (?:delivery|system) (?:fail|error|status)",
    r"failure notice",
    r"mail delivery (?:failed|problem|subsystem)",
    r"message (?:delivery|status) ",
    r"non[- ]?delivery|nondeliverable",
    r"could not deliver|unable to deliver",
    r"warning: (?:could not send|message .{0,200} delayed)",
    r"delayed mail",
    r"dsn:",
    r"failed mail|mail failure",
    r"\[?bounced?\]?(?: mail)?\s*[:：]?(?:$| mail)",
    r"(?:notice|warning): (?:mail )?delivery",
    r"\*{0,2}message you sent blocked",
    r"mail could not be delivered|message not delivered|email not delivered",
    r"your message (?:could not|wasn't|was not)",
    r"not member article|request to mailing list .{1,120} rejected",
    r"メールエラー通知|エラーメール|未送信メール",
    r"(?:送信された|お送りいただいた|ご送信の|お客様の)?(?:メッセージ|メール)(?:を|が|の|は)?(?:配信|配達|配送|送信|お届け)"
    r"(?:でき(?:ませ|なかった)|に失敗|不能|エラー|遅延|され(?:ませんでした|ていません))",
    r"(?:配信|配送|送達)(?:不能|失敗|エラー|遅延|できませ)|送信(?:エラー|できませんでした|失敗)|配達(?:不能|できませ)",
    r"不達|宛先(?:不明|エラー)",
    r"系统退信|退信|邮件(?:被退回|无法投递|投递失败)|投递失败|郵件(?:無法(?:投遞|傳遞)|遞送失敗)|退信通知",
    r"unzustellbar|non remis|no entregado",
    r"postmaster notify|complaint about message|loop alert",
    start=r"^\s*(?:[【\[（(][^】\]）)]{1,12}[】\]）)]\s*){0,2}",
)
# In the text of such a mail.
BOUNCE_BODY = _one_of(
    r"(?:could|can) ?not be (?:delivered|transferred)|(?:was|were) not (?:delivered|distributed)|not allowed to post|been (?:automatically )?rejected|delivery (?:has )?failed|undeliverable",
    r"user (?:unknown|not found|doesn't exist)|unknown user|no such user|mailbox (?:unavailable|is full|full|not found)",
    r"permanent (?:fatal )?errors?|following address(?:es)? (?:failed|had)|unable to (?:deliver|relay)",
    r"recipient(?:'s)? (?:address )?(?:rejected|unknown|not)|550[ -]|554[ -]|5\.\d\.\d",
    r"returned to (?:you|sender)|over quota|quota exceeded|host unknown|deferred:|message delayed",
    r"宛先.{0,20}(?:見つかりません|存在しません|不明)|(?:送信|配信|配送|配達)(?:でき|され)(?:ませんでした|ていません)|お届けできません|(?:配信|配送|配達)できません",
    r"投递失败|无法投递|無法(?:投遞|傳遞)|退回|被拒",
    r"final-recipient|this is a permanent error|sorry to have to inform|i'm afraid i wasn't able to deliver|not a member|notificationtype",
)
# At the very beginning of the text: the fixed first words of mail servers.
SERVER_WORDS = _one_of(
    r"Hi\. This is the |This is the (?:mail system|qmail|Postfix|mail delivery)",
    r"This message was created automatically by (?:the )?mail",
    r"This is an automatically generated Delivery Status",
    r"I'm sorry to have to inform you that",
    r"The original message was received at .{0,120}\n",
    r"-{3,}\s*The following addresses had",
    r"Your message (?:did not reach|could not be delivered to|cannot be delivered)",
    r"Delivery (?:has failed|to the following recipient)",
    r"This is a delivery status notification from ",
    r"(?:次|以下)の(?:受信者|宛先|アドレス).{0,20}への(?:配信|配達|送信)",
    r"The following (?:message|recipients?|address(?:es)?) .{0,60}(?:undeliverable|could not|failed)",
    r"Sorry, we were unable to deliver|We're sorry\. There's a problem with the e-mail",
    r"\*\* (?:Address not found|Message blocked|Delivery incomplete) \*\*",
    r"Reporting-MTA:",
    r"次の(?:あて先|宛先)へのメッセージはエラーのため|以下のメールアドレスへの送信に失敗",
    start=r"\A",
)
# Within the first lines: a server tells us about *our* mail. A person would say "my mail" or "the mail to ...".
YOUR_MAIL_FAILED = _one_of(
    r"^\s{0,4}(?:sorry, )?your (?:message|e-?mail|mail|article)\b[^\n]{0,80}\b(?:not|never)(?: be| been)? (?:delivered|distributed|accepted|sent|transferred)",
    r"(?:お送りいただいた|送信された|ご送信いただいた)(?:下記の|以下の|次の)?(?:メール|メッセージ).{0,120}?(?:配送|配信|配達|送信|お届け)(?:でき|され)(?:ませ|てい?ませ)",
    r"您(?:发送|发出)的(?:邮件|信件).{0,80}(?:退回|无法|失败|被拒)",
    start=r"(?ms)",
)
# In the same text: the failed mail named by its fields, as only programs do.
NAMED_MAIL = re.compile(
    r"^[\s■・*>-]{0,6}(?:宛先|あて先|受信者|送信先|件名|タイトル|recipients?|to|subject|收件人|主题)\s{0,6}[:：]\s*\S",
    re.IGNORECASE | re.MULTILINE,
)
# What people put before a subject that they pass on or answer.
PASSED_ON = re.compile(r"^\s*(?:re|fw|fwd|wg|tr|転送|返信|转发|回复)\s*[:：]", re.IGNORECASE)

# --- Receipts

# At the beginning of the subject: a mail was read.
RECEIPT = _one_of(
    r"(?:(?:not )?read|deleted|開封済み|開封確認(?:済み)?|既読|已读|gelesen|lu)\s*[:：]",
    r"[【\[(（]?(?:開封(?:済み?)?(?:通知|確認|のお知らせ)|開封済|read receipt|return receipt|已读回执|讀取回條)[】\])）]?",
    start=r"^\s*",
)
WAS_READ = _one_of(
    r"\b(?:was|has been|were) (?:read|displayed|deleted|opened)",
    r"開封され|開封しました|表示され|既読|已读|已阅读|讀取",
)
# In the subject or, beside a machine's sign, in the text: another desk has taken a mail of ours in.
RECEIVED = _one_of(
    r"(?:your|the) (?:request|ticket|inquiry|enquiry|message|case|e-?mail|support request) (?:[^\n]{0,30} )?(?:has been|was|have been|is now) "
    r"(?:\w+ly )?(?:received|created|registered|opened|logged|stored|recorded|queued|assigned|added|submitted)",
    r"(?:we )?(?:have )?(?:successfully )?received your (?:request|message|inquiry|enquiry|e-?mail)",
    r"(?:your|an?|the) (?:ticket|case|request) (?:[^\n]{0,80} )?has been (?:created|opened|registered|logged)",
    r"your message to .{1,120} awaits moderator approval",
    r"お問い?合わ?せ.{0,12}(?:受け付け|受付|ありがとう)|(?:受付|受け付け)(?:完了|(?:いた|致)しました|ました)|(?:受付|受け付け)番号",
    r"(?:ケース|チケット|お問い?合わ?せ|リクエスト|ご依頼)[^\n]{0,40}(?:登録|受付|受け付け|起票|受領)(?:(?:いた|致)しました|しました|ました)",
    r"eingangsbestätigung|ist bei uns eingegangen|accusé de réception",
    r"(?:工单|工單|请求|咨询).{0,10}(?:已创建|已收到|已受理|已建立)|已收到您的(?:邮件|来信|请求|咨询|工单)|已受理您的",
)
# In subject or text of a mail that says of itself that a program wrote it: thanks for ours.
THANKS = _one_of(
    r"(?:ご連絡|お問い?合わ?せ|メール|お便り)(?:を)?(?:いただき|頂き|お送りいただき)?[、,]?\s?(?:まことに|誠に)?ありがとうござい",
    r"thank(?:s| you) for (?:contacting|reaching|writing|your (?:e-?mail|message|inquiry|enquiry|request|mail))",
    r"(?:感谢|感謝|谢谢|謝謝)您?的?(?:来信|來信|联系|聯絡|咨询|邮件|郵件)",
)
# In the subject: "[Ticket#123]", "[#123]", "(Case 123)".
TICKET_MARK = re.compile(
    r"[\[(【#](?:\w{1,12}\s?)?(?:ticket|case|request|req|issue)?[\s#:]{0,3}#?\d{3,}[\])】]?", re.IGNORECASE
)
# In the text: a challenge; nothing was delivered until somebody follows the link.
CHALLENGE = _one_of(
    r"(?:message|e-?mail|mail|letter)[^。\n]{0,80}(?:is|has been|was)[^.。]{0,24}(?:held|quarantined|waiting|on hold|not (?:yet )?(?:been )?delivered)"
    r"[\s\S]{0,300}(?:follow|click|visit|open|reply|answer|press)[\s\S]{0,60}(?:link|url|button|https?://|this (?:mail|e-?mail|message|letter)|subject)",
    r"(?:confirm|verify|prove)(?: that)? (?:you(?:'re| are) (?:a )?(?:human|person|not a)|your(?:self| address| e-?mail))[\s\S]{0,300}(?:https?://|reply)",
    r"(?:メール|メッセージ)[^。]{0,60}(?:保留|隔離|お預かりし|まだ(?:届いて|配信されて|配送されて)い?ません)[\s\S]{0,300}(?:https?://|返信)",
    r"(?:邮件|郵件)[^。]{0,40}(?:暂未送达|被隔离|等待确认|待验证)[\s\S]{0,300}(?:https?://|回复)",
)

# --- Absence

# At the beginning of the subject, labels' brackets aside.
AWAY_SUBJECT = _one_of(
    r"auto(?:matic|mated)?[- ]?(?:reply|response|respond|antwort|acknowledge?ment)\b(?! (?:is|does|not|to|settings?|for)\b)",
    r"out of (?:the )?office(?=\s*(?:$|[\[(:：,;!.\-–—/|]|auto|re\b|repl|notif|message|mail|alert|until|till|from|to(?:day|morrow)|this|next|on|for|\d))|ooo\b|away from|vacation|on (?:vacation|holiday|leave)|autoreply|auto:|abwesen|réponse automatique|respuesta automática",
    r"自動(?:返信|応答|送信|回答|配信)(?:メール|通知)?\s*(?:[\[【（(\]】)）:：]|$)",
    r"(?:不在|休暇|外出|出張|休業|休診)(?:中)?(?:通知|連絡|の(?:お知らせ|ご連絡|ご案内)|返信|応答|のため|につき|です(?![がけ])|\s*(?:[\]】)）:：]|$))",
    r"自动(?:回复|答复|回覆)|自動回覆",
    r".{1,60} (?:is|will be) (?:currently )?(?:out of (?:the )?office|away|on (?:vacation|holiday|(?:annual |parental |maternity )?leave))\b(?!.*[?？])",
    start=r"^",
)
# What mail programs put before or behind the subject that they answer by themselves.
AWAY_MARK = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)? ?response|auto-?reply|out of (?:the )?office(?: auto-?reply)?|abwesenheitsnotiz|automatische antwort|réponse automatique"
    r"|absence du bureau|respuesta automática|risposta automatica|自動応答|自動返信|不在通知|自动回复|自动答复|自動回覆)\s*[:：]"
    r"|[（(\[【](?:自動応答|自動返信|不在(?:通知)?|auto(?:matic)?[- ]?reply|out of office|自动回复)[）)\]】]\s*$",
    re.IGNORECASE,
)
# In the text of an absence note.
AWAY_BODY = _one_of(
    r"休暇|不在|席を外|出張|夏季休業|年末年始|休診|定休|休講",
    r"out of (?:the )?office|on vacation|on leave|currently away|limited access to",
    r"休假|外出|自動(?:で)?(?:返信|送信|応答)",
)
# In the text, beside a machine's sign: a mailbox whose owner has gone.
LEFT = _one_of(
    r"退職(?:いた|致)?しました|退社(?:いた|致)?しました|異動(?:いた|致)?しました|no longer (?:with|works? (?:for|at)|employed)|has left (?:the|our) (?:company|organi[sz]ation)",
    r"已(?:经)?离职|已離職|nicht mehr (?:im|für|bei)",
)

# --- What a machine says of itself

# Anywhere in the sender's own words: this very mail was written by a program.
DECLARED = _one_of(
    r"(?:この|本|当)(?:電子)?(?:メール|ﾒｰﾙ|メッセージ|通知)(?:は|、|につきましては)[^。\n]{0,40}?(?:自動(?:的に|で|にて)?[^。\n]{0,8}(?:送信|配信|返信|返答|応答|生成|回答|作成|発信|発行|通知|お送り)|送信専用|配信専用)",
    r"(?:この|本|当)(?:電子)?(?:メール|ﾒｰﾙ|通知)(?:は|、)[^。\n]{0,30}(?:システム|サーバー?)(?:より|から|にて)[^。\n]{0,8}(?:送信|配信|発信|通知)",
    r"(?:メール|システム|サーバー?|ゲートウェイ)(?:より|から|にて|による)(?:の)?自動(?:的に|で)?(?:送信|返信|配信|応答|通知|お知らせ)",
    r"^[※＊*\s]{0,4}自動(?:返信|応答|送信|配信)(?:メール|メッセージ)?(?:です|となります|になります|でございます|にて)",
    r"^(?:こちら|これ)は[^。\n]{0,16}自動(?:返信|応答|送信|配信)",
    r"(?:送信|配信)専用(?:の)?(?:メール|アドレス|です|のため)",
    r"\bthis (?:is|was|message (?:is|was|has been)|e-?mail (?:is|was|has been)|mail (?:is|was|has been)|notification (?:is|was)|reply (?:is|was)|response (?:is|was)|report (?:is|was)) "
    r"(?:an? )?(?:auto(?:mated|matic|matically)|(?:system|computer|machine|auto)[- ]?generated|(?:generated|sent|created|produced|issued) (?:automatically|by (?:an? )?(?:automat|system|program|script)))",
    r"(?:此|本|这是|這是)(?:邮件|郵件|信件|一封|信)?[^。\n]{0,16}(?:自动|自動)(?:发送|發送|发出|發出|生成|回复|回覆|產生|通知)",
    r"(?:系统|系統)(?:自动|自動)(?:发送|發送|发出|發出|生成|回复|回覆)",
    r"(?:automatisch (?:generiert|erstellt|versandt|erzeugt))",
    start=r"(?m)",
)
# Anywhere in the sender's own words: nobody reads an answer.
NOT_READ = _one_of(
    r"(?:このメール|本メール|このアドレス|本アドレス|当アドレス)[^。\n]{0,16}(?:返信|ご返信)[^。\n]{0,24}(?:でき(?:ません|かねます|ない)|いたしかね|致しかね|お控え|ご遠慮|しないで|なさらないで|不要)",
    r"(?:ご)?返信(?:いただ|頂|され|なさ|し)(?:い|き|っ)?て?も[^。\n]{0,12}(?:お答え|回答|対応|お返事|返答)[^。\n]{0,6}(?:でき|いたしかね|致しかね|しかね)",
    r"do not (?:reply|respond) (?:directly )?to this (?:e-?mail|message|mail|address)|this (?:mailbox|address|inbox) is (?:not monitored|unmonitored|unattended)",
    r"(?:请|請)勿(?:直接)?(?:回复|回覆|回信)",
)
# Beside what a machine says of itself: it answers a mail of ours.
AN_ANSWER = _one_of(r"返信|返答|応答|回答|\breply|\bresponse|\backnowledge?ment|回复|回覆|antwort")
# Somewhere in the text of a receipt: a machine wrote it. Looser than DECLARED.
SAID_BY_MACHINE = _one_of(
    r"自動.{0,12}(?:送信|配信|返信|応答|生成|回答)",
    r"automat(?:ed|ic(?:ally)?) .{0,24}(?:message|reply|response|e-?mail|acknowledg|generated|sent)",
    r"(?:系统)?自动(?:回复|发送|生成)",
)

# --- Many readers

# In the text: how to end a subscription.
UNSUBSCRIBE = _one_of(
    r"\bunsubscribe\b|manage (?:your )?(?:e-?mail )?(?:preferences|subscriptions?)|opt[- ]?out",
    r"(?:配信|購読|メルマガ|受信)(?:の)?(?:停止|解除|中止)|登録(?:の)?解除",
    r"退订|退訂|取消订阅|取消訂閱",
)
# At the beginning of the subject: a program reports a state.
ALARM_SUBJECT = _one_of(
    r"\[?(?:problem|recovery|resolved|firing(?::\d+)?|alert(?:ing)?|alarm|critical|crit|warning|warn|triggered|acknowledged|down|up|ok|no data|障害|復旧|警告|異常|正常)(?:\s+\w{1,12})?\]?\s*[:：\-—]",
    r"[\[【](?:problem|recovery|resolved|firing(?::\d+)?|alert(?:ing)?|alarm|critical|crit|warning|warn|triggered|down|up|ok|no data|障害|復旧|警告|異常|正常|監視)[^\]】]{0,24}[\]】]",
    r"\*\* ?(?:problem|recovery|flapping|acknowledgement|[\w-]{1,40} (?:host|service|alert))",
    r"cron <|logwatch for|output from your job|smart error|anacron job|run-parts:|(?:backup|job|build) .{0,60}(?:failed|succeeded|completed|finished|is back to normal)",
    start=r"^\s*",
)
# Before a machine's words in a person's mail: these words came from elsewhere.
GOT = _one_of(
    r"(?:以下|下記|次|こちら|添付|この(?:よう|様))の?(?:な)?[^。\n]{0,20}(?:メール|メッセージ|通知|案内|文面)[^。\n]{0,16}(?:届|受信|受け取|来|き)",
    r"(?:という|といった|との|と書かれた)(?:メール|通知|案内|メッセージ)",
    r"\b(?:i|we)(?: have|'ve)? (?:just |also )?(?:got|received|get|see)\b|(?:following|below|this) (?:message|e-?mail|notice) (?:from|that)",
    r"收到(?:了)?(?:以下|如下|这|這)",
)
