/*
 * names_list: what the record calls things, and what people call them.
 * X(GROUP, name, English, Japanese). Internal to words/.
 */
#ifndef HK_WORDS_NAMES_LIST_H
#define HK_WORDS_NAMES_LIST_H

/* clang-format off */
#define HK_NAMES_LIST(X)                                                                           \
    X(SEVERITY, "informational", "informational", "情報")                                          \
    X(SEVERITY, "low", "low", "低")                                                                \
    X(SEVERITY, "medium", "medium", "中")                                                          \
    X(SEVERITY, "high", "high", "高")                                                              \
    X(SEVERITY, "critical", "critical", "重大")                                                    \
    X(SEVERITY, "fatal", "fatal", "致命的")                                                        \
                                                                                                   \
    X(ALERT, "new", "new", "新規")                                                                 \
    X(ALERT, "merged", "merged", "統合済み")                                                       \
    X(ALERT, "routed", "being handled", "対応中")                                                  \
    X(ALERT, "closed", "closed", "クローズ")                                                       \
                                                                                                   \
    X(RUN, "running", "running", "実行中")                                                         \
    X(RUN, "waiting", "waiting", "待機中")                                                         \
    X(RUN, "unknown", "outcome unknown", "結果不明")                                               \
    X(RUN, "diverged", "diverged", "記録と不一致")                                                 \
    X(RUN, "finished", "finished", "完了")                                                         \
    X(RUN, "failed", "failed", "失敗")                                                             \
    X(RUN, "cancelled", "cancelled", "中止")                                                       \
                                                                                                   \
    X(STEP, "waiting", "waiting", "待機中")                                                        \
    X(STEP, "intended", "under way", "実行中")                                                     \
    X(STEP, "unknown", "outcome unknown", "結果不明")                                              \
    X(STEP, "settled", "done", "完了")                                                             \
                                                                                                   \
    X(APPROVAL, "pending", "waiting for a decision", "承認待ち")                                   \
    X(APPROVAL, "approved", "approved", "承認済み")                                                \
    X(APPROVAL, "rejected", "rejected", "却下")                                                    \
    X(APPROVAL, "expired", "expired", "期限切れ")                                                  \
    X(APPROVAL, "void", "void", "無効")                                                            \
                                                                                                   \
    X(CONTAINMENT, "starting", "starting", "開始処理中")                                           \
    X(CONTAINMENT, "active", "in force", "有効")                                                   \
    X(CONTAINMENT, "drifted", "drifted", "実状と不一致")                                           \
    X(CONTAINMENT, "unknown", "state unknown", "状態不明")                                         \
    X(CONTAINMENT, "releasing", "being released", "解除処理中")                                    \
    X(CONTAINMENT, "released", "released", "解除済み")                                             \
    X(CONTAINMENT, "failed", "failed", "失敗")                                                     \
                                                                                                   \
    X(CASE, "open", "open", "対応中")                                                              \
    X(CASE, "merged", "merged", "統合済み")                                                        \
    X(CASE, "closed", "closed", "クローズ")                                                        \
                                                                                                   \
    X(TASK, "open", "open", "未完了")                                                              \
    X(TASK, "done", "done", "完了")                                                                \
    X(TASK, "dropped", "dropped", "取り下げ")                                                      \
                                                                                                   \
    X(USER, "active", "active", "有効")                                                            \
    X(USER, "disabled", "disabled", "無効")                                                        \
                                                                                                   \
    X(GAP, "open", "now", "現在")                                                                  \
    X(GAP, "closed", "over", "解消済み")                                                           \
    X(GAP, "source_silent", "source fell silent", "受信途絶")                                      \
    X(GAP, "source_hindered", "source hindered", "受信に支障")                                     \
    X(GAP, "mapping_fails", "messages not understood", "変換の失敗")                               \
    X(GAP, "action_not_ready", "action not possible now", "対処の実行不可")                        \
    X(GAP, "contact_silent", "contact does not answer", "連絡先の応答なし")                        \
    X(GAP, "sink_fails", "copy of the record's checkpoints fails", "台帳チェックポイントの送出失敗") \
    X(GAP, "disk_short", "disk nearly full", "ディスク残量不足")                                   \
                                                                                                   \
    X(PHASE, "identify", "identify", "特定")                                                       \
    X(PHASE, "contain", "contain", "封じ込め")                                                     \
    X(PHASE, "eradicate", "eradicate", "根絶")                                                     \
    X(PHASE, "recover", "recover", "復旧")                                                         \
    X(PHASE, "learn", "learn", "振り返り")                                                         \
                                                                                                   \
    X(VERDICT, "true_positive", "true positive", "実際の脅威（真陽性）")                           \
    X(VERDICT, "false_positive", "false positive", "誤検知")                                       \
    X(VERDICT, "expected", "expected", "想定内の動作")                                             \
    X(VERDICT, "undetermined", "undetermined", "判定できず")                                       \
                                                                                                   \
    X(ROLE, "viewer", "viewer", "閲覧者")                                                          \
    X(ROLE, "analyst", "analyst", "アナリスト")                                                    \
    X(ROLE, "approver", "approver", "承認者")                                                      \
    X(ROLE, "responder", "responder", "対応責任者")                                                \
    X(ROLE, "author", "playbook author", "プレイブック作成者")                                     \
    X(ROLE, "auditor", "auditor", "監査担当者")                                                    \
    X(ROLE, "tenant-admin", "tenant admin", "テナント管理者")                                      \
    X(ROLE, "provider-admin", "provider admin", "プロバイダー管理者")                              \
                                                                                                   \
    X(CATEGORY, "authentication", "authentication", "認証")                                        \
    X(CATEGORY, "malware", "malware", "マルウェア")                                                \
    X(CATEGORY, "phishing", "phishing", "フィッシング")                                            \
    X(CATEGORY, "network", "network", "ネットワーク")                                              \
    X(CATEGORY, "web", "web", "Web")                                                               \
    X(CATEGORY, "data", "data", "データ")                                                          \
    X(CATEGORY, "cloud", "cloud", "クラウド")                                                      \
    X(CATEGORY, "identity", "identity", "アカウント")                                              \
    X(CATEGORY, "endpoint", "endpoint", "エンドポイント")                                          \
                                                                                                   \
    X(ACTION_KIND, "enrich", "look up", "情報照会")                                                \
    X(ACTION_KIND, "notify", "notify", "通知")                                                     \
    X(ACTION_KIND, "contain", "contain", "封じ込め")                                               \
    X(ACTION_KIND, "eradicate", "eradicate", "根絶")                                               \
    X(ACTION_KIND, "restore", "restore", "復旧")                                                   \
    X(ACTION_KIND, "change", "change", "変更")                                                     \
                                                                                                   \
    X(TARGET, "address", "address", "IPアドレス")                                                  \
    X(TARGET, "host", "host", "ホスト")                                                            \
    X(TARGET, "user", "user", "ユーザー")                                                          \
    X(TARGET, "domain", "domain", "ドメイン")                                                      \
    X(TARGET, "hash", "file hash", "ファイルのハッシュ値")                                         \
    X(TARGET, "url", "URL", "URL")                                                                 \
    X(TARGET, "mail", "mail address", "メールアドレス")                                            \
                                                                                                   \
    X(HOW, "plugin", "the plugin's answer", "プラグインの応答")                                    \
    X(HOW, "probe", "looked up afterwards", "事後の確認")                                          \
    X(HOW, "timer", "time passed", "時間の経過")                                                   \
    X(HOW, "answer", "a person's answer", "担当者の回答")                                          \
    X(HOW, "engine", "Hikeshi itself", "Hikeshiの処理")                                            \
    X(HOW, "denied", "denied by authority", "権限設定により不許可")                                \
    X(HOW, "recommended", "recommended only", "推奨のみ")                                          \
    X(HOW, "shadow", "tried only, nothing was done", "試行のみ（実行なし）")                       \
    X(HOW, "rejected", "rejected", "却下")                                                         \
    X(HOW, "expired", "nobody answered in time", "期限内に回答なし")                               \
    X(HOW, "not_sent", "never sent", "未送信")                                                     \
    X(HOW, "invalid", "not a valid request", "要求の誤り")                                         \
    X(HOW, "happened", "a person found that it happened", "実施を担当者が確認")                    \
    X(HOW, "did_not", "a person found that it did not happen", "未実施を担当者が確認")             \
                                                                                                   \
    X(OUTCOME, "deny", "not allowed", "不許可")                                                    \
    X(OUTCOME, "watch", "watch only", "監視のみ")                                                  \
    X(OUTCOME, "recommend", "recommend", "推奨のみ")                                               \
    X(OUTCOME, "ask", "ask a person", "承認のうえ実施")                                            \
    X(OUTCOME, "do_then_tell", "do, then tell", "実施後に報告")                                    \
    X(OUTCOME, "do", "do", "実施可")                                                               \
                                                                                                   \
    X(MODE, "watch", "watch", "監視のみ")                                                          \
    X(MODE, "recommend", "recommend", "推奨まで")                                                  \
    X(MODE, "ask", "ask", "承認のうえ実施")                                                        \
    X(MODE, "act", "act", "自動で実施")                                                            \
                                                                                                   \
    X(TASK_OUTCOME, "happened", "done", "実施済み")                                                \
    X(TASK_OUTCOME, "did_not", "not done", "未実施")                                               \
    X(TASK_OUTCOME, "not_needed", "not needed", "不要")                                            \
                                                                                                   \
    X(ENTITY, "host", "host", "端末")                                                              \
    X(ENTITY, "ip", "address", "IPアドレス")                                                       \
    X(ENTITY, "user", "user", "ユーザー")                                                          \
    X(ENTITY, "mail", "mail address", "メールアドレス")                                            \
    X(ENTITY, "file", "file", "ファイル")                                                          \
    X(ENTITY, "domain", "domain", "ドメイン")                                                      \
    X(ENTITY, "url", "URL", "URL")                                                                 \
                                                                                                   \
    X(KIND, "ledger.opened", "ledger opened", "台帳の開始")                                        \
    X(KIND, "ledger.heartbeat", "engine and record alive", "稼働の記録")                           \
    X(KIND, "ledger.moved_out", "moved out to another folder", "他フォルダーへの移転")             \
    X(KIND, "ledger.moved_in", "moved in from another folder", "他フォルダーからの移転")           \
    X(KIND, "key.rotated", "signing key replaced", "署名鍵の更新")                                 \
    X(KIND, "key.revoked", "signing key revoked", "署名鍵の失効")                                  \
    X(KIND, "engine.started", "engine started", "エンジンの起動")                                  \
    X(KIND, "engine.stopped", "engine stopped", "エンジンの停止")                                  \
    X(KIND, "config.applied", "configuration in force", "設定の適用")                              \
    X(KIND, "playbook.added", "playbook added", "プレイブックの追加")                              \
    X(KIND, "playbook.enforced", "playbook put into force", "プレイブックの適用") \
    X(KIND, "playbook.withdrawn", "playbook withdrawn", "プレイブックの取り下げ") \
    X(KIND, "playbook.tried", "playbook put on trial", "プレイブックの試行の開始") \
    X(KIND, "playbook.trial_ended", "trial of a playbook ended", "プレイブックの試行の終了") \
    X(KIND, "plugin.loaded", "plugin loaded", "プラグインの読み込み")                              \
    X(KIND, "user.added", "person added", "利用者の追加")                                          \
    X(KIND, "user.disabled", "person disabled", "利用者の無効化")                                  \
    X(KIND, "user.link_made", "link for a password made", "パスワード設定リンクの発行")            \
    X(KIND, "user.password_set", "password set", "パスワードの設定")                               \
    X(KIND, "user.totp_set", "device for codes set up", "認証アプリの設定")                        \
    X(KIND, "user.totp_removed", "device for codes removed", "認証アプリの解除")                   \
    X(KIND, "user.locked", "made to wait after failed logins", "ログイン失敗による一時制限")       \
    X(KIND, "user.unlocked", "wait after failed logins lifted", "ログイン制限の解除")              \
    X(KIND, "session.opened", "logged in", "ログイン")                                             \
    X(KIND, "session.proven", "code of the device given", "確認コードの入力")                      \
    X(KIND, "session.closed", "logged out", "ログアウト")                                          \
    X(KIND, "token.created", "token made", "トークンの発行")                                       \
    X(KIND, "token.revoked", "token revoked", "トークンの失効")                                    \
    X(KIND, "alert.received", "alert received", "アラートの受信")                                  \
    X(KIND, "alert.merged", "alert merged", "アラートの統合")                                      \
    X(KIND, "alert.routed", "alert given to playbooks", "プレイブックへの引き渡し")                \
    X(KIND, "alert.seen", "alert first looked at", "アラートの初回確認")                           \
    X(KIND, "alert.closed", "alert closed", "アラートのクローズ")                                  \
    X(KIND, "run.started", "run started", "実行の開始")                                            \
    X(KIND, "run.diverged", "run diverged from its record", "実行と記録の不一致")                  \
    X(KIND, "run.finished", "run finished", "実行の完了")                                          \
    X(KIND, "run.failed", "run failed", "実行の失敗")                                              \
    X(KIND, "run.signalled", "signal to a run", "実行への合図")                                  \
    X(KIND, "run.cancelled", "run cancelled", "実行の中止")                                        \
    X(KIND, "step.waiting", "step waits", "ステップの待機")                                        \
    X(KIND, "step.intended", "step intended", "ステップの実施決定")                                \
    X(KIND, "step.repeated", "step tried again", "ステップの再試行")                               \
    X(KIND, "step.unknown", "outcome of a step unknown", "ステップの結果不明")                     \
    X(KIND, "step.settled", "step settled", "ステップの完了")                                      \
    X(KIND, "step.resolved", "step resolved by a person", "担当者による結果の確定")                \
    X(KIND, "gate.opened", "approval asked for", "承認の依頼")                                     \
    X(KIND, "gate.seen", "approval first looked at", "承認依頼の初回確認")                         \
    X(KIND, "gate.voted", "vote given", "意思表示")                                                \
    X(KIND, "gate.decided", "decided", "決定")                                                     \
    X(KIND, "gate.expired", "nobody answered in time", "回答期限切れ")                             \
    X(KIND, "gate.voided", "approval void", "承認依頼の無効化")                                    \
    X(KIND, "gate.narrowed", "narrowed", "対象の絞り込み")                                         \
    X(KIND, "gate.delegated", "delegated", "委任")                                                 \
    X(KIND, "gate.noted", "question or note", "質問・メモ")                                        \
    X(KIND, "gap.opened", "gap found", "カバー範囲外の発生")                                       \
    X(KIND, "gap.closed", "gap closed", "カバー範囲外の解消")                                      \
    X(KIND, "tenant.entered", "entered from another tenant", "他テナントからの参照・操作")         \
    X(KIND, "tenant.checkpointed", "checkpoint of a tenant", "テナントのチェックポイント")         \
    X(KIND, "payload.erased", "erased", "消去")                                                    \
    X(KIND, "ledger.restored", "restored from a backup", "バックアップからの復元")                 \
    X(KIND, "containment.starting", "containment starting", "封じ込めの開始処理")                  \
    X(KIND, "containment.active", "containment in force", "封じ込めの有効化")                      \
    X(KIND, "containment.failed", "containment failed", "封じ込めの失敗")                          \
    X(KIND, "containment.unknown", "containment's state unknown", "封じ込めの状態不明")            \
    X(KIND, "containment.verified", "containment verified", "封じ込めの有効性を確認")              \
    X(KIND, "containment.drifted", "containment no longer holds", "封じ込めの実状不一致")          \
    X(KIND, "containment.renewing", "renewal begun", "延長の開始")                                 \
    X(KIND, "containment.renewed", "containment renewed", "封じ込めの延長")                        \
    X(KIND, "containment.releasing", "release begun", "解除の開始")                                \
    X(KIND, "containment.held", "release failed, still in force", "解除失敗（継続中）")            \
    X(KIND, "containment.released", "containment released", "封じ込めの解除")                                                                \
    X(KIND, "case.opened", "case opened", "ケースの開始")                                          \
    X(KIND, "case.joined", "alert joined a case", "アラートをケースに追加")                        \
    X(KIND, "case.split", "alert moved out of a case", "アラートをケースから分離")                 \
    X(KIND, "case.seen", "case first looked at", "ケースの初回確認")                               \
    X(KIND, "case.phase", "phase changed", "段階の変更")                                           \
    X(KIND, "case.assigned", "case assigned", "ケースの担当者の変更")                              \
    X(KIND, "case.noted", "note", "メモ")                                                          \
    X(KIND, "case.described", "description changed", "状況の記載")                                 \
    X(KIND, "case.evidence", "evidence added", "証拠の追加")                                       \
    X(KIND, "case.proposed", "verdict proposed", "判定の提案")                                     \
    X(KIND, "case.releasing", "release of everything begun", "一括解除の開始")                     \
    X(KIND, "case.closed", "case closed", "ケースのクローズ")                                      \
    X(KIND, "case.reopened", "case opened again", "ケースの再開")                                  \
    X(KIND, "case.merged", "case merged", "ケースの統合")                                          \
    X(KIND, "case.unmerged", "merge of a case taken back", "ケースの統合の取り消し")               \
    X(KIND, "task.opened", "task opened", "タスクの作成")                                          \
    X(KIND, "task.assigned", "task assigned", "タスクの担当者の変更")                              \
    X(KIND, "task.done", "task done", "タスクの完了")                                              \
    X(KIND, "notice.queued", "notice queued", "通知の準備")                                        \
    X(KIND, "notice.nobody", "nobody to be told", "通知先なし")                                    \
    X(KIND, "notice.gathered", "notice gathered with others", "通知の集約")                        \
    X(KIND, "notice.sent", "notice sent", "通知の送信")                                            \
    X(KIND, "notice.failed", "notice failed", "通知の失敗")                                        \
    X(KIND, "notice.dropped", "notice dropped", "通知の取りやめ")
/* clang-format on */

#endif
