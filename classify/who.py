"""[Who] 操作アカウント: the account or user that acted, and whose matter it is. A signature's person does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.hits import Hit, compiled, find
from models.credentials import is_card_number, speaks_of_card

if TYPE_CHECKING:
    from classify.segment import Document

ACCOUNT = r"(?<![\d.*-])[1-9]\d{15}(?![\d*])"
_ACTED = (
    r"RAM\s?(?:ユーザー?|ロール|アカウント|サブアカウント)\s*(?:「|『|\(|:|は|名|の)?\s*[A-Za-z][\w.@-]+|RAM\s?(?:ユーザー?|ロール|アカウント)(?:で|から|として|にて|でも|では|を使(?:って|い)|です|経由)|(?:ルート|メイン|主|マスター|親|主催)(?:アカウント|ユーザー?)(?:で|から|として|にて|でも|では|です|\(|、|を使)"
    r"|(?:サブ|子)(?:アカウント|ユーザー?)(?:で|から|として|にて|です|でも)|(?:root|ecs-user|administrator|admin|ubuntu|centos|ec2-user|postgres|mysql|[a-z]+[-_][a-z]+)\s?(?:ユーザー?|アカウント|権限)?(?:で|として|から)(?:ログイン|接続|操作|実行|SSH|アクセス|サインイン)|[A-Za-z][\w.-]+\s*(?:ユーザー?|アカウント)(?:で|として|から|にて)"
    r"|(?:操作|利用|使用|実行|ログイン)(?:している|した|して)?(?:アカウント|ユーザー?)(?:は|:|が)\s*\S+|管理者(?:アカウント|ユーザー?|権限)(?:で|として|にて)|アカウント(?:ID|名|UID)?\s*(?:は|:|「)\s*[A-Za-z0-9][\w.@-]{3,}|(?:AccessKey|アクセスキー)(?:の)?所有(?:者|ユーザー)|(?:STS|ロール)を?(?:引き受け|AssumeRole)"
)
_ACTED_EN = (
    r"\b(?:logged|log|signed|sign)(?:ging|ing)? ?in (?:as|with|using|under)\s+(?:the |a |an |our |my )?[\w@.-]+|\b(?:as|using|with|by|from|under) (?:the |our |my |a |an )?(?:root|main|primary|master|administrator|admin)\s?(?:account|user)?\b(?! password)|\bRAM (?:user|role|account)s? (?:named |called |is |name |\"|'|`|\()?[\"'`(]?[a-z][\w.@-]+"
    r"|\b(?:as|using|with|by|under|from|through) (?:the |our |my |a |an )?(?:\w+ ){0,2}RAM (?:user|role|account|sub-?account)|\b(?:user|account|role|login|operator)\s*(?:id|name|uid)?\s*[:=]\s*\S+|\bas (?:root|ecs-user|admin|administrator|ubuntu|ec2-user)\b|\b(?:main|root|primary|sub-?) ?account\b(?= (?:is|as|user|\())|\bassum\w+ (?:the )?role\b|\baccount (?:id |uid )?(?:is |: ?)?[\w.+-]+@[\w.-]+"
)
_PRINCIPAL = r"[A-Za-z0-9._-]{1,64}@(?:\d{16}|[a-z0-9-]{2,32})(?:\.onaliyun\.com)|acs:ram::\d{16}:[\w/*-]+|(?:AssumedRoleUser|PrincipalId|AuthPrincipal\w*)\W+\S+"
_PROMPT = r"(?m)(?:^|\s)\[?[a-z_][\w.-]*@[\w.-]+[^\]\n]{0,30}\]?\s?[#$](?=\s|$)|\bssh\s+(?:-\S+\s+(?:\S+\s+)?)*[a-z_][\w-]*@[\w.-]+|\b(?:mysql|psql|mongo|redis-cli)\b[^\n]*\s-u\s?\w+"
_HOW_TO = compiled(r"(?:作成|追加|付与|設定|発行|削除|制限)(?:する)?(?:方法|手順|したい|するには)|how (?:to|do|can)")


def who_hits(doc: Document) -> list[Hit]:
    """Evidence for the section."""
    lines = list(doc.spoken())
    text = doc.text
    hits = list(find(ACCOUNT, lines, doc, "account_id", 0.96))
    hits += find(_PRINCIPAL, lines, doc, "principal", 0.93)
    hits += find(_PROMPT, lines, doc, "shell_user", 0.9)
    for regex in (_ACTED, _ACTED_EN):
        for hit in find(regex, [line for line in lines if not line.is_log], doc, "acting_user", 0.85):
            hits.append(
                hit
                if not _HOW_TO.search(text, hit.end, hit.end + 24)
                else Hit(hit.start, hit.end, "user_of_a_question", 0.35)
            )
    return hits


def accounts(doc: Document) -> tuple[str, ...]:
    """The account ids named, each once, in order; ids inside RAM login names and ARNs count."""
    found: dict[str, None] = {}
    for line in doc.lines:
        if not line.is_shell:
            for match in compiled(r"(?<!\d)[1-9]\d{15}(?!\d)").finditer(doc.text, line.start, line.end):
                if not (is_card_number(match[0]) and speaks_of_card(doc.text, match.start())):
                    found[match[0]] = None
    return tuple(found)


def speaks_of_other_accounts(doc: Document) -> bool:
    """Words for two customers' or two accounts' matters."""
    pattern = compiled(
        r"(?:2|二|両|双方の?|3|三|複数の?|それぞれの?)\s?つ?の?アカウント(?!.{0,6}(?:統合|マージ|間))|別(?:の)?アカウント(?:の|につい|でも|(?:の)?ほう)|(?:子会社|グループ会社|別会社|お客様|エンドユーザー|他社|もう(?:一|1)つの|顧客)(?:様)?の?アカウント(?:の|につい|も|で)"
        r"|\b(?:two|three|both|several|multiple|different)\s+(?:\w+\s+)?accounts\b(?! (?:merged?|into))|\b(?:another|the other|second|my client'?s?|our customer'?s?|subsidiary'?s?) account\b"
    )
    return any(
        not _COMPARES.search(doc.text, match.end(), min(line.end, match.end() + 40))
        for line in doc.prose()
        for match in pattern.finditer(doc.text, line.start, line.end)
    )


# Another account that shows the same is a comparison, not another matter.
_COMPARES = compiled(
    r"同じ|同様|再現|問題な|正常|でき(?:ます|る|て|ました)|\b(?:same|also|too|works?|fine|ok|no problem|likewise)\b"
)
