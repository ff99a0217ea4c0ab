"""The category of one issue: the rules' voice. Weighted words of each category, and what the phenomenon looks like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.hits import compiled
from models.assessment import Category
from models.needles import may_match
from policy.once import once_for_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.pack import Pack

    Words = Mapping[Category, tuple[tuple[str, float], ...]]  # expressions and what each weighs

_C = Category
CUE = "category."  # begins the names of a pack's phrases that speak for a category
_TROUBLE = (
    r"(?:エラー|例外)(?:が|に|と|を|で|:|です|メッセージ)|(?:でき|出来)(?:ない|ません|なく)(?!でしょうか|か[。?]|場合)|(?:つなが|繋が|届か|開か|動か|起動し|応答し|反応し|表示され|反映され|効か|実行され|見え|届き|開き|動き|更新され|適用され|発火し|同期され|減ら|増え|変わら|なら|完了し|終わら|進ま|消え|認識され|検知され|送信され|通知され|スケールし|スケールアウトし)(?:ない|ません|なく|ず|て(?:い|お)(?:ない|ません|りません))(?!でしょうか)|失敗(?:し|する|となり|して|です)|タイムアウト|切断|切れ(?:る|ます|ました|て)|落ち(?:る|ます|ました|て)|止ま(?:る|り|った|って)|不具合|文字化け|真っ白|拒否され|遅(?:い|く|延)|張り付|固ま|消え(?:た|て|ま)|おかし|異常|504|502|503|403|404|500"
    r"|意図(?:した|しない)|(?:期待|想定|思った)(?:した|し|する)?.{0,6}(?:違|異な|なら|ない|ません)"
)
_TROUBLE_EN = r"\b(?:errors?\b|fail(?:s|ed|ing|ure)?\b|cannot (?!be used|i )|can't|unable to|not (?:work\w*|respond\w*|reach\w*|possible to connect)|does(?:n't| not) (?:work|start|show|appear|respond|take|apply|trigger|connect|scale|load|update|sync|return)|timed? ?out|times out|denied|refused|reset|crash\w*|hang\w*|stuck|broken|unreachable|unexpected\w*|wrong|drops?|dropped|lost|missing|forbidden|exception|rejected|slow|stopped working|keeps? \w+ing|never \w+s?|no longer)"
_INCIDENT = r"(?:全台|全(?:インスタンス|サーバー?|ユーザー?|リージョン|拠点|顧客|サービス)|一斉に|同時に(?:複数|全|多数)|複数(?:の)?(?:インスタンス|サーバー?|台|プロダクト|サービス|ゾーン|リージョン|アカウント).{0,16}(?:同時|一斉|すべて|全て|落ち|応答|停止|接続)|(?:大規模|広域|サービス|リージョン|クラウド側|Alibaba\s?(?:Cloud)?側?|御社(?:側)?|貴社(?:側)?|基盤(?:側)?)の?(?:障害|ダウン)|障害(?:でしょうか|ですか|が発生して(?:い|お)|情報|中|は発生|発生(?:して|中|状況)|の(?:可能性|復旧|見込|影響|有無|状況))|全滅|全断|軒並み|すべて(?:の)?(?:インスタンス|サーバー?|サービス)|復旧(?:の)?(?:見込|目途|めど|予定|状況|時刻|はいつ)|\b(?:outage|all (?:of )?(?:our|the) (?:\w+ )?(?:instances|servers|services|nodes|databases|sites|clusters)|(?:whole|entire|all of the) (?:region|zone)|(?:region|zone)[- ]wide|service disruption|major incident|(?:everything|multiple (?:instances|services|products|resources|zones)|several (?:instances|services|products|resources)) .{0,30}(?:down|unreachable|offline|fail\w*|at (?:once|the same time)|simultaneously)|is there an? (?:outage|incident|ongoing)|any (?:outage|incident|ongoing)|when will it (?:recover|be back)|eta for recovery|status of (?:the )?(?:outage|recovery)))"
_HOW_TO = r"(?:方法|手順|やり方|使い方|操作方法|設定方法|仕方|どのように|どうすれば|どうやって|どうしたら|どこ(?:から|で)(?:設定|確認|変更|行|でき)|(?:設定|作成|変更|追加|削除|移行|連携|取得|確認|制限|切り替え|指定|付与|拡張|公開|共有|自動化|構築|適用|導入)(?:することは|は)?(?:でき|可能)(?:ます|るの?でしょう|でしょう|です)|(?:し|でき|行い|使い|分け|絞り|変え|つなぎ|送り|受け取り|見|移し|増やし|減らし)たい(?:の?です|と(?:思|考))|したく|ベストプラクティス|推奨|注意点|ご教示|設定例|\b(?:how (?:do|can|to|should)|what(?:'s| is) the (?:best |right |correct |recommended |proper )?(?:way|procedure|steps|method)|is (?:it|there a way) possible to|is there (?:a|any) way|steps to|procedure (?:for|to)|best practice|can (?:i|we) (?:use|set|configure|limit|restrict|change|move|attach|share|enable|schedule|create|add|connect|export|import|automate)|where (?:can|do) (?:i|we)|guide (?:me|us)|walk (?:me|us) through))"
_OVERVIEW = r"(?:料金(?:体系|表|プラン)?(?:を|は|が|について|の(?:目安|違い|計算|試算|見積))|価格|単価|いくら|費用(?:感|は|を|の(?:目安|試算))|見積|お見積|違い(?:を|は|が|について|と)|比較|概要|特徴|対応リージョン|提供(?:予定|開始|リージョン|されて|状況)|エディション|プラン(?:の|を|は)(?:違|比較|種類|選)|SLA(?:は|の(?:値|内容|数値))|利用(?:可能|でき)(?:な(?:リージョン|プラン)|です(?:か)|でしょう)|サポート(?:して(?:い|お)|され(?:て)?(?:い|ます|る))|上限(?:は|値|数)|無料枠|どちら(?:が|を)(?:適|選|良|おすすめ)|検討(?:して|中)|導入(?:を|検討)|ロードマップ|日本(?:語|リージョン)(?:に|で|は)(?:対応|利用|使え|提供)|\b(?:how much|pric(?:e|ing)|costs? (?:of|for|per|to|if)|quot(?:e|ation)|difference between|compar(?:e|ison)|available in|support(?:ed|s)? in|editions?|roadmap|free tier|overview|which (?:plan|edition|product|service)|does (?:\w+ ){1,3}support|is (?:\w+ ){1,4}available|evaluat\w+|considering|SLA (?:of|for|figure)))"
_PURCHASE = r"(?:購入(?:した|内容|履歴|済|分|手続|でき|時|画面)|注文|契約(?:内容|期間|状況|を|して|中|更新)|自動更新|更新(?:手続|を止|の停止|期限|漏れ|したい|料|せず)|解約|返金|返品|キャンセル|利用(?:料金?|額|明細|量|状況)(?:が|の|は|を|に)|使用量|課金(?:され|が|の|は|対象|額|を)|料金が(?:高|増|発生|急|想定|普段|いつも|先月|倍|上が|二重|かか)|高額|想定(?:より|以上|外の料金)|先月(?:より|と比べ)|今月の(?:料金|請求|利用)|プラン変更|アップグレード(?:の|に伴う)?(?:差額|料金|費用)|サブスクリプション|従量課金|リザーブド|節約プラン|データ転送(?:量|料)|なぜ.{0,16}(?:料金|請求|課金)|(?:削除|解放|停止)したのに.{0,12}(?:課金|請求|料金)|\b(?:refund|renew(?:al|ed|s|ing)?|auto-?renew\w*|cancel(?:l?ed|lation)?|subscription|pay-as-you-go|charged?|charges|usage (?:fee|amount|charge|bill)|purchas\w+|order(?:ed|s)?\b|bill (?:is|was|has|for|jumped|doubled|higher)|higher than|unexpected(?:ly)? (?:charge|bill|high)|consumption|released but|still (?:being )?(?:billed|charged)|reserved instances?|savings? plans?))"
_PAYMENT = r"(?:請求(?:書|先|内容|額|明細|関連)(?:の|を|が|は|に|と)|領収書|インボイス|適格請求書|登録番号|支払(?:い|方法|期限|手続|済)|お支払|クレジットカード|カード(?:の|を|が|情報|番号|決済|登録|払|会社|変更)|銀行振込|振込|口座|引き落とし|決済(?:が|エラー|に失敗|できま|方法|手段)|未払|滞納|延滞|消費税|源泉|税(?:率|額|込|区分)|クーポン|バウチャー|締め日|宛名|宛先(?:の)?変更|再発行|入金|督促|\b(?:invoices?|receipts?|credit cards?|(?:my|our|the|new|company|corporate) card\b|payment|pay(?:ing)? (?:by|via|with)|paid|bank transfer|wire|overdue|tax|VAT|consumption tax|coupon|voucher|billing (?:address|contact|information|name|department)|direct debit|purchase order|PO number))"
_ACCOUNT = r"(?:アカウント(?:の)?(?:作成|登録|開設|解約|削除|閉鎖|停止|凍結|統合|移管|譲渡|名義|情報|復旧|ロック|認証|メール|連絡先|担当)|会員登録|サインアップ|新規登録|本人確認|実名認証|(?:コンソール|アカウント|管理画面|サイト|Alibaba\s?Cloud)(?:に|へ)(?:の)?(?:ログイン|サインイン)(?:が|も)?(?:でき|出来)|ログイン(?:用の?)?(?:パスワード|メール|ID)|パスワード(?:の|を)?(?:再設定|リセット|忘れ|変更)|(?:二段階|2段階|多要素|二要素|2要素)認証|MFA|認証コード|確認コード|SMS(?:が|の認証|認証)|電話番号(?:の|を)?(?:変更|登録)|メールアドレス(?:の|を)?(?:変更|登録)|(?:担当者|名義|会社名|社名|住所|連絡先)(?:の|を|が)?(?:変更|変わ|更新)|退会|権限移譲|代理店(?:の|を)?(?:変更|切替)|ログイン通知|不正ログイン|乗っ取|\b(?:sign(?:ed|ing)?[- ]?up|create an account|account (?:registration|verification|closure|suspended|locked|frozen|merge|owner\w*|information|contact|email|recovery|transfer)|(?:close|delete|merge|verify|unlock|reopen|transfer|register|recover) (?:my|our|the|an|two|both)?\s*(?:\w+ )?accounts?|(?:cannot|can't|unable to) (?:log|sign) ?in to (?:the |my |our |your )?(?:console|account|alibaba|website|portal|root|main)|reset (?:my|our|the)? ?(?:login )?(?:password|mfa|2fa)|forgot (?:my|the|our)? ?password|two-factor|2fa|mfa|identity verification|verification (?:code|sms|email)|real-name|change (?:of )?(?:the |our |my )?(?:registered |contact |login |account )?(?:email|phone|company name|address|contact)|contact (?:information|person|data)))"
_APP = r"(?:WordPress|ワードプレス|EC-?CUBE|プラグイン|テーマ(?:を|の|が)|Laravel|Ruby on Rails|Rails|Django|Flask|Spring(?: ?Boot)?|Node\.?js|Express|Tomcat|Apache(?! (?:Flink|Kafka|RocketMQ|Spark))|httpd|nginx|IIS|PHP|php-fpm|GitLab|Jenkins|Redmine|Zabbix|Postfix|Dovecot|Samba|Active Directory|Squid|OpenVPN|Magento|Drupal|Joomla|MovableType|Movable Type|Composer|npm|pip install|Maven|Gradle|Docker(?: ?Compose)?(?!.{0,6}(?:push|pull|レジストリ|registry))|docker-compose|自社(?:開発)?(?:アプリ|システム|製|プログラム|コード)|(?:弊社|当社|自分|独自|自前)(?:で|が)?(?:開発|作成|作っ|書い|構築|導入|インストール)(?:した|した|して(?:い|お)る)?|(?:Java|Python|Go|C#|Ruby)(?:の)?(?:アプリ|プログラム|スクリプト|コード|バッチ)|スタックトレース|NullPointerException|メモリリーク|OutOfMemory|java\.lang|SyntaxError|ソースコード|cron|ミドルウェア|アプリケーション(?:の|が|側|サーバー?|エラー|ログ)|\b(?:our (?:own )?(?:app(?:lication)?|code|software|program|script|service|backend|frontend|website|web ?shop|crm|erp)|third[- ]party|self-hosted|self-installed|installed by (?:us|ourselves)|theme|plug-?in|stack ?trace|memory leak|null ?pointer))"
_APP_ACT = r"(?:直し方|修正(?:方法|して)|デバッグ|原因.{0,12}(?:コード|プラグイン|設定)|設定ファイル(?:の)?(?:書き方|見直|レビュー)|(?:動かな|動きませ|起動し(?:な|ませ)|真っ白|エラーが出|落ちる|止まる|表示が崩れ)|\b(?:fix|debug|review|crash\w*|fatal|broken|does(?:n't| not) work|white screen|500|error|fail\w*|exception))"
_PLATFORM_OK = r"(?:サーバー?|インスタンス|ECS|ネットワーク|OS|SSH|ping|CPU|メモリ|リソース|基盤|クラウド側|コンソール)(?:自体|側|本体|上)?(?:は|には|に|も|へは|への).{0,20}(?:問題(?:な|は|あり)|正常|でき(?:ます|る|て)|稼働|起動して|余裕|動いて|異常(?:は)?(?:な|あり|見))|\b(?:the )?(?:server|instance|ecs|network|ssh|ping|cpu|memory|os|platform|vm)\b.{0,24}\b(?:is|are|works?|looks?|seems?|itself)\b.{0,16}\b(?:fine|ok|normal|healthy|up|running|no problem|reachable)"
_OS = r"(?:OS(?:の)?(?:パッチ|アップデート|アップグレード|更新|バージョンアップ)|パッチ(?:の)?(?:適用|を当て|を適用|配布)|セキュリティ(?:パッチ|更新)|Windows\s?Update|ウィンドウズアップデート|KB\d{6,7}|(?:yum|dnf)\s(?:update|upgrade|install|-y)|apt(?:-get)?\s(?:update|upgrade|dist-upgrade|install)|do-release-upgrade|カーネル(?:の)?(?:更新|アップデート|パッチ|脆弱性|を)|CVE-\d{4}-\d{4,7}|脆弱性(?:対応|対策|の修正|パッチ)|(?:CentOS|Ubuntu|RHEL|Windows Server|Debian|AlmaLinux|Rocky)\s*[\d.]*.{0,16}(?:EOL|サポート終了|アップグレード|移行|更新|upgrade|end of life)|パッケージ(?:の)?(?:更新|アップデート|アップグレード)|(?:OpenSSL|glibc|sudo|bash|kernel|openssh|curl|systemd)(?:の|を|\s)*(?:更新|アップデート|アップグレード|最新|脆弱性|upgrade|update|patch|vulnerab)|\b(?:os (?:patch\w*|updates?|upgrades?)|(?:security|kernel) (?:patch\w*|updates?)|patch(?:es|ing)? (?:the |our |all )?(?:os|kernel|servers?|instances?|guest)|apply(?:ing)? (?:the )?(?:\w+ )?(?:patch|updates?)|in-place upgrade|guest os))"
_TUNING = r"(?:スロー(?:クエリ|ログ|SQL)|slow (?:quer|sql|log)|クエリ(?:の)?(?:最適化|チューニング|改善|が遅|を速|を高速|実行計画|性能)|SQL(?:の)?(?:最適化|チューニング|改善|が遅|を速|を高速|レビュー|文の)|インデックス(?:の|を|が|は|設計|追加|張)|実行計画|EXPLAIN|チューニング|innodb_\w+|work_mem|shared_buffers|max_connections|query_cache|パラメータ(?:の)?(?:最適|チューニング|推奨値)|テーブル設計|正規化|パーティション(?:設計|分割)|フルスキャン|full (?:table )?scan|JOIN.{0,12}(?:遅|slow)|集計(?:が|クエリ|処理).{0,8}(?:遅|重|時間)|\b(?:tun(?:e|ing)|optimi[sz](?:e|ing|ation) (?:the |our |this |my )?(?:query|queries|sql|database|index)|index(?:es)? (?:for|on|should|to|design)|which index|execution plan|query (?:takes|is slow|performance|plan)|slow(?:er|est)? (?:query|queries|select|join)))"
_INCIDENT_DETAIL = r"(?:(?:障害|ダウン|停止|メンテナンス|不具合|事象|インシデント)(?:の|に(?:ついて|関する)の?)?(?:詳細な?|根本|発生|技術的な?|内部|真の)?(?:原因|経緯|理由|内容|詳細|報告)(?:を|の|が|は|と|に|、|や).{0,30}(?:教|説明|開示|報告|知り|ご教示|提出|提示|求め|いただ|詳し|公開|ください)|根本原因|RCA|障害報告書|報告書(?:を|の|は)?.{0,12}(?:提出|ほしい|欲しい|いただ|発行|送付|ください|お願い|作成|希望)|再発防止策|内部(?:構成|構造|で何)|何が(?:起き|あっ)た(?:の)?か|原因究明|\b(?:root cause (?:analysis|report|of the (?:outage|incident))|rca\b|post-?mortem|incident report|preventive measures?|what (?:exactly )?(?:happened|caused|went wrong) (?:inside|internally|on your side|to the|during|in your|the outage|last|that)|detail(?:s|ed)? (?:explanation|report|cause|analysis|of the (?:outage|incident|failure))|(?:cause|reason) (?:of|for|behind) (?:the |last |yesterday'?s? |this )?(?:\w+ )?(?:outage|incident|failure|disruption)|internal (?:cause|detail|architecture)))"
_PERFORMANCE = r"(?:性能(?:指標|値|保証|数値|情報|データ|目安|上限|を保証)|(?:保証|実測|最大|公称|平均|期待でき)(?:され|する|値|の|できる)?.{0,10}(?:TPS|QPS|IOPS|スループット|PPS|レイテンシ|同時接続|性能|帯域)|(?:TPS|QPS|IOPS|PPS|スループット|レイテンシ|応答時間|遅延(?:時間)?|処理性能)(?:の|は|を|が|について|と)?.{0,16}(?:保証|実測|数値|値|どのくらい|どれくらい|いくつ|何|教え|目安|開示|提示|最大|公開|出ます|出せ)|何(?:リクエスト|ユーザー|TPS|QPS|接続|件).{0,10}(?:まで|さばけ|処理)|ベンチマーク(?:結果|値|の数値|データ)|どれ(?:くらい|だけ|ほど)(?:の)?(?:負荷|アクセス|性能|速度|リクエスト|ユーザー)|\b(?:performance (?:figure|number|benchmark|data|guarantee|metrics?|value)s?|guaranteed? (?:\w+ )?(?:latency|throughput|iops|tps|qps|performance|bandwidth|minimum)|how many (?:tps|qps|requests|concurrent|connections|users|transactions|queries|iops)|max(?:imum)? (?:tps|qps|iops|throughput|pps|concurrent)|benchmark (?:result|figure|number|data)s?|measured (?:latency|throughput|iops|performance|figures)|(?:expected|average|typical|p99|real) (?:latency|throughput|iops)))"
_MAINTENANCE = r"(?:メンテナンス(?:の)?(?:実績|履歴|過去|頻度|回数|記録|一覧|予測|傾向)|過去(?:の|に(?:実施|行|あっ)[^。]{0,12}|[一二三四五1-9]年(?:間)?の?)[^。]{0,10}メンテナンス|メンテナンス.{0,24}(?:何回|どのくらいの頻度|過去|実績|履歴|予測|これまで)|障害(?:の)?(?:実績|履歴|件数|頻度|発生(?:率|件数|回数)|統計|一覧)|過去(?:の|[一二三四五1-9]年(?:間)?の?)[^。]{0,10}(?:障害|停止)(?:履歴|実績|件数|一覧|回数|の)?|稼働率(?:の)?実績|\b(?:past maintenance|maintenance (?:history|record|log|statistic|frequency|events? (?:in|over|of) the (?:past|last))s?|history of (?:\w+ )?(?:maintenance|outages?|incidents?)|how (?:often|many).{0,30}maintenance|(?:outage|incident) (?:history|statistics|record)s?|uptime (?:record|history|statistics)|predict .{0,20}maintenance|maintenance(?:s)? .{0,30}(?:past|last|previous) (?:year|\d+|few|two|three|twelve|six|month)))"
_UNRELATED = r"(?:ご提案|弊社(?:の)?(?:サービス|製品|商品|ソリューション)(?:を|の)?(?:ご紹介|ご案内|ご提案)|営業(?:の)?(?:ご連絡|担当|メール)|求人|採用(?:情報|支援|担当|のご)|人材(?:紹介|派遣)|セミナー(?:の)?(?:ご案内|開催|のお知らせ)|無料(?:トライアル|診断|相談|キャンペーン)|資料(?:請求|ダウンロード)はこちら|SEO(?:対策|のご)|配信(?:停止|解除)(?:は|を)|お得な|限定(?:オファー|価格)|アポイント|ご商談|お打ち?合わせのお時間|広告(?:掲載|運用)|助成金|補助金|コスト削減のご|\b(?:unsubscribe|our (?:product|service|platform|solution|team|company)s? (?:can|will|helps?|offers?|provides?)|we (?:offer|provide|specialise|specialize|are a leading)|(?:schedule|book|have) a (?:quick )?(?:call|demo|meeting)|recruit(?:er|ing|ment)|job (?:offer|opportunity|opening)|candidates?|resume|guest post|backlinks?|seo (?:service|ranking)|special offer|limited time|investment opportunity|lottery|crypto|partnership opportunity|open to a (?:quick |short )?(?:call|chat|meeting)|free (?:audit|proposal|consultation|quote for your)|(?:seo|marketing|lead generation|web design|staffing|outsourcing) (?:agency|firm|company|experts?)|rank(?:ing|ed)? (?:on|in) google|(?:your|the) (?:website|traffic|sales|revenue) .{0,30}(?:double|boost|grow|rank)))|(?<!Alibaba )\b(?:AWS|Azure|GCP|Google Cloud|さくらの?(?:クラウド|VPS)|さくらインターネット|ConoHa|Xserver|エックスサーバー|お名前\.com|Salesforce|kintone|Microsoft 365|Office 365|Google Workspace|Slack|Zoom)(?:の|で|に|が|を|\s)"
_THANKS = r"^(?:.{0,40}(?:ありがとうござい(?:ます|ました)|助かりました|感謝(?:いたし|申し上げ|して)|解決(?:し|いたし)ました|復旧(?:し|いたし)ました|(?:無事|問題なく).{0,24}(?:でき|出来|解決|復旧|完了|接続|ログイン|動|なり)|承知(?:いたし|し)ました|了解(?:いたし|し|です)|かしこまりました|クローズ(?:して|で|いただ|を)|お騒がせ|確認(?:いたし|し)(?:ます|て(?:後ほど|改めて))|(?:後ほど|改めて|追って|また).{0,12}(?:ご連絡|返信|ご報告|お送り))|.{0,60}\b(?:thank(?:s| you)|much appreciated|(?:it |this |that |everything |all )?(?:works?|working|resolved|solved|fixed|done|good) (?:now|fine|again|well)?|(?:please|you (?:can|may)) close|issue (?:is|has been|was) (?:now )?(?:resolved|solved|fixed)|got it|noted|will (?:reply|get back|check|send|let you know)|(?:谢谢|已解决|收到)))"

_WEIGHTS: Mapping[Category, tuple[tuple[str, float], ...]] = {
    _C.TROUBLESHOOTING: ((_TROUBLE, 1.1), (_TROUBLE_EN, 1.1)),
    _C.INCIDENT: ((_INCIDENT, 2.3),),
    _C.HOW_TO: ((_HOW_TO, 1.25),),
    _C.OVERVIEW_PRICING: ((_OVERVIEW, 1.5),),
    _C.PURCHASE_USAGE: ((_PURCHASE, 1.5),),
    _C.PAYMENT_BILLING: ((_PAYMENT, 1.7),),
    _C.ACCOUNT: ((_ACCOUNT, 1.9),),
    _C.OUT_APPLICATION: ((_APP, 1.25), (_APP_ACT, 0.35), (_PLATFORM_OK, 0.9)),
    _C.OUT_OS_PATCHING: ((_OS, 2.2),),
    _C.OUT_DB_TUNING: ((_TUNING, 2.1),),
    _C.OUT_UNRELATED: ((_UNRELATED, 2.2),),
    _C.UNDISCLOSED_INCIDENT: ((_INCIDENT_DETAIL, 2.7),),
    _C.UNDISCLOSED_PERFORMANCE: ((_PERFORMANCE, 2.6),),
    _C.UNDISCLOSED_MAINTENANCE: ((_MAINTENANCE, 2.9),),
}


_OWN_WEIGHT = 3.0  # of a pack's own words: whoever wrote them knows his trade


def category_scores(
    text: str, *, has_product: bool, subject: str = "", own: Words | None = None
) -> dict[Category, float]:
    """How strongly the words of one issue (folded) speak for each category; higher is more, 0 is nothing.

    Args:
        text: The words.
        has_product: A product is named.
        subject: The mail's subject.
        own: The pack's own words of its categories (`own_words_of`); they stand in the place of those here, which are
            those of a cloud's support. What is no support matter at all is known by the words here besides.
    """
    scores = dict.fromkeys(Category, 0.0)
    for category, cues in (own or _WEIGHTS).items():
        for regex, weight in cues:
            pattern = compiled(regex)
            count = min(len({match[0] for match in pattern.finditer(text)}), 4) if may_match(regex, text) else 0
            scores[category] += weight * (1.0 + 0.35 * (count - 1)) if count else 0.0
            if subject and may_match(regex, subject) and pattern.search(subject):
                scores[category] += 0.4 * weight
    if not has_product:
        scores[_C.OUT_UNRELATED] += 0.3 if scores[_C.OUT_UNRELATED] else 0.0
    else:
        scores[_C.OUT_UNRELATED] *= 0.45
    if not own:
        _settle_rivals(text, scores)
    return scores


@once_for_each
def own_words_of(pack: Pack) -> Words:
    """The pack's words of its categories (`category.<id>` of cues.toml), with their weights; empty where it has none."""
    found = {
        category: tuple((regex, _OWN_WEIGHT) for group in groups.values() for regex in group)
        for category in Category
        if (groups := pack.cues.phrases.get(f"{CUE}{category.value}"))
    }
    return {Category.OUT_UNRELATED: _WEIGHTS[Category.OUT_UNRELATED], **found} if found else {}


def _settle_rivals(text: str, scores: dict[Category, float]) -> None:
    """Where two fit, the one that decides what the sender must be told (annotation guide)."""
    is_broken = scores[_C.TROUBLESHOOTING] > 0
    if scores[_C.INCIDENT] >= 2.3 and is_broken:
        scores[_C.INCIDENT] += 0.8
    for category in (
        _C.OUT_OS_PATCHING,
        _C.OUT_DB_TUNING,
        _C.UNDISCLOSED_INCIDENT,
        _C.UNDISCLOSED_PERFORMANCE,
        _C.UNDISCLOSED_MAINTENANCE,
    ):
        if scores[category] >= 2.0:
            scores[category] += 0.9
    if compiled(
        r"(?:起動し(?:な|ませ)|立ち上が(?:ら|り)|ブートし|won't boot|not boot|fails? to boot|見方|閲覧|ダウンロード(?:方法|したい)|取得方法)"
    ).search(text):
        scores[_C.OUT_OS_PATCHING] *= 0.55
        scores[_C.OUT_DB_TUNING] *= 0.7
    if is_broken and scores[_C.HOW_TO]:
        scores[_C.HOW_TO] *= 0.7
    for category in (_C.PAYMENT_BILLING, _C.PURCHASE_USAGE, _C.ACCOUNT):
        if scores[category] >= 1.5 and is_broken:
            scores[category] += 0.5
    if (
        scores[_C.OVERVIEW_PRICING]
        and not is_broken
        and re.search(r"料金|価格|いくら|費用|見積|pric|cost|how much|quot", text, re.IGNORECASE)
    ):
        scores[_C.OVERVIEW_PRICING] += 0.6


def is_acknowledgement(text: str, *, has_question: bool) -> bool:
    """Only thanks, "resolved", "will reply later": it asks nothing. `text` is the mail without shells, folded."""
    flat = " ".join(text.split())
    if has_question or len(flat) > 240 or not compiled(_THANKS).search(flat):
        return False
    return not goes_on(flat)


_GOES_ON = r"(?:まだ|依然|いまだ|未だ|相変わらず|再び|再度|再発|(?:が|は)また|からまた|変わり(?:ません|ない)|直(?:ら|って(?:い|お))(?:ない|ません|りません)|直りません|解決(?:して(?:い|お)|し)(?:ない|ません|りません)|同じ(?:エラー|現象|結果|状態)|のまま(?:です|で|と)|なりません|別件|ところで|もう(?:一|1)点|追加で|[?？]|でしょうか|教えて(?:ください|下さい|いただけ|頂け|ほしい)|ご教示(?:ください|下さい|いただけ|願)|お願い(?:が|でき)|変わら(?:ない|ず|ん)|(?:でき|出来|つながり|繋がり|表示され|届き)ません|失敗し(?:ます|て)|タイムアウト(?:しま|しており|になり|が)|エラー(?:に|が(?:出|表示|返))(?!なく)|ませんでした(?:。|$)|添付(?:し(?:ます|ました)|いたし)|RequestId|以下の(?:とおり|通り)です|仍然|还是|依然|又出现|无法|不行|请问|另外)"
_GOES_ON_EN = r"\b(?:still|persists?|but|however|another|one more|could you|can you|please (?:tell|explain|check|look)|why|unfortunately|does(?:n't| not)|cannot|can't|not (?:solved|resolved|fixed|working)|keeps?|fails? (?:with|to|again)|times out)\b"


def goes_on(text: str) -> bool:
    """Signs that thanks are not the whole matter: something persists, comes back, is asked. `text` is folded."""
    return compiled(_GOES_ON).search(text) is not None or compiled(_GOES_ON_EN).search(text) is not None
